"""The page of an event: what it answers at a glance, what can be done, and that it stays up to date."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import PHONE, Visits
from tests.web.world import World

HOSTILE = (
    '<img src=x onerror="window.harmed=1"><script>window.harmed=2</script></title>{{ 7*7 }}${7*7} javascript:alert(1)'
    "\x1b[31mred\x1b[0m \u202ereversed\u202c \x00 __proto__ 😀 " + "x" * 100_000
)


def open_event(
    visits: Visits, entity: str, check: str, user: tuple[str, str] = (USER, PASSWORD), query: str = "", **options: Any
) -> Page:
    """The page of an event, for somebody who is signed in."""
    page = visits.visit(None, **options)
    visits.sign_in(page, *user)
    page.goto(f"/n/default/events/{entity}/{check}{query}")
    return page


def glance(page: Page) -> Locator:
    """The panel with the first answers."""
    return page.get_by_role("region", name="At a glance")


def silences(world: World) -> list[str]:
    """The names of all silences."""
    answer = world.api("GET", "/api/core/v2/namespaces/default/silenced")
    return [each["metadata"]["name"] for each in answer.body]


@pytest.fixture
def reader(world: World) -> tuple[str, str]:
    """A user with the role view."""
    user = {"username": "rita", "password": "P@ssw0rd!", "groups": ["readers"]}
    assert world.api("PUT", "/api/core/v2/users/rita", user).status < 300
    binding = {
        "metadata": {"name": "readers", "namespace": "default"},
        "subjects": [{"type": "Group", "name": "readers"}],
        "role_ref": {"type": "ClusterRole", "name": "view"},
    }
    assert world.api("PUT", "/api/core/v2/namespaces/default/rolebindings/readers", binding).status < 300
    return "rita", "P@ssw0rd!"


def test_a_failure_and_the_recovery_are_shown_without_a_reload(visits: Visits, world: World) -> None:
    """A page that is open shows within 2 s that the check fails and that it passes again, with its newest output."""
    world.report("live1", "http", 0, "200 OK")
    page = open_event(visits, "live1", "http")
    expect(page.get_by_role("heading", name="live1 / http")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("passing", exact=True)).to_be_visible()
    page.wait_for_timeout(500)
    world.report("live1", "http", 2, "connect to 10.0.0.1:443 refused")
    expect(page.get_by_role("main").get_by_text("critical", exact=True)).to_be_visible(timeout=2000)
    expect(glance(page)).to_contain_text("connect to 10.0.0.1:443 refused")
    world.report("live1", "http", 0, "200 OK again")
    expect(glance(page)).to_contain_text("200 OK again", timeout=2000)
    expect(page.get_by_role("button", name="Resolve")).to_have_attribute("aria-disabled", "true")


def test_the_first_questions_are_answered_without_scrolling(visits: Visits, world: World) -> None:
    """What, how often, who was informed, which silences and what changed before are seen at once."""
    world.report("glance1", "http", 2, "refused")
    page = open_event(visits, "glance1", "http")
    panel = glance(page)
    for question in ("What", "How often", "Informed", "Silences", "Before it"):
        expect(panel.get_by_text(question, exact=True)).to_be_in_viewport()
    expect(panel).to_contain_text("1 incident in the last 7 days")
    expect(panel).to_contain_text("None apply.")


def test_incidents_within_one_second_are_shown(visits: Visits, world: World) -> None:
    """A check that fails and recovers within a second, twice, has a band of its statuses."""
    for status in (0, 2, 0, 2):
        world.report("fast1", "http", status)
    page = open_event(visits, "fast1", "http", query="?from=1h")
    expect(page.get_by_role("img", name=re.compile("incidents? in the last hour"))).to_be_visible()


def test_who_was_informed_is_said(visits: Visits, world: World) -> None:
    """The page names the handlers of an incident and what became of the event in each, and why one was filtered."""
    handler = {"type": "pipe", "command": "cat > /dev/null"}
    pager = {"name": "pager", "type": "Handler", "api_version": "core/v2"}
    silent = {"name": "never", "type": "EventFilter", "api_version": "core/v2"}
    workflows = [{"name": "page", "handler": pager}, {"name": "quiet", "handler": pager, "filters": [silent]}]
    for kind, name, spec in (
        ("Handler", "pager", handler),
        ("EventFilter", "never", {"action": "allow", "expressions": ["event.check.status == 9"]}),
        ("Pipeline", "incidents", {"workflows": workflows}),
    ):
        metadata = {"name": name, "namespace": "default"}
        world.create({"type": kind, "api_version": "core/v2", "metadata": metadata, "spec": spec})
    event = {
        "entity": {"entity_class": "proxy", "metadata": {"name": "told1", "namespace": "default"}},
        "check": {"metadata": {"name": "http", "namespace": "default"}, "interval": 60, "status": 2},
        "pipelines": [{"name": "incidents", "type": "Pipeline", "api_version": "core/v2"}],
    }
    assert world.api("POST", "/api/core/v2/namespaces/default/events", event).status == 201
    page = open_event(visits, "told1", "http", query="?tab=why")
    expect(glance(page)).to_contain_text("pager informed")
    expect(glance(page)).to_contain_text("pager filtered by never")
    expect(page.get_by_role("tabpanel", name="Why")).to_contain_text("event.check.status == 9 is false")


def test_two_keys_silence_an_event_and_undo_takes_it_back(visits: Visits, world: World) -> None:
    """`s` and Enter silence the event for an hour; it is marked at once, and Undo removes the silence."""
    world.report("quiet1", "http", 2, "refused")
    page = open_event(visits, "quiet1", "http")
    expect(page.get_by_role("button", name="Silence")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("dialog", name="Silence")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Silenced quiet1/http for 1 h.")).to_be_visible()
    assert silences(world) == ["entity:quiet1:http"]
    expect(glance(page)).to_contain_text("entity:quiet1:http")
    page.get_by_role("button", name="Undo").click()
    expect(glance(page)).to_contain_text("None apply.")
    assert silences(world) == []


def test_a_silence_lasts_until_a_date_and_a_time(visits: Visits, world: World) -> None:
    """Somebody silences an event until a moment; one that has passed is refused with the reason."""
    world.report("quiet2", "http", 2, "refused")
    page = open_event(visits, "quiet2", "http")
    page.get_by_role("button", name="Silence").click()
    dialog = page.get_by_role("dialog", name="Silence")
    dialog.get_by_label("Until when").fill("2020-01-01T10:00")
    dialog.get_by_role("button", name="Silence").click()
    expect(dialog.get_by_role("alert")).to_have_text("Choose a date and a time in the future.")
    tomorrow = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(hours=25)
    dialog.get_by_label("Until when").fill(tomorrow.strftime("%Y-%m-%dT%H:%M"))
    dialog.get_by_role("button", name="Silence").click()
    expect(page.get_by_text(re.compile(r"^Silenced quiet2/http for 1 d"))).to_be_visible()
    path = "/api/core/v2/namespaces/default/silenced/entity:quiet2:http"
    ends_at = world.api("GET", path).body["expire_at"]
    assert abs(ends_at - tomorrow.timestamp()) <= 60
    world.api("DELETE", path)


def test_the_preview_counts_what_the_silence_hits(visits: Visits, world: World) -> None:
    """The number that is shown before silencing is the number of events that are silenced afterwards."""
    for check, status in (("disk", 2), ("load", 0), ("http", 1)):
        world.report("many1", check, status)
    page = open_event(visits, "many1", "disk")
    page.get_by_role("button", name="Silence").click()
    dialog = page.get_by_role("dialog", name="Silence")
    expect(dialog).to_contain_text("Silences 1 event now: 1 critical.")
    dialog.get_by_label("every check of many1").check()
    expect(dialog).to_contain_text("Silences 3 events now: 1 critical, 1 warning.")
    dialog.get_by_label("Reason").fill("new disks")
    dialog.get_by_role("button", name="Silence").click()
    expect(glance(page)).to_contain_text("new disks")
    expect(glance(page).get_by_role("link", name="entity:many1:*")).to_have_attribute("href", re.compile("/silences/"))
    rows = world.api("GET", "/api/sensu/v1/namespaces/default/events/rows?silenced=true&word=many1").body
    assert rows["total"] == 3
    world.api("DELETE", "/api/core/v2/namespaces/default/silenced/entity:many1:*")


def test_an_event_is_resolved_and_deleted(visits: Visits, world: World) -> None:
    """Resolving makes it pass; deleting asks first, and its page then says that it does not exist."""
    world.report("done1", "http", 2, "refused")
    page = open_event(visits, "done1", "http")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("Resolved.", exact=True)).to_be_visible()
    event = world.api("GET", "/api/core/v2/namespaces/default/events/done1/http").body
    assert event["check"]["status"] == 0
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Event done1/http was deleted.")).to_be_visible()
    visits.expected_errors.append("404")
    page.goto("/n/default/events/done1/http")
    expect(page.get_by_text("Event done1/http does not exist, or no longer exists.")).to_be_visible()


def test_the_details_are_in_tabs_that_a_link_opens(visits: Visits, world: World) -> None:
    """The output with its colours, the kept results, the reasons and the JSON each have a tab and a link."""
    world.report("tabs1", "http", 0, "fine")
    world.report("tabs1", "http", 2, "\x1b[31mrefused\x1b[0m by peer")
    page = open_event(visits, "tabs1", "http")
    output = page.get_by_role("region", name="Output of the last result")
    expect(output).to_have_text("refused by peer")
    expect(output.locator(".ansi-red")).to_have_text("refused")
    page.get_by_role("tab", name="Results").click()
    expect(page).to_have_url(re.compile(r"tab=results"))
    panel = page.get_by_role("tabpanel", name="Results")
    expect(panel.get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("y")
    expect(page).to_have_url(re.compile(r"tab=why"))
    raw = open_event(visits, "tabs1", "http", query="?tab=raw")
    expect(raw.get_by_role("region", name="The event as JSON")).to_contain_text('"name": "tabs1"')


def test_a_reader_sees_no_action_that_would_be_refused(visits: Visits, world: World, reader: tuple[str, str]) -> None:
    """Somebody with the role view reads the event, and is offered no action that they may never do."""
    world.report("read1", "http", 2, "refused")
    page = open_event(visits, "read1", "http", user=reader)
    expect(glance(page)).to_contain_text("refused")
    for name in ("Silence", "Resolve", "Run again"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.keyboard.press("s")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_hostile_output_stays_text(visits: Visits, world: World) -> None:
    """Markup, templates, control characters and endless words are shown as text; nothing runs, and the layout holds."""
    world.report("hostile1", "http", 2, HOSTILE)
    for query in ("", "?tab=results", "?tab=raw"):
        page = open_event(visits, "hostile1", "http", query=query, size=PHONE)
        expect(glance(page)).to_contain_text("<script>window.harmed=2</script></title>{{ 7*7 }}")
        assert page.evaluate("window.harmed") is None
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        expect(page).to_have_title(re.compile("hostile1 / http"))
        visits.leave(page)
