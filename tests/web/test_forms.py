"""Making and changing resources: forms, YAML beside them, what saving does, conflicts, and the bench of filters."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import PHONE, Visits
from tests.web.world import World

CHECKS = "/api/core/v2/namespaces/default/checks"


def check(name: str, **spec: object) -> dict[str, Any]:
    fields = {"command": "true", "interval": 60, "publish": True, "subscriptions": ["web"], "handlers": [], **spec}
    return resource("CheckConfig", name, fields)


def resource(kind: str, name: str, spec: dict[str, object]) -> dict[str, Any]:
    return {
        "type": kind,
        "api_version": "core/v2",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


def form_at(visits: Visits, path: str, **options: Any) -> Page:
    page = visits.opened(path, **options)
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()
    return page


def yaml_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="YAML")


def summary(page: Page) -> Locator:
    return page.locator(".saving")


def test_a_check_is_made_with_the_form_and_its_first_result_opens(visits: Visits, world: World) -> None:
    """No YAML is needed; the summary names agents and runs, and the agent's first result opens by itself."""
    world.start_agent("maker", "made")
    page = form_at(visits, "/n/default/checks/new")
    page.get_by_label("Name", exact=True).fill("made")
    page.get_by_label("Command").fill("echo made")
    page.get_by_label("Subscriptions", exact=True).fill("made")
    page.get_by_label("Subscriptions", exact=True).press("Enter")
    page.get_by_label("Interval", exact=True).fill("1")
    page.get_by_label("Unit of Interval").select_option("s")
    page.get_by_label("Interval", exact=True).fill("2")
    expect(summary(page)).to_contain_text("Saving creates the check made.")
    expect(summary(page)).to_contain_text("Runs every 2 s on 1 agent: 30 runs a minute.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("The check made is saved.")
    expect(page).to_have_url(re.compile("/n/default/events/maker/made$"), timeout=20_000)
    world.kill_agent("maker")


def test_the_same_check_as_yaml_gives_the_same_form(visits: Visits, world: World) -> None:
    """What is pasted fills the form; a key that checks do not have is named with its line."""
    page = form_at(visits, "/n/default/checks/new")
    expect(yaml_of(page)).to_have_value(re.compile("type: CheckConfig"))
    yaml_of(page).fill(
        "type: CheckConfig\napi_version: core/v2\nmetadata:\n  name: pasted\nspec:\n  command: echo hi\n"
        "  interval: 30\n  subscriptions: [web]\n  timout: 5\n"
    )
    expect(page.get_by_label("Command")).to_have_value("echo hi")
    expect(page.get_by_label("Interval", exact=True)).to_have_value("30")
    expect(page.get_by_role("list", name="Subscriptions")).to_contain_text("web")
    problem = page.get_by_role("listitem").filter(has=page.get_by_role("button", name="Line 9"))
    expect(problem).to_contain_text('unknown field "timout"; did you mean "timeout"?')
    yaml_of(page).fill("type: CheckConfig\nspec:\n  interval: [\n")
    expect(page.get_by_role("button", name=re.compile("Line [34]"))).to_be_visible()
    expect(page.get_by_label("Command")).to_have_value("echo hi")


def test_yaml_is_indented_while_it_is_written(visits: Visits) -> None:
    """Enter keeps the indentation, Ctrl ] and Ctrl [ move lines, Undo takes each back, and Tab leaves the text."""
    page = form_at(visits, "/n/default/checks/new")
    text = yaml_of(page)
    text.fill("spec:")
    text.press("End")
    text.press("Enter")
    text.press_sequentially("command: true")
    text.press("Enter")
    text.press_sequentially("interval: 5")
    expect(text).to_have_value("spec:\n  command: true\n  interval: 5")
    text.press("Control+]")
    expect(text).to_have_value("spec:\n  command: true\n    interval: 5")
    text.press("Control+[")
    text.press("Control+[")
    expect(text).to_have_value("spec:\n  command: true\ninterval: 5")
    text.press("Control+z")
    expect(text).to_have_value("spec:\n  command: true\n  interval: 5")
    text.press("Tab")
    expect(text).not_to_be_focused()


def test_a_cron_line_is_explained_while_it_is_written(visits: Visits, world: World) -> None:
    """A wrong line is told at the field; a right one in words, with its next runs in the zone of choice."""
    page = form_at(visits, "/n/default/checks/new")
    page.get_by_label("Interval", exact=True).fill("0")
    cron = page.get_by_label("Cron schedule")
    cron.fill("99 * * * *")
    expect(page.locator(".field").filter(has=cron).get_by_text("Check cron string is invalid")).to_be_visible()
    cron.fill("30 2 * * *")
    expect(page.get_by_text("Every day at 02:30. Next:")).to_be_visible()
    times = page.locator(".next time")
    expect(times).to_have_count(5)
    page.get_by_label("Shown in").select_option("UTC")
    expect(times.first).to_contain_text("02:30")
    page.get_by_label("Shown in").select_option("Asia/Tokyo")
    expect(times.first).to_contain_text("11:30")


def test_what_saving_changes_is_shown_and_nothing_else_is_changed(visits: Visits, world: World) -> None:
    """The summary lists the fields with both values; fields that the form leaves alone stay as they were."""
    world.create(check("edited", subdue=None, env_vars=["A=B"], ttl=90, check_hooks=[{"critical": ["ps"]}]))
    before = world.api("GET", f"{CHECKS}/edited").body
    page = form_at(visits, "/n/default/checks/edited/edit")
    expect(summary(page)).to_contain_text("Nothing has changed.")
    page.get_by_label("Timeout", exact=True).fill("5")
    row = summary(page).get_by_role("row").filter(has=page.get_by_role("rowheader", name="timeout"))
    expect(row).to_contain_text("0")
    expect(row).to_contain_text("5")
    expect(yaml_of(page)).to_have_value(re.compile("timeout: 5"))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("The check edited is saved.")
    assert world.api("GET", f"{CHECKS}/edited").body == {**before, "timeout": 5}


def test_problems_stand_at_their_fields_once_somebody_tries_to_save(visits: Visits, world: World) -> None:
    """An untouched form complains about nothing; Save names all problems, at the fields too."""
    page = form_at(visits, "/n/default/handlers/new", size=PHONE)
    expect(page.get_by_text("Handler name must not be empty.")).to_have_count(0)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(summary(page)).to_contain_text("2 problems before it can be saved:")
    expect(page.locator(".field").get_by_text("Missing command.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("mail")
    page.get_by_label("Command").fill("mail ops")
    expect(summary(page)).to_contain_text("Saving creates the handler mail.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("The handler mail is saved.")
    assert world.api("GET", "/api/core/v2/namespaces/default/handlers/mail").body["command"] == "mail ops"


def test_two_people_edit_one_check_and_lose_nothing(visits: Visits, world: World) -> None:
    """The second one sees who saved what meanwhile, and can put the own changes on top of it."""
    visits.expected_errors.append("status of 412")
    world.create(check("shared", timeout=10))
    page = form_at(visits, "/n/default/checks/shared/edit")
    page.get_by_label("Command").fill("mine")
    world.create(check("shared", timeout=20))
    expect(summary(page)).to_contain_text("Saving changes")
    page.get_by_role("button", name="Save", exact=True).click()
    conflict = page.get_by_role("alert", name="Conflict")
    expect(conflict).to_contain_text("admin changed this check in the meantime.")
    expect(conflict.get_by_role("row").filter(has_text="timeout")).to_contain_text("20")
    assert world.api("GET", f"{CHECKS}/shared").body["command"] == "true"
    conflict.get_by_role("button", name="Apply my changes to it").click()
    expect(page.get_by_label("Timeout", exact=True)).to_have_value("20")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("The check shared is saved.")
    found = world.api("GET", f"{CHECKS}/shared").body
    assert (found["command"], found["timeout"]) == ("mine", 20)


def test_a_half_written_form_survives_a_reload_and_signing_in_again(visits: Visits, world: World) -> None:
    """The draft is kept in the tab until it is saved or thrown away."""
    visits.expected_errors.append("status of 401")
    page = form_at(visits, "/n/default/checks/new")
    page.get_by_label("Name", exact=True).fill("half")
    page.get_by_label("Command").fill("echo half")
    page.reload()
    expect(page.get_by_text("Your unsaved changes from before are here.")).to_be_visible()
    expect(page.get_by_label("Command")).to_have_value("echo half")
    page.get_by_label("Command").fill("echo half of it")
    page.context.clear_cookies()
    # The next request opens the dialog. If another one did before, these words go to the dialog, which has the focus.
    page.get_by_label("Command").fill("echo half of it")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(USER)
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_label("Command")).to_have_value("echo half of it")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("The check half is saved.")
    page.goto("/n/default/checks/new")
    expect(page.get_by_label("Command")).to_have_value("")


def test_the_bench_follows_the_filter_while_it_is_written(visits: Visits, world: World) -> None:
    """Passing events are counted while typing, compared with the stored filter; an endless loop stops alone."""
    for number in range(3):
        world.report(f"bench{number}", "benched", number)
    world.create(resource("EventFilter", "bench", {"action": "allow", "expressions": ["event.check.status == 2"]}))
    page = form_at(visits, "/n/default/filters/bench/edit")
    bench = page.get_by_role("region", name="Events that it would see")
    expect(bench).to_contain_text(re.compile(r"\d+ of \d+ events\s+pass"))
    expression = page.get_by_role("textbox", name="Expressions, line 1")
    expression.fill("event.check.name == 'benched' && event.check.status >= 1")
    expect(bench).to_contain_text("2 of")
    differing = bench.locator("summary").filter(has_text="bench1 / benched")
    expect(differing).to_contain_text("stored: kept back, now: passes")
    expression.fill("(function(){ while (true) {} })()")
    expect(bench).to_contain_text("Stopped after 0.1 s")
    expect(page.get_by_label("Action")).to_be_enabled()
    expression.fill("event.")
    expect(page.get_by_text(re.compile("Syntax error in expression 0")).first).to_be_visible()


FORMS: dict[str, tuple[str, dict[str, object]]] = {
    "handlers": ("Handler", {"type": "pipe", "command": "true"}),
    "mutators": ("Mutator", {"type": "pipe", "command": "cat"}),
    "hooks": ("HookConfig", {"command": "ps", "timeout": 10}),
    "assets": ("Asset", {"url": "https://example.com/a.tar.gz", "sha512": "ab" * 64}),
    "pipelines": (
        "Pipeline",
        {
            "workflows": [
                {"name": "w", "handler": {"name": "page", "type": "Handler", "api_version": "core/v2"}},
            ]
        },
    ),
    "entities": ("Entity", {"entity_class": "proxy", "subscriptions": ["entity:kept"]}),
}


@pytest.mark.parametrize("segment", FORMS)
def test_each_kind_can_be_edited_and_copied(visits: Visits, world: World, segment: str) -> None:
    """A label is added by form; the rest stays. A copy has everything but the name."""
    kind, spec = FORMS[segment]
    world.create(resource(kind, "kept", spec))
    path = f"/api/core/v2/namespaces/default/{segment}"
    before = world.api("GET", f"{path}/kept").body
    page = form_at(visits, f"/n/default/{segment}/kept/edit")
    labels = page.get_by_role("group", name="Labels")
    page.get_by_text(re.compile("more fields?")).last.click()
    labels.get_by_label("Name of a new entry in labels").fill("team")
    labels.get_by_label("Value of a new entry in labels").fill("ops")
    labels.get_by_role("button", name="Add to labels").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("kept is saved.")
    after = world.api("GET", f"{path}/kept").body
    assert after["metadata"].pop("labels") == {"team": "ops"}
    before["metadata"].pop("labels", None)
    assert after == before
    page.goto(f"/n/default/{segment}/new?copy=kept")
    page.get_by_label("Name", exact=True).first.fill("copied")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("copied is saved.")
    assert world.exists(f"{path}/copied")


def test_hostile_text_stays_text_in_a_form(visits: Visits, world: World) -> None:
    """Payloads in fields, labels and YAML are shown as text, and saved as they are."""
    payload = "<img src=x onerror=alert(1)>{{ 7*7 }}\u202e__proto__"
    hostile = check("hostile", command=payload, env_vars=[f"A={payload}"])
    hostile["metadata"] |= {"labels": {"__proto__": payload}, "annotations": {payload: payload}}
    world.create(hostile)
    page = form_at(visits, "/n/default/checks/hostile/edit")
    expect(page.get_by_label("Command")).to_have_value(payload)
    page.get_by_text(re.compile("2 more fields, 2 set")).click()
    expect(page.get_by_label("Value of __proto__")).to_have_value(payload)
    page.get_by_label("Timeout", exact=True).fill("7")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("hostile is saved.")
    found = world.api("GET", f"{CHECKS}/hostile").body
    assert (found["command"], found["metadata"]["labels"]) == (payload, {"__proto__": payload})
