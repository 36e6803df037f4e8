"""The overview: is anything wrong, does anybody know, is the monitoring itself well."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.browser import DESKTOP, PHONE, Visits
from tests.web.world import World

LIVE_WITHIN_MS = 5000


@pytest.fixture
def ops(world: World) -> str:
    """A namespace in which nothing happened yet."""
    world.api("PUT", "/api/core/v2/namespaces/ops", {"name": "ops"})
    for event in world.api("GET", "/api/core/v2/namespaces/ops/events").body:
        entity, check = event["entity"]["metadata"]["name"], event["check"]["metadata"]["name"]
        world.remove(f"/api/core/v2/namespaces/ops/events/{entity}/{check}")
    return "ops"


def open_overview(visits: Visits, path: str, size: tuple[int, int] = DESKTOP) -> Page:
    """The overview, for an administrator."""
    page = visits.opened(path, size=size)
    expect(page.get_by_role("region", name="Incidents")).to_be_visible()
    expect(page.get_by_text("live", exact=True)).to_be_visible(timeout=LIVE_WITHIN_MS)
    return page


def incidents(page: Page) -> Locator:
    """The card with the number of incidents."""
    return page.get_by_role("region", name="Incidents")


def test_an_incident_appears_and_goes_without_a_reload(visits: Visits, world: World, ops: str) -> None:
    """A check that fails is counted and listed within 2 s, and gone after its recovery."""
    world.report("db1", "disk", 0, "fine", namespace=ops)
    page = open_overview(visits, "/n/ops/")
    world.report("web1", "http", 2, "connection refused", namespace=ops)
    expect(incidents(page).get_by_text("1 incident", exact=True)).to_be_visible(timeout=3000)
    row = page.get_by_role("listitem").filter(has_text="connection refused")
    expect(row).to_be_visible(timeout=3000)
    expect(row).to_contain_text("critical for")
    expect(row).to_contain_text("no handler")
    world.report("web1", "http", 0, "ok", namespace=ops)
    expect(incidents(page).get_by_text("0 incidents", exact=True)).to_be_visible(timeout=3000)
    expect(row).to_have_count(0, timeout=12_000)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_new_namespace_shows_the_first_steps(visits: Visits, ops: str, size: tuple[int, int]) -> None:
    """Where nothing happened yet, the overview says what to do, and ticks off what is done."""
    page = open_overview(visits, "/n/ops/", size)
    expect(page.get_by_text("Connect an agent")).to_be_visible()
    expect(page.get_by_text(re.compile("^sensu-agent start --backend-url ws://"))).to_be_visible()


def test_quiet_because_broken_does_not_look_like_quiet_because_well(visits: Visits, world: World, ops: str) -> None:
    """Without any incident and without any agent the overview does not say that nothing is wrong."""
    world.report("db1", "disk", 0, "fine", namespace=ops)
    page = open_overview(visits, "/n/ops/")
    expect(page.get_by_text("No agent is connected, so no check runs on a host.")).to_be_visible()
    expect(page.get_by_text("Nothing is wrong.")).to_have_count(0)


def test_all_namespaces_are_summed_and_listed_worst_first(visits: Visits, world: World, ops: str) -> None:
    """The overview of all namespaces counts each once, and leads to each."""
    world.report("db1", "disk", 0, "fine")
    for entity in ("web1", "web2"):
        world.report(entity, "http", 2, "refused", namespace=ops)
    page = open_overview(visits, "/")
    expect(incidents(page).get_by_text("2 incidents", exact=True)).to_be_visible()
    rows = page.get_by_role("row")
    expect(rows.nth(1)).to_contain_text("ops")
    rows.nth(1).get_by_role("link", name="ops").click()
    expect(page).to_have_url(re.compile("/n/ops/$"))


def test_hostile_text_is_text(visits: Visits, world: World, ops: str) -> None:
    """Markup, control characters and text from right to left in an output are shown, and change nothing."""
    output = "<img src=x onerror=alert(1)> \u202eevil \u0007\u001b[31m {{7*7}} </script>" + "x" * 3000
    world.report("web1", "http", 2, output, namespace=ops)
    page = open_overview(visits, "/n/ops/", PHONE)
    expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_what_happened_over_the_day_is_a_small_chart(visits: Visits, world: World) -> None:
    """The overview, the list of events and the list of handlers say in a sentence and in bars what was counted."""
    world.report("spark1", "http", 2, "refused")
    series = "/api/sensu/v1/namespaces/default/series?names=changes&points=1"
    world.wait_for(series, lambda found: any(found["series"][0]["values"]))
    page = open_overview(visits, "/n/default/")
    expect(page.get_by_role("img", name=re.compile(r"\d+ state changes? in the last 24 hours"))).to_be_visible()
    expect(incidents(page).get_by_role("img", name=re.compile("at a time in the last 24 hours"))).to_be_visible()
    page.goto("/n/default/events")
    expect(page.get_by_role("img", name=re.compile("state changes? in the last 24 hours"))).to_be_visible()
    page.goto("/n/default/handlers")
    expect(page.get_by_role("img", name=re.compile("delivered in the last 24 hours"))).to_be_visible()


def test_an_incident_that_nobody_was_informed_of_comes_first_and_says_why(
    visits: Visits, world: World, ops: str
) -> None:
    """A warning whose handler does not exist comes before a critical incident that was delivered."""
    handler = {"metadata": {"name": "mail", "namespace": ops}, "type": "pipe", "command": "true", "filters": []}
    world.api("PUT", f"/api/core/v2/namespaces/{ops}/handlers/mail", handler)
    world.report("told1", "http", 2, "refused", namespace=ops, handlers=["mail"])
    world.report("untold1", "disk", 1, "nearly full", namespace=ops)
    page = open_overview(visits, "/n/ops/")
    rows = page.get_by_role("listitem").filter(has_text=re.compile("refused|nearly full"))
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("untold1")
    expect(rows.nth(0)).to_contain_text("no handler")
    expect(rows.nth(1)).to_contain_text("delivered", timeout=5000)
