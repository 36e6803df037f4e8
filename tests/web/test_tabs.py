"""Pages that stay open: what changes meanwhile, several tabs, a backend that goes and comes back."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import Visits
from tests.web.world import World

INCIDENTS = re.compile(r"^\(\d+\) ")
LIVE_WITHIN_MS = 5000
STREAM = "**/api/sensu/v1/live?**"


def open_live(visits: Visits, username: str = USER, password: str = PASSWORD, path: str = "/cluster") -> Page:
    """A page of somebody who is signed in, which follows what happens."""
    page = visits.opened(path, (username, password))
    expect(page.get_by_text("live", exact=True)).to_be_visible(timeout=LIVE_WITHIN_MS)
    return page


@pytest.fixture
def quiet(world: World) -> World:
    """A backend with no events."""
    rows = world.api("GET", "/api/sensu/v1/namespaces/default/events/rows?limit=500").body["rows"]
    if rows:
        of = [[row["entity"], row["check"]] for row in rows]
        world.api("POST", "/api/sensu/v1/namespaces/default/events/bulk", {"action": "delete", "of": of})
    return world


def test_the_title_counts_incidents_as_they_come_and_go(visits: Visits, quiet: World) -> None:
    """The title of a window in the background says how many incidents there are, within 2 s."""
    page = open_live(visits)
    expect(page).to_have_title("Cluster · Sensu")
    quiet.report("web1", "http", 2, "connection refused")
    expect(page).to_have_title("(1) Cluster · Sensu", timeout=3000)
    expect(page.locator("link[rel=icon]")).to_have_attribute("data-worst", "0")
    quiet.report("web1", "http", 0, "ok")
    expect(page).to_have_title("Cluster · Sensu", timeout=3000)
    expect(page.locator("link[rel=icon]")).to_have_attribute("data-worst", "none")


def test_seven_tabs_are_live_with_one_stream(visits: Visits, quiet: World) -> None:
    """Browsers open six connections at most, so tabs share a stream; when its tab is closed, another takes it over."""
    streams: list[str] = []
    first = open_live(visits)
    first.context.on("request", lambda request: streams.append(request.url) if "/live?" in request.url else None)
    others = [first.context.new_page() for _ in range(6)]
    for other in others:
        other.goto("/cluster")
        expect(other.get_by_text("live", exact=True)).to_be_visible(timeout=LIVE_WITHIN_MS)
    assert len(streams) <= 1
    quiet.report("web1", "http", 1, "slow")
    for tab in [first, *others]:
        expect(tab).to_have_title("(1) Cluster · Sensu", timeout=3000)
    first.close()
    started = time.monotonic()
    quiet.report("web2", "http", 2, "refused")
    for tab in others:
        expect(tab).to_have_title("(2) Cluster · Sensu", timeout=4000)
    assert time.monotonic() - started < 6


def test_a_page_that_was_cut_off_catches_up(visits: Visits, quiet: World) -> None:
    """Without its backend a page says so within 3 s and keeps its rows; back again, it says how much changed."""
    visits.expected_errors.append("ERR_|status of 50")
    quiet.report("web1", "http", 2, "refused")
    page = open_live(visits, path="/n/default/events?status=critical,warning,unknown,passing")
    quiet.kill_backend()
    started = time.monotonic()
    expect(page.get_by_role("alert")).to_contain_text("What you see is from")
    assert time.monotonic() - started < 3.5
    expect(page.get_by_role("alert")).to_contain_text("No connection for ")
    expect(page.get_by_text("no connection", exact=True).first).to_be_visible()
    expect(page.get_by_role("link", name="web1")).to_be_visible()
    page.route(STREAM, lambda route: route.abort())
    quiet.start_backend()
    quiet.report("web1", "http", 0, "ok")
    quiet.report("web2", "http", 2, "refused")
    page.unroute(STREAM)
    expect(page.get_by_text("Connected again. 2 changes.")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("link", name="web2")).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\) Events"))
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_a_page_that_missed_too_much_reads_again(visits: Visits, quiet: World) -> None:
    """After more changes than the stream names, the list is read again, and nothing is shown twice."""
    visits.expected_errors.append("ERR_")
    quiet.report("web1", "http", 2, "refused")
    page = open_live(visits, path="/n/default/events?status=critical,warning,unknown,passing")
    page.route(STREAM, lambda route: route.abort())
    page.evaluate("dispatchEvent(new Event('online'))")  # the stream begins again, in vain
    expect(page.get_by_role("alert")).to_contain_text("No connection")
    quiet.report_at_once([(f"host-{number:03}", "http", 1) for number in range(250)])
    page.unroute(STREAM)
    expect(page.get_by_text("Too much changed to count, so everything is read again.")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "252")
    names = page.get_by_role("row").get_by_role("link").all_inner_texts()[::2]
    assert len(names) == len(set(names)) > 10


def test_a_user_who_is_disabled_is_asked_to_sign_in_at_once(visits: Visits, world: World) -> None:
    """Disabling a user ends the open pages of that user within a second or two, without a click."""
    visits.expected_errors.append("status of 401")
    world.create(
        {
            "type": "User",
            "api_version": "core/v2",
            "metadata": {"name": "eve"},
            "spec": {"username": "eve", "password": "eve-s-secret", "groups": ["cluster-admins"], "disabled": False},
        }
    )
    page = open_live(visits, "eve", "eve-s-secret")
    world.remove("/api/core/v2/users/eve")
    expect(page.get_by_role("dialog", name="Sign in again")).to_be_visible(timeout=4000)


def test_rights_that_change_change_the_page(visits: Visits, world: World) -> None:
    """A right that is granted while a page is open takes effect without a reload: incidents are counted."""
    world.create(
        {
            "type": "User",
            "api_version": "core/v2",
            "metadata": {"name": "uma"},
            "spec": {"username": "uma", "password": "uma-s-secret", "groups": ["watchers"], "disabled": False},
        }
    )
    world.report("web1", "http", 2, "refused")
    page = open_live(visits, "uma", "uma-s-secret")
    expect(page).to_have_title("Cluster · Sensu")
    world.create(
        {
            "type": "ClusterRoleBinding",
            "api_version": "core/v2",
            "metadata": {"name": "watchers"},
            "spec": {
                "role_ref": {"type": "ClusterRole", "name": "view"},
                "subjects": [{"type": "Group", "name": "watchers"}],
            },
        }
    )
    expect(page).to_have_title(INCIDENTS, timeout=5000)


TICKS, ROWS = 150, 40
ROW_BYTES = 200
"""Less than a row takes."""
_FOLLOW = """(rows) => {
  // As another tab that holds the stream: each second every row has another output.
  const channel = new BroadcastChannel('sensu.live')
  const say = (message) => channel.postMessage({ from: '0', ...message })
  let number = 0
  const beat = () => say({ say: 'lead', visible: true })
  setInterval(beat, 500)
  beat()
  setInterval(() => {
    number += 1
    const changed = rows.map((row) => ({ ...row, occurrences: number, line: `tick ${number} ${'x'.repeat(60)}` }))
    const data = JSON.stringify({ events: { default: { changed, gone: [], more: false } } })
    say({ say: 'pass', what: { event: { event: 'tick', data, id: String(1e9 + number) } } })
  }, 1000)
}"""


def test_a_page_that_stays_open_needs_no_more_memory(visits: Visits, quiet: World) -> None:
    """Of the rows of many ticks none stays in memory once it is replaced, and neither do elements and listeners."""
    quiet.report_at_once([(f"host-{number:03}", "http", 2) for number in range(ROWS)])
    page = visits.visit(None)
    page.clock.install()
    visits.sign_in(page, USER, PASSWORD)
    page.goto("/n/default/events")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    rows = quiet.api("GET", f"/api/sensu/v1/namespaces/default/events/rows?limit={ROWS}").body["rows"]
    page.evaluate(_FOLLOW, rows)
    pass_time(page, 30)
    before = memory(page)
    pass_time(page, TICKS)
    after = memory(page)
    taken = re.findall(r"tick (\d+)", page.get_by_role("grid").inner_text())
    assert max(int(number) for number in taken) > TICKS
    assert after["bytes"] - before["bytes"] < TICKS * ROWS * ROW_BYTES
    assert after["nodes"] - before["nodes"] < ROWS
    assert after["listeners"] - before["listeners"] < ROWS


def pass_time(page: Page, seconds: int) -> None:
    """Let time pass in a page, second by second, so that it hears in each one what it is sent."""
    for _ in range(seconds):
        page.clock.run_for(1000)


def memory(page: Page) -> dict[str, int]:
    """The bytes that the scripts of a page use, and the elements that exist, once what is unused was collected."""
    session = page.context.new_cdp_session(page)
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    used, counted = session.send("Runtime.getHeapUsage"), session.send("Memory.getDOMCounters")
    return {"bytes": used["usedSize"], "nodes": counted["nodes"], "listeners": counted["jsEventListeners"]}
