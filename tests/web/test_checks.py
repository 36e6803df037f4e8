"""Checks: the list with what is wrong, one check with why it runs or not, and what can be done with both."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

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


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def test_the_list_says_when_where_and_how_checks_run(visits: Visits, world: World) -> None:
    """A row has the schedule, the number of agents, results and problems, and changes without a reload."""
    page = visits.opened(CHECKS)
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
    page = visits.opened(f"{CHECKS}?order=name")
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
    page = visits.opened(f"{CHECKS}?q=backup")
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
    page = visits.opened(f"{CHECKS}?q=old-")
    expect(row(page, "old-2")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_role("region", name="Selection")).to_contain_text("All 2 checks that match")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 2 checks in default?")
    expect(dialog).to_contain_text("old-1 and old-2")
    expect(dialog).to_contain_text("1 event of them")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No check matches.")).to_be_visible()
    assert not world.exists(f"{API}/checks/old-1")


def test_an_empty_namespace_says_what_a_check_is(visits: Visits) -> None:
    """Without checks the page says what they are for, on a phone too."""
    page = visits.opened("/n/staging/checks", size=PHONE)
    expect(page.get_by_role("heading", name="No check exists yet.")).to_be_visible()


def test_a_check_says_when_it_runs_and_why_it_did_not(visits: Visits, world: World) -> None:
    """The page has the next runs, the last slots with their reasons, and the agents that are away."""
    world.create(check("solo", interval=1, subscriptions=["solo"], handlers=["pager"]))
    page = visits.opened(f"{CHECKS}/solo")
    runs = page.get_by_role("region", name="Runs")
    slots = runs.get_by_role("list", name=re.compile("slots")).get_by_role("button")
    expect(slots.first).to_have_accessible_name(re.compile("missed: no subscriber; nobody was asked"), timeout=15_000)
    expect(page.get_by_role("region", name="1 problem")).to_contain_text("No connected agent has one of its")
    world.start_agent("host-8", "solo")
    expect(runs).to_contain_text("1 agent is connected with the subscription solo.", timeout=10_000)
    expect(slots.last).to_have_accessible_name(re.compile("executed; 1 of 1 agent answered"), timeout=15_000)
    expect(page.get_by_role("list", name="Last results")).to_contain_text("host-8")
    expect(page.get_by_role("region", name="1 problem")).to_have_count(0, timeout=10_000)
    world.kill_agent("host-8")
    expect(runs).to_contain_text("host-8 is away", timeout=15_000)
    page.goto(CHECKS)
    world.remove(f"{API}/checks/solo")


def test_a_check_is_run_now_on_one_agent(visits: Visits, world: World) -> None:
    """Run now asks the agent that is chosen, also if the check is not published."""
    world.create(check("by-hand", command="echo asked", publish=False, handlers=["pager"]))
    page = visits.opened(f"{CHECKS}/by-hand")
    expect(page.get_by_text("It is not published and runs on demand only.")).to_be_visible()
    page.get_by_role("button", name="Run now").click()
    page.get_by_role("menuitem", name="On one agent").click()
    dialog = page.get_by_role("dialog", name="Run on one agent")
    dialog.get_by_label("Agent").fill("host-7")
    dialog.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("by-hand was requested")
    results = page.get_by_role("list", name="Last results")
    expect(results.get_by_role("link", name="host-7")).to_be_visible(timeout=10_000)
    expect(results).to_contain_text("asked")


def test_a_check_is_published_silenced_and_copied(visits: Visits, world: World) -> None:
    """Publish has an Undo, a silence covers the check everywhere, and a copy waits to be published."""
    world.create(check("template", command="check-it", publish=False))
    page = visits.opened(f"{CHECKS}/template")
    message = page.get_by_role("status", name="Messages")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(message).to_contain_text("template is published.")
    expect(page.get_by_role("button", name="Unpublish")).to_be_visible()
    message.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_visible()
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Silence")
    expect(dialog).to_contain_text("template on every entity")
    dialog.get_by_role("button", name="Silence").click()
    expect(message).to_contain_text("Silenced template on every entity for 1 h.")
    assert world.exists(f"{API}/silenced/*:template")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Copy").click()
    dialog = page.get_by_role("dialog", name="Copy this check")
    dialog.get_by_label("Name of the copy").fill("template-2")
    dialog.get_by_role("button", name="Copy").click()
    expect(page).to_have_url(re.compile("/checks/template-2$"))
    copy = world.api("GET", f"{API}/checks/template-2").body
    assert (copy["command"], copy["publish"]) == ("check-it", False)


def test_a_check_is_deleted_with_its_events(visits: Visits, world: World) -> None:
    """Delete offers to delete the events too, and leads back to the list."""
    # The stream may say that the check went before the page is left.
    visits.expected_errors.append("status of 404")
    world.create(check("retired", handlers=["pager"]))
    for host in ("web1", "web2"):
        world.report(host, "retired", 1)
    page = visits.opened(f"{CHECKS}/retired")
    expect(page.get_by_role("img", name="2 warning")).to_be_visible()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete this check?")
    dialog.get_by_label("Delete its 2 events too").check()
    dialog.get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("/checks$"))
    assert not world.exists(f"{API}/checks/retired")
    assert not world.exists(f"{API}/events/web1/retired")


def test_a_check_that_does_not_exist_leads_to_the_list(visits: Visits) -> None:
    """A link to a check that is gone says so and shows the way on."""
    visits.expected_errors.append("status of 404")
    page = visits.opened(f"{CHECKS}/nothing")
    expect(page.get_by_text("Check nothing does not exist, or no longer exists.")).to_be_visible()
    expect(page.get_by_role("link", name="All checks")).to_be_visible()


@pytest.fixture
def reader(world: World) -> Iterator[tuple[str, str]]:
    """A user who may look and no more."""
    spec = {"subjects": [{"type": "User", "name": "ann"}], "role_ref": {"type": "ClusterRole", "name": "view"}}
    metadata = {"name": "readers", "namespace": "default"}
    world.create({"type": "RoleBinding", "api_version": "core/v2", "metadata": metadata, "spec": spec})
    yield "ann", "P@ssw0rd!"
    world.remove("/api/rbac/v2/namespaces/default/rolebindings/readers")


def test_somebody_who_may_only_look_is_offered_no_action(visits: Visits, reader: tuple[str, str]) -> None:
    """With the role view, neither the list nor a check has a button that would be refused."""
    page = visits.opened(f"{CHECKS}?q=echo", user=reader)
    expect(row(page, "echo")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("region", name="Selection")).to_be_visible()
    row(page, "echo").get_by_role("link").click()
    expect(page.get_by_role("region", name="Runs")).to_be_visible()
    for words in ("Run now", "Unpublish", "Silence", "More actions", "Delete", "Publish"):
        expect(page.get_by_role("button", name=words, exact=True)).to_have_count(0)


def test_a_failure_is_seen_on_all_pages_of_a_check(visits: Visits, world: World) -> None:
    """A check fails and recovers: its row, its page and the page of the entity say so without a reload."""
    world.create(check("seen", handlers=["pager"]))
    world.report("seen-1", "seen", 0, "fine")
    pages = [visits.opened(path) for path in (f"{CHECKS}?q=seen", f"{CHECKS}/seen", "/n/default/entities/seen-1")]
    for page in pages:
        expect(page.get_by_text("live", exact=True)).to_be_visible()
    for status, words in ((2, "critical"), (0, "passing")):
        world.report("seen-1", "seen", status, f"it is {words}")
        expect(row(pages[0], "seen").get_by_role("img", name=f"1 {words}")).to_be_visible(timeout=4000)
        expect(pages[1].get_by_role("list", name="Last results")).to_contain_text(f"it is {words}", timeout=4000)
        expect(pages[2].get_by_role("list", name="Checks")).to_contain_text(f"it is {words}", timeout=4000)


def test_the_list_outlives_its_backend(visits: Visits, world: World) -> None:
    """Without the backend the rows stay, and actions are off; afterwards the list catches up without a reload."""
    visits.expected_errors.append("ERR_|status of 50")
    page = visits.opened(f"{CHECKS}?q=http")
    expect(row(page, "http")).to_be_visible()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    world.kill_backend()
    expect(page.get_by_text(re.compile(r"No connection for "))).to_be_visible()
    expect(row(page, "http")).to_be_visible()
    expect(page.get_by_role("button", name="Unpublish")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Clear").click()
    world.start_backend()
    expect(page.get_by_text(re.compile("^Connected again"))).to_be_visible(timeout=20_000)
    world.report("web3", "http", 2, "refused")
    # The list has the focus, so nothing moves in it, but rows change where they are.
    expect(row(page, "http").get_by_role("img", name=re.compile("2 critical"))).to_be_visible(timeout=6000)
