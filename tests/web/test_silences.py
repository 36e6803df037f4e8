"""Silences: the list and the calendar, the form with its preview, and one silence, which is extended and ended."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.browser import PHONE, Visits
from tests.web.fleet import LONG_NAME, fill
from tests.web.world import World

SILENCES = "/n/default/silences"
API = "/api/core/v2/namespaces/default/silenced"
HOSTILE = "</title><img src=x onerror=alert(1)> {{ x }} \u202e\u0627\u0644\u0642\u0631\u0635 \U0001f4a3 __proto__"


@pytest.fixture(scope="module", autouse=True)
def filled(world: World) -> None:
    """The company's events, one of which is silenced."""
    fill(world)


def silence(world: World, subscription: str, name: str = "", **fields: Any) -> None:
    sent = {"metadata": {"namespace": "default"}, "subscription": subscription, "check": name, **fields}
    world.api("POST", API, sent)


def stored(world: World, name: str) -> Any:
    answer = world.api("GET", f"{API}/{name}", may_be=[404])
    return answer.body if answer.status == 200 else None


def end_all(world: World) -> None:
    for one in world.api("GET", API).body:
        world.remove(f"{API}/{one['metadata']['name']}")


def row(page: Page, scope: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=scope, exact=True))


def messages(page: Page) -> Locator:
    return page.get_by_role("status", name="Messages")


def test_the_list_says_what_is_silenced_until_when_and_why(visits: Visits, world: World) -> None:
    """Rows have the scope in words, what is hidden now, who, why and the end; they follow changes without a reload."""
    page = visits.opened(SILENCES)
    expect(row(page, "db2/replication")).to_contain_text("1 event, 1 failing")
    expect(row(page, "db2/replication")).to_contain_text("move to the new rack")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    silence(world, "linux", "disk", expire_on_resolve=True)
    silence(world, "entity:web1", "", begin=int(time.time()) + 3600)
    expect(row(page, "disk of subscription linux")).to_contain_text("when resolved", timeout=5000)
    expect(row(page, "every check of web1")).to_contain_text("not yet", timeout=5000)
    expect(row(page, "every check of web1")).to_contain_text("never")
    page.get_by_role("button", name=re.compile("planned")).click()
    expect(row(page, "every check of web1")).to_be_visible()
    expect(row(page, "db2/replication")).to_have_count(0)
    page.get_by_role("button", name="Order").click()
    page.get_by_role("menuitem", name="next to end").click()
    expect(page).to_have_url(re.compile("order=end"))


def test_a_silence_that_silences_nothing_is_marked(visits: Visits, world: World) -> None:
    """A count of silences without an event is a filter."""
    silence(world, "entity:nowhere", "http")
    page = visits.opened(SILENCES)
    page.get_by_role("button", name=re.compile("silencing nothing")).click()
    expect(row(page, "nowhere/http")).to_contain_text("nothing")
    expect(row(page, "db2/replication")).to_have_count(0)


def test_ending_a_silence_of_failing_events_asks_first(visits: Visits, world: World) -> None:
    """It says how many events are handled again; Undo lets the silence hold again as it was."""
    world.report("fails1", "http", 2, "refused")
    silence(world, "entity:fails1", "http", reason="new disks", expire=3600)
    before = stored(world, "entity:fails1:http")
    visits.expected_errors.append("404")
    page = visits.opened(f"{SILENCES}/entity:fails1:http")
    expect(page.get_by_role("heading", level=1, name="fails1/http")).to_be_visible()
    expect(page.get_by_text("Silences 1 event now: 1 critical.")).to_be_visible()
    page.get_by_role("button", name="End", exact=False).last.click()
    dialog = page.get_by_role("dialog", name="End this silence?")
    expect(dialog).to_contain_text("1 event is failing and will be handled again.")
    dialog.get_by_role("button", name="End").click()
    expect(messages(page)).to_contain_text("The silence of fails1/http has ended.")
    assert stored(world, "entity:fails1:http") is None
    messages(page).get_by_role("button", name="Undo").click()
    expect(messages(page)).to_contain_text("holds again")
    after = stored(world, "entity:fails1:http")
    assert (after["reason"], after["expire_at"]) == ("new disks", before["expire_at"])


