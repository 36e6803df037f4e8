"""The list of events in groups: twenty hosts with one failing check are one line."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.browser import PHONE, Visits
from tests.web.fleet import fill_with_awkward_hosts
from tests.web.test_events import EVENTS, chip, open_events, row
from tests.web.world import World

HOSTS = 20


@pytest.fixture(scope="module", autouse=True)
def hosts(world: World) -> None:
    """Twenty hosts of two regions on which the same check fails, and two other incidents."""
    for number in range(HOSTS):
        region = {"region": "eu" if number % 2 else "us"}
        world.report(f"web{number:02}", "http", 2 if number else 1, "connection refused", labels=region)
    world.report("db1", "disk", 1, "90 % full")
    world.report("db1", "load", 0, "fine", labels={"region": "eu"})
    fill_with_awkward_hosts(world)


def group(page: Page, name: str) -> Locator:
    """The line of a group."""
    return page.get_by_role("row").filter(has=page.get_by_role("button", name=name, exact=True))


@pytest.mark.parametrize("size", [(1280, 800), (768, 1024), PHONE], ids=["desktop", "tablet", "phone"])
def test_twenty_hosts_with_one_failing_check_are_one_line(visits: Visits, size: tuple[int, int]) -> None:
    """Grouping by check gives a line with the worst status and the numbers; it opens in place, as the URL says."""
    page = open_events(visits, size=size)
    page.get_by_role("button", name="Group: none").click()
    page.get_by_role("menuitem", name="check", exact=True).click()
    line = group(page, "http")
    expect(line).to_contain_text("19 critical, 1 warning")
    expect(line.get_by_role("img", name="critical")).to_be_visible()
    expect(page).to_have_url(re.compile("group=check"))
    expect(row(page, "web07", "http")).to_have_count(0)
    line.get_by_role("button", name="http").click()
    expect(row(page, "web07", "http")).to_be_visible()
    expect(page).to_have_url(re.compile("open=http"))
    page.reload()
    expect(row(page, "web07", "http")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    group(page, "http").get_by_role("button", name="http").click()
    expect(row(page, "web07", "http")).to_have_count(0)


def test_events_are_grouped_by_a_label(visits: Visits) -> None:
    """The menu offers the labels that there are; events without the label are a group of their own."""
    page = open_events(visits, f"{EVENTS}?q=http+disk")
    page.goto(f"{EVENTS}?group=check")
    page.get_by_role("button", name="Group: check").click()
    page.get_by_role("menuitem", name="label region").click()
    expect(group(page, "us")).to_contain_text("9 critical, 1 warning")
    expect(group(page, "eu")).to_contain_text("10 critical")
    expect(group(page, "without label region")).to_contain_text("warning")
    group(page, "without label region").get_by_role("button").click()
    expect(row(page, "db1", "disk")).to_be_visible()
    page.reload()
    expect(row(page, "db1", "disk")).to_be_visible()


def test_groups_work_with_the_keyboard_alone(visits: Visits) -> None:
    """Enter opens a group, the arrows go into it, Enter opens an event; x on a group selects all of its events."""
    page = open_events(visits, f"{EVENTS}?group=entity&q=web0")
    expect(group(page, "web01")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="http")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    expect(page.get_by_role("region", name="Selection")).to_contain_text("1 selected")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{EVENTS}/web01/http$"))


def test_the_events_of_a_group_are_silenced_together(visits: Visits, world: World) -> None:
    """A group is selected with all its events, and what is done is done to each of them."""
    for host in ("a", "b", "c"):
        world.report(f"batch-{host}", "night", 2, "did not end")
    page = open_events(visits, f"{EVENTS}?group=check&q=batch")
    expect(group(page, "night")).to_contain_text("3 critical")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("region", name="Selection")).to_contain_text("3 selected")
    page.keyboard.press("r")
    page.get_by_role("dialog", name="Resolve 3 events in default?").get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("3 events are resolved.")
    expect(page.get_by_role("heading", name="No event matches.")).to_be_visible(timeout=8000)


def test_groups_follow_what_happens(visits: Visits, world: World) -> None:
    """A new failure is counted in its group within 3 s, and the counts above the list are those of the namespace."""
    page = open_events(visits, f"{EVENTS}?group=check&open=socket")
    expect(group(page, "http")).to_be_visible()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    world.report("live-1", "socket", 2, "nobody listens")
    expect(group(page, "socket")).to_contain_text("1 critical", timeout=3000)
    expect(row(page, "live-1", "socket")).to_be_visible()
    expect(chip(page, "critical")).to_be_visible()
    world.remove("/api/core/v2/namespaces/default/events/live-1/socket")


def test_a_search_mistake_and_a_missing_match_are_explained(visits: Visits) -> None:
    """Where no group matches, the page says so and offers to drop the filter; groups that do not exist are ignored."""
    page = open_events(visits, f"{EVENTS}?group=check&q=nothing-like-this")
    expect(page.get_by_role("heading", name="No event matches.")).to_be_visible()
    page.goto(f"{EVENTS}?group=nonsense")
    expect(row(page, "db1", "disk")).to_be_visible()
