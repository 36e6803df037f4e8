"""The page of an event: what it answers at a glance, what can be done, and that it stays up to date."""

import re
import time
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
    return visits.opened(f"/n/default/events/{entity}/{check}{query}", user, **options)


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
    world.api("PUT", "/api/core/v2/users/rita", user)
    binding = {
        "metadata": {"name": "readers", "namespace": "default"},
        "subjects": [{"type": "Group", "name": "readers"}],
        "role_ref": {"type": "ClusterRole", "name": "view"},
    }
    world.api("PUT", "/api/core/v2/namespaces/default/rolebindings/readers", binding)
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
    world.api("POST", "/api/core/v2/namespaces/default/events", event)
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
    page.close()
    world.remove(path)


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
    world.remove("/api/core/v2/namespaces/default/silenced/entity:many1:*")


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
    expect(raw.get_by_role("region", name="YAML")).to_contain_text("type: Event")
    raw.get_by_role("button", name="JSON").click()
    expect(raw.get_by_role("region", name="JSON")).to_contain_text('"name": "tabs1"')
    expect(raw).to_have_url(re.compile(r"form=json"))


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


def report_past(world: World, entity: str, check: str, ages_s: list[int], lines: str = "", **fields: Any) -> int:
    """Results from so many seconds ago, each 0.1 s longer and with its number in place of N; the time of now."""
    now = int(time.time())
    for number, age_s in enumerate(ages_s):
        output = lines.replace("N", str(number))
        world.report(entity, check, 0, output, executed=now - age_s, duration=0.1 * (number + 1), **fields)
    return now


def test_a_chart_shows_how_long_the_check_ran(visits: Visits, world: World) -> None:
    """The arrow keys go from result to result of the chart, and a table has the same values."""
    report_past(world, "chart1", "http", [3000, 2000, 1000])
    page = open_event(visits, "chart1", "http", query="?from=1h")
    chart = page.get_by_role("slider", name="Duration")
    chart.focus()
    page.keyboard.press("End")
    expect(chart).to_have_attribute("aria-valuetext", re.compile("duration 300 ms$"))
    page.keyboard.press("ArrowLeft")
    expect(chart).to_have_attribute("aria-valuetext", re.compile("duration 200 ms$"))
    page.get_by_role("button", name="Show as table").click()
    cells = page.get_by_role("table", name="Duration").get_by_role("cell")
    expect(cells).to_have_text(["300 ms", "200 ms", "100 ms"])


def test_a_period_between_two_moments_is_kept_in_the_url(visits: Visits, world: World) -> None:
    """Somebody enters the beginning and the end of a period; the link shows the same period, and mistakes are named."""
    now = report_past(world, "custom1", "http", [30_000, 20_000, 1000])
    page = open_event(visits, "custom1", "http")
    page.get_by_role("button", name="From … to …").click()
    zone = ZoneInfo("Europe/Berlin")
    start, end = (datetime.fromtimestamp(now - age, zone).strftime("%Y-%m-%dT%H:%M") for age in (25_000, 10_000))
    page.get_by_label("From (Europe/Berlin)").fill(end)
    page.get_by_label("To (Europe/Berlin)").fill(start)
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("The end must be later than the beginning.")).to_be_visible()
    page.get_by_label("From (Europe/Berlin)").fill(start)
    page.get_by_label("To (Europe/Berlin)").fill(end)
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"))
    page.reload()
    page.get_by_role("button", name="Show as table").click()
    expect(page.get_by_role("table", name="Duration").get_by_role("cell")).to_have_text(["200 ms"])
    expect(page.get_by_role("heading", name="Status of this period")).to_be_visible()


def test_dragging_over_a_chart_shows_only_that_part(visits: Visits, world: World) -> None:
    """A part of the chart that somebody drags over becomes the period of the page."""
    report_past(world, "drag1", "http", [3000, 2000, 1000])
    page = open_event(visits, "drag1", "http", query="?from=1h")
    box = page.get_by_role("slider", name="Duration").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"))
    page.get_by_role("button", name="Show as table").click()
    expect(page.get_by_role("table", name="Duration").get_by_role("cell")).to_have_text(["200 ms"])


def test_metrics_of_the_outputs_are_plotted(visits: Visits, world: World) -> None:
    """The first metric is drawn with all its tags; others are chosen in the legend, and the link keeps the choice."""
    lines = "disk,device=sda used=N\ndisk,device=sdb used=9N\nload one=0.N"
    report_past(world, "metrics1", "stats", [300, 200, 100], lines=lines, output_metric_format="influxdb_line")
    page = open_event(visits, "metrics1", "stats", query="?from=1h&tab=metrics")
    chart = page.get_by_role("slider", name="Metrics")
    chart.focus()
    page.keyboard.press("End")
    expect(chart).to_have_attribute(
        "aria-valuetext", re.compile(r"disk.used\{device=sda\} 2, disk.used\{device=sdb\} 92")
    )
    page.get_by_role("checkbox", name="load.one").check()
    page.get_by_role("checkbox", name="disk.used{device=sda}").uncheck()
    page.get_by_role("checkbox", name="disk.used{device=sdb}").uncheck()
    page.reload()
    chart = page.get_by_role("slider", name="load.one")
    chart.focus()
    page.keyboard.press("Home")
    expect(chart).to_have_attribute("aria-valuetext", re.compile(r"load.one 0$"))
    expect(page.get_by_role("checkbox", name="load.one")).to_be_disabled()