def test_silences_are_ended_together(visits: Visits, world: World) -> None:
    """Of several selected silences the question names each, and all of them end."""
    silence(world, "entity:group1", "")
    silence(world, "entity:group2", "")
    page = visits.opened(f"{SILENCES}?q=group")
    expect(row(page, "every check of group2")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("u")
    dialog = page.get_by_role("dialog", name="End 2 silences?")
    expect(dialog).to_contain_text("every check of group1 and every check of group2")
    dialog.get_by_role("button", name="End").click()
    expect(page.get_by_role("heading", name="No silence matches.")).to_be_visible()
    assert stored(world, "entity:group1:*") is None


def test_the_end_of_a_silence_is_dragged_in_the_calendar(visits: Visits, world: World) -> None:
    """Dragging the right edge extends it under the same name, while it goes on holding; the menu does the same."""
    end_all(world)
    world.report("drag1", "http", 2, "refused")
    silence(world, "entity:drag1", "http", expire=3600, reason="kernel update")
    silence(world, "entity:drag2", "http", expire_on_resolve=True)
    first = stored(world, "entity:drag1:http")
    page = visits.opened(f"{SILENCES}?view=calendar")
    lane = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="drag1/http"))
    expect(lane).to_contain_text("1 event, 1 failing")
    forever = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="drag2/http"))
    expect(forever.get_by_role("img", name=re.compile("when resolved"))).to_be_visible()
    bar = lane.get_by_role("img", name=re.compile("^From"))
    box, edge = bar.bounding_box(), lane.locator(".edge").bounding_box()
    assert box is not None and edge is not None
    page.mouse.move(edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] / 2)
    page.mouse.down()
    page.mouse.move(edge["x"] + 120, edge["y"] + 4, steps=5)
    assert stored(world, "entity:drag1:http")["expire_at"] == first["expire_at"]
    page.mouse.up()
    expect(messages(page)).to_contain_text("The silence of drag1/http ends in")
    dragged = stored(world, "entity:drag1:http")
    assert dragged["expire_at"] > first["expire_at"] + 1800
    assert (dragged["begin"], dragged["reason"]) == (first["begin"], "kernel update")
    lane.get_by_role("button", name="Extend the silence of drag1/http").click()
    page.get_by_role("menuitem", name="Extend by 1 h").click()
    expect(bar).to_have_attribute("aria-label", re.compile("ends in"))
    expect(messages(page).get_by_role("button", name="Undo")).to_have_count(2)
    assert stored(world, "entity:drag1:http")["expire_at"] == dragged["expire_at"] + 3600
    actions = [entry["action"] for entry in world.api("GET", "/api/sensu/v1/audit?limit=20").body]
    assert "delete" not in actions[: actions.index("create")]


def test_the_form_counts_what_it_would_silence(visits: Visits, world: World) -> None:
    """A link fills in the form; the preview counts while typing, and exactly those events are silenced afterwards."""
    for check, status in (("disk", 2), ("load", 0), ("http", 1)):
        world.report("form1", check, status)
    page = visits.opened(f"{SILENCES}/new?entity=form1&check=disk&expire=14400")
    preview = page.get_by_role("region", name="What it silences")
    expect(preview).to_contain_text("Silences 1 event now: 1 critical.")
    expect(page.get_by_label("For how long")).to_have_value("14400")
    page.get_by_label("Check (optional)").fill("")
    expect(preview).to_contain_text("Silences 3 events now: 1 critical, 1 warning.")
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_text("Say why, for everybody who looks at the silence.")).to_be_visible()
    page.get_by_label("Reason").fill(HOSTILE)
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="every check of form1")).to_be_visible()
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    found = world.api("GET", "/api/sensu/v1/namespaces/default/events/rows?silenced=true&word=form1/").body
    assert sorted(one["check"] for one in found["rows"]) == ["disk", "http", "load"]
    page.goto(f"{SILENCES}/new?entity=form1&reason=again")
    visits.expected_errors.append("409")
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("entity:form1:* exists already")


