"""Hosts and services: the list, and one of them with its checks."""

import re

from playwright.sync_api import expect

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
