"""The panel beside the list of events: the top of an event, without leaving the list."""

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.web.browser import PHONE, Visits
from tests.web.fleet import AWKWARD, fill_with_awkward_hosts
from tests.web.test_events import EVENTS, open_events, row
from tests.web.world import World


@pytest.fixture(scope="module", autouse=True)
def hosts(world: World) -> None:
    """Three incidents, and hosts with awkward names and outputs."""
    for number in range(3):
        world.report(f"web{number}", "http", 2, f"refused by 10.0.0.{number}")
    fill_with_awkward_hosts(world)


def peek(page: Page) -> Locator:
    """The panel."""
    return page.get_by_role("complementary", name="Peek")


def test_space_shows_the_event_beside_the_list(visits: Visits) -> None:
    """Space shows the top of the event, j goes on inside it, Escape closes it, and the focus never leaves the list."""
    page = open_events(visits, f"{EVENTS}?q=web&order=name")
    expect(row(page, "web0", "http")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(peek(page).get_by_role("heading", name="web0 / http")).to_be_visible()
    expect(peek(page)).to_contain_text("refused by 10.0.0.0")
    expect(peek(page)).to_contain_text("critical")
    page.keyboard.press("j")
    expect(peek(page).get_by_role("heading", name="web1 / http")).to_be_visible()
    expect(peek(page)).to_contain_text("refused by 10.0.0.1")
    expect(page.locator("[role=row]:focus")).to_contain_text("web1")
    page.keyboard.press("x")
    expect(page.get_by_role("region", name="Selection")).to_contain_text("1 selected")
    page.keyboard.press("Escape")
    expect(peek(page)).to_have_count(0)
    expect(page.get_by_role("region", name="Selection")).to_contain_text("1 selected")
    expect(page.locator("[role=row]:focus")).to_contain_text("web1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Selection")).to_have_count(0)


def test_peeking_asks_for_the_top_of_the_page_only(visits: Visits) -> None:
    """An event is read once, with its reasons, its past and what was before it; keys in a row read where they stop."""
    page = open_events(visits, f"{EVENTS}?q=web&order=name")
    expect(row(page, "web0", "http")).to_be_visible()
    page.wait_for_timeout(1000)
    asked: list[str] = []

    def note(request: Request) -> None:
        path = request.url.removeprefix(visits.url).split("?")[0]
        if "/entities/web" in path or "/events/web" in path:
            asked.append(path)

    page.on("request", note)
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(peek(page)).to_contain_text("refused by 10.0.0.0")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(peek(page)).to_contain_text("refused by 10.0.0.2")
    expect(peek(page).get_by_text("1 incident in the last 7 days")).to_be_visible()
    page.wait_for_timeout(500)
    assert sorted(asked) == sorted(
        path
        for name in ("web0", "web2")
        for path in (
            f"/api/core/v2/namespaces/default/events/{name}/http",
            f"/api/core/v2/namespaces/default/events/{name}/http/explain",
            f"/api/sensu/v1/namespaces/default/events/{name}/http/before",
            f"/api/sensu/v1/namespaces/default/entities/{name}/timeline",
        )
    )


@pytest.mark.parametrize("size", [(1280, 800), (768, 1024), PHONE], ids=["desktop", "tablet", "phone"])
def test_a_click_on_the_status_peeks_at_any_event(visits: Visits, size: tuple[int, int]) -> None:
    """The mark of a row opens the panel, also for awkward names; its button closes it."""
    page = open_events(visits, size=size)
    long_name, long_check, _, _ = AWKWARD[0]
    row(page, long_name, long_check).get_by_role("img", name="warning", exact=True).click()
    expect(peek(page).get_by_role("heading", name=f"{long_name} / {long_check}")).to_be_visible()
    expect(peek(page)).to_contain_text("Nothing changed in the hour before.")
    wide = "element => element.scrollWidth - element.clientWidth"
    assert peek(page).evaluate(wide) <= 1
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    peek(page).get_by_role("button", name="Close").click()
    expect(peek(page)).to_have_count(0)


def test_a_peek_in_groups(visits: Visits) -> None:
    """In a grouped list Space peeks at events, and does nothing on the line of a group."""
    page = open_events(visits, f"{EVENTS}?group=check&open=http")
    expect(row(page, "web0", "http")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(peek(page)).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(peek(page)).to_contain_text("refused by 10.0.0")