def test_a_planned_silence_until_resolved(visits: Visits, world: World) -> None:
    """Begin and end are entered in the reader's zone; a wrong end is refused at its field."""
    page = visits.opened(f"{SILENCES}/new?subscription=linux&reason=move")
    page.get_by_role("group", name="Begins").get_by_label("At").check()
    page.get_by_role("group", name="Begins").get_by_label("Day and time (Europe/Berlin)").fill("2030-06-01T22:00")
    ends = page.get_by_role("group", name="Ends")
    ends.get_by_label("At", exact=True).check()
    ends.get_by_label("Day and time (Europe/Berlin)").fill("2030-06-01T21:00")
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_text("The end must be later than the beginning, and than now.")).to_be_visible()
    ends.get_by_label("Day and time (Europe/Berlin)").fill("2030-06-01T23:00")
    ends.get_by_label("or when it is resolved").check()
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="every check of subscription linux")).to_be_visible()
    expect(page.get_by_text("Events that it will silence")).to_be_visible()
    made = stored(world, "linux:*")
    assert (made["begin"], made["expire_at"], made["expire_on_resolve"]) == (1906574400, 1906578000, True)


def test_a_silence_until_resolved_is_gone_after_the_recovery(visits: Visits, world: World) -> None:
    """Its page says that it ends by itself; after the check passes it is not there any more."""
    world.report("until1", "http", 2, "refused")
    silence(world, "entity:until1", "http", expire_on_resolve=True)
    page = visits.opened(f"{SILENCES}/entity:until1:http")
    expect(page.get_by_text("It ends by itself as soon as a failing event passes again.")).to_be_visible()
    world.report("until1", "http", 0, "fine")
    visits.expected_errors.append("404")
    expect(page.get_by_text("Silence entity:until1:http")).to_be_visible(timeout=5000)
    expect(page.get_by_role("link", name="All silences")).to_be_visible()


def test_who_may_not_change_silences_sees_no_buttons_for_it(visits: Visits, world: World) -> None:
    """With the right to read alone, silences are shown without ending, extending or creating them."""
    silence(world, "entity:seen1", "http")
    role = {"metadata": {"name": "reader"}, "rules": [{"verbs": ["get", "list"], "resources": ["silenced"]}]}
    world.create({"type": "ClusterRole", "api_version": "core/v2", "metadata": {"name": "reader"}, "spec": role})
    binding = {"subjects": [{"type": "User", "name": "bob"}], "role_ref": {"type": "ClusterRole", "name": "reader"}}
    world.create({"type": "ClusterRoleBinding", "api_version": "core/v2", "metadata": {"name": "b"}, "spec": binding})
    visits.expected_errors.append("403")
    page = visits.opened(f"{SILENCES}?q=seen1", ("bob", "P@ssw0rd!"))
    expect(row(page, "seen1/http")).to_be_visible()
    expect(page.get_by_role("link", name="New silence")).to_have_count(0)
    page.goto(f"{SILENCES}/entity:seen1:http")
    expect(page.get_by_text("It stays until somebody ends it.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^(End|Extend|Give)"))).to_have_count(0)


def test_long_and_foreign_names_keep_the_layout(visits: Visits, world: World) -> None:
    """Very long names and reasons in any script are shown as text, and nothing is wider than a phone."""
    silence(
        world, f"entity:{LONG_NAME}", "interface-errors-on-all-uplinks-of-the-aggregation-layer", reason=HOSTILE * 20
    )
    for path in (
        SILENCES,
        f"{SILENCES}?view=calendar",
        f"{SILENCES}/entity:{LONG_NAME}:interface-errors-on-all-uplinks-of-the-aggregation-layer",
        f"{SILENCES}/new",
    ):
        page = visits.opened(path, size=PHONE)
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        visits.leave(page)


def test_an_empty_namespace_says_what_silences_are_for(visits: Visits) -> None:
    """Without silences the list and the calendar say so, on a phone too."""
    page = visits.opened("/n/staging/silences", size=PHONE)
    expect(page.get_by_role("heading", name="Nothing is silenced.")).to_be_visible()
    page.get_by_role("button", name="Calendar").click()
    expect(page.get_by_role("heading", name="Nothing is silenced.")).to_be_visible()
