"""Checks: the list with what is wrong, one check with why it runs or not, and what can be done with both."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import PHONE, Visits
from tests.web.fleet import fill
from tests.web.world import World

CHECKS = "/n/default/checks"
API = "/api/core/v2/namespaces/default"


@pytest.fixture(scope="module", autouse=True)
def filled(world: World) -> None:
    """The company's checks, one of which runs on an agent."""
    fill(world)
    world.create(check("echo", command="echo fine", interval=1, subscriptions=["linux"], handlers=["pager"]))
    world.create(check("lonely", subscriptions=["solaris"], runtime_assets=["tools"]))
    world.start_agent("host-7", "linux")


def check(name: str, **spec: Any) -> dict[str, Any]:
    given = {"command": "true", "interval": 60, "subscriptions": ["linux"], "publish": True, **spec}
    metadata = {"name": name, "namespace": "default"}
    return {"type": "CheckConfig", "api_version": "core/v2", "metadata": metadata, "spec": given}


def opened(visits: Visits, path: str = CHECKS, user: tuple[str, str] = (USER, PASSWORD), **options: Any) -> Page:
    page = visits.visit(None, **options)
    visits.sign_in(page, *user)
    page.goto(path)
    return page


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def test_the_list_says_when_where_and_how_checks_run(visits: Visits, world: World) -> None:
    """A row has the schedule, the number of agents, results and problems, and changes without a reload."""
    page = opened(visits)
    expect(row(page, "echo")).to_contain_text("every 1 s")
    expect(row(page, "echo")).to_contain_text("linux → 1")
    expect(row(page, "echo")).to_contain_text("executed", timeout=20_000)
    expect(row(page, "lonely")).to_contain_text("no agent, asset missing, no handler")
    expect(row(page, "http").get_by_role("img", name="passing, 1 critical")).to_be_visible()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    world.report("web2", "http", 2, "refused")
    expect(row(page, "http").get_by_role("img", name="passing, 2 critical")).to_be_visible(timeout=4000)
    world.report("web2", "http", 0, "200 OK in 84 ms")


def test_checks_are_filtered_and_found(visits: Visits) -> None:
    """Counts are filters, words search names, and Back returns to what was shown before."""
    page = opened(visits, f"{CHECKS}?order=name")
    expect(row(page, "backup")).to_be_visible()
    page.get_by_role("button", name=re.compile("with problems")).click()
    expect(row(page, "lonely")).to_be_visible()
    expect(row(page, "echo")).to_have_count(0)
    page.go_back()
    expect(row(page, "echo")).to_be_visible()
    page.goto(f"{CHECKS}?q=zzz")
    expect(page.get_by_role("heading", name="No check matches.")).to_be_visible()
    page.get_by_role("button", name="Without “zzz”").click()
    expect(row(page, "echo")).to_be_visible()


def test_a_check_is_unpublished_and_undo_publishes_it_again(visits: Visits, world: World) -> None:
    """A selected check is taken out of the schedule, and a click on Undo puts it back."""
    page = opened(visits, f"{CHECKS}?q=backup")
    expect(row(page, "backup")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Unpublish").click()
    message = page.get_by_role("status", name="Messages")
    expect(message).to_contain_text("backup is no longer published.")
    expect(row(page, "backup")).to_contain_text("not published")
    message.get_by_role("button", name="Undo").click()
    expect(row(page, "backup")).to_contain_text("every 10 min")
    assert world.api("GET", f"{API}/checks/backup").body["publish"]


def test_checks_are_deleted_after_a_confirmation(visits: Visits, world: World) -> None:
    """Delete says which checks and how many events they have; all that match can be selected at once."""
    world.create(check("old-1"), check("old-2"))
    world.report("web1", "old-1", 1)
    page = opened(visits, f"{CHECKS}?q=old-")
    expect(row(page, "old-2")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_role("region", name="Selection")).to_contain_text("All 2 checks that match")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 2 checks in default?")
    expect(dialog).to_contain_text("old-1 and old-2")
    expect(dialog).to_contain_text("1 event of them")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No check matches.")).to_be_visible()
    assert world.api("GET", f"{API}/checks/old-1").status == 404


def test_an_empty_namespace_says_what_a_check_is(visits: Visits) -> None:
    """Without checks the page says what they are for, on a phone too."""
    page = opened(visits, "/n/staging/checks", size=PHONE)
    expect(page.get_by_role("heading", name="No check exists yet.")).to_be_visible()