def test_a_chart_that_is_empty_says_why(visits: Visits, world: World) -> None:
    """No output metric format, no metrics in the outputs, no durations, and no results are each named."""
    world.report("empty1", "plain", 0, "fine")
    page = open_event(visits, "empty1", "plain", query="?tab=metrics")
    expect(page.get_by_text("The results of this period do not say how long they took.")).to_be_visible()
    expect(page.get_by_text("The check has no output metric format")).to_be_visible()
    world.report("empty1", "broken", 0, "no metrics", output_metric_format="graphite_plaintext")
    page = open_event(visits, "empty1", "broken", query="?tab=metrics&from=1000&to=2000")
    expect(page.get_by_text("The check had no results in this period.")).to_be_visible()
    expect(page.get_by_text("contain no metrics in the format graphite_plaintext")).to_be_visible()


def test_an_event_is_compared_with_an_earlier_moment(visits: Visits, world: World) -> None:
    """A kept result, or a moment of the chart, is shown beside now, with what differs; the link shows the same."""
    now = int(time.time())
    world.report("then1", "http", 0, "line one\nall well", executed=now - 600, duration=0.1)
    world.report("then1", "http", 2, "line one\nrefused", executed=now - 60, duration=0.2)
    page = open_event(visits, "then1", "http", query="?tab=results&from=1h")
    page.get_by_role("tabpanel").get_by_role("listitem").nth(1).locator("summary").click()
    page.get_by_role("tabpanel").get_by_role("button", name="Compare with now").click()
    table = page.get_by_role("table", name="Then and now")
    expect(table.get_by_role("row", name=re.compile("Status.*differs passing critical"))).to_be_visible()
    differences = page.get_by_role("region", name="Differences of the output")
    expect(differences).to_contain_text("then: all well")
    expect(differences).to_contain_text("now: refused")
    page.reload()
    expect(table).to_be_visible()
    page.get_by_role("button", name="Back to now").click()
    expect(table).to_be_hidden()
    chart = page.get_by_role("slider", name="Duration")
    chart.focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(table.get_by_role("row", name=re.compile("Status.*differs passing critical"))).to_be_visible()
    visits.expected_errors.append("404")
    page.goto("/n/default/events/then1/http?at=1000")
    expect(page.get_by_text("Nothing is kept of this event from before that moment.")).to_be_visible()


def test_the_check_and_the_entity_have_a_tab_with_a_link(visits: Visits, world: World) -> None:
    """The tabs show what ran and for whom, lead to their pages, and say when no check with the name exists."""
    visits.expected_errors.append("404")
    fields: dict[str, Any] = {"command": "check-http", "subscriptions": ["web"], "handlers": ["pager"]}
    world.report("facts1", "scripted", 0, "fine", labels={"region": "eu"}, **fields)
    page = open_event(visits, "facts1", "scripted", query="?tab=check")
    panel = page.get_by_role("tabpanel")
    expect(panel).to_contain_text("No check with this name exists")
    expect(panel.get_by_role("region", name="The command")).to_have_text("check-http")
    expect(panel.get_by_role("link", name="pager")).to_have_attribute("href", "/n/default/handlers/pager")
    page.get_by_role("tab", name="Entity").click()
    expect(panel).to_contain_text("region")
    expect(panel.get_by_role("link")).to_have_attribute("href", "/n/default/entities/facts1")
    metadata = {"name": "scripted", "namespace": "default"}
    spec = {**fields, "interval": 60}
    world.create({"type": "CheckConfig", "api_version": "core/v2", "metadata": metadata, "spec": spec})
    page.goto("/n/default/events/facts1/scripted?tab=check")
    link = page.get_by_role("link", name="The check scripted")
    expect(link).to_have_attribute("href", "/n/default/checks/scripted")


def test_changes_by_others_are_hidden_from_who_may_not_read_the_audit_log(
    visits: Visits, world: World, reader: tuple[str, str]
) -> None:
    """Without the right to the audit log, a caller sees no changes by other people, and reads that parts are hidden."""
    check = {"command": "true", "interval": 60, "subscriptions": ["none"], "publish": False}
    named = {"metadata": {"name": "audited", "namespace": "default"}, **check}
    world.api("PUT", "/api/core/v2/namespaces/default/checks/audited", named)
    world.report("audited1", "audited", 2, "refused")
    page = open_event(visits, "audited1", "audited")
    expect(glance(page)).to_contain_text("admin created check audited")
    page = open_event(visits, "audited1", "audited", reader)
    expect(glance(page)).to_contain_text("You may not read everything here: ")
    expect(glance(page)).not_to_contain_text("admin created")
