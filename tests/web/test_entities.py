"""Hosts and services: the list, and one of them with its checks."""

import re

from playwright.sync_api import Locator, Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import PHONE, Visits
from tests.web.world import World


def test_an_entity_is_found_and_shows_its_checks(visits: Visits, world: World) -> None:
    """The list leads to a host, whose checks are there, the worst first, and change without a reload."""
    world.report(
        "web1", "http", 0, "HTTP 200", labels={"wiki": "https://wiki.example/web1", "bad": "javascript:alert(1)"}
    )
    world.report("web1", "disk", 2, "/ is 97 % full")
    world.report("db1", "disk", 0, "fine")
    page = visits.visit(None)
    visits.sign_in(page, USER, PASSWORD)
    page.goto("/n/default/entities?q=web")
    expect(page.get_by_role("link", name="db1")).to_have_count(0)
    page.get_by_role("link", name="web1").click()
    expect(page).to_have_url(re.compile("/n/default/entities/web1$"))
    rows = page.get_by_role("region", name="2 checks").get_by_role("listitem")
    expect(rows.first).to_contain_text("/ is 97 % full")
    wiki = page.get_by_role("link", name="https://wiki.example/web1")
    expect(wiki).to_have_attribute("rel", "noopener noreferrer")
    expect(page.get_by_text("javascript:alert(1)")).to_be_visible()
    expect(page.get_by_role("link", name="javascript")).to_have_count(0)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    world.report("web1", "http", 1, "HTTP 503")
    expect(rows.nth(1)).to_contain_text("HTTP 503", timeout=4000)


def test_an_entity_that_does_not_exist_leads_to_the_list(visits: Visits) -> None:
    """A link to a host that is gone says so and shows the way on."""
    visits.expected_errors.append("status of 404")
    page = visits.visit(None, size=PHONE)
    visits.sign_in(page, USER, PASSWORD)
    page.goto("/n/default/entities/nothing")
    expect(page.get_by_text("Entity nothing does not exist, or no longer exists.")).to_be_visible()
    expect(page.get_by_role("link", name="All entities")).to_be_visible()


def opened(visits: Visits, path: str) -> Page:
    page = visits.visit(None)
    visits.sign_in(page, USER, PASSWORD)
    page.goto(path)
    return page


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def test_an_agent_that_is_killed_is_away(visits: Visits, world: World) -> None:
    """The list shows that an agent is connected, and that it is away after it was killed; counts are filters."""
    world.start_agent("agent-1")
    page = opened(visits, "/n/default/entities")
    expect(row(page, "agent-1")).to_contain_text("connected")
    page.get_by_role("button", name="1 agent").click()
    expect(page).to_have_url(re.compile("class=agent"))
    expect(page.get_by_role("link", name="web1", exact=True)).to_have_count(0)
    world.kill_agent("agent-1")
    page.goto("/n/default/entities?class=agent&connected=false")
    expect(row(page, "agent-1")).to_contain_text("away", timeout=15_000)


def test_entities_are_deleted_with_their_events(visits: Visits, world: World) -> None:
    """The confirmation says how many entities and events go; afterwards both are gone."""
    for name in ("old-1", "old-2"):
        world.report(name, "http", 2)
    world.report("old-1", "disk", 0)
    page = opened(visits, "/n/default/entities?q=old-")
    expect(row(page, "old-2")).to_be_visible()
    page.keyboard.press("a")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 2 entities and 3 events in default?")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("2 entities are deleted.")
    expect(page.get_by_role("heading", name="No entity matches.")).to_be_visible()
    assert world.api("GET", "/api/core/v2/namespaces/default/events/old-1/disk").status == 404


def test_an_entity_is_silenced_from_the_list(visits: Visits, world: World) -> None:
    """Two keys silence everything of a selected entity."""
    world.report("noisy-1", "http", 2)
    page = opened(visits, "/n/default/entities?q=noisy")
    expect(row(page, "noisy-1")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page.get_by_role("menuitem", name="for 15 min")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status", name="Messages")).to_contain_text("noisy-1 is silent for 15 min.")
    assert world.api("GET", "/api/core/v2/namespaces/default/silenced/entity:noisy-1:*").status == 200
