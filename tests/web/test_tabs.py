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


def open_live(visits: Visits, username: str = USER, password: str = PASSWORD) -> Page:
    """A page of somebody who is signed in, which follows what happens."""
    page = visits.visit(None)
    visits.sign_in(page, username, password)
    page.goto("/cluster")
    expect(page.get_by_text("live", exact=True)).to_be_visible(timeout=LIVE_WITHIN_MS)
    return page


@pytest.fixture
def quiet(world: World) -> World:
    """A backend with no events."""
    for event in world.api("GET", "/api/core/v2/events").body:
        entity, check = event["entity"]["metadata"]["name"], event["check"]["metadata"]["name"]
        world.api("DELETE", f"/api/core/v2/namespaces/default/events/{entity}/{check}")
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


def test_a_page_says_since_when_its_data_is_old(visits: Visits, quiet: World) -> None:
    """Without its backend a page says so within 3 s, and goes on by itself when the backend is back."""
    visits.expected_errors.append("ERR_|status of 50")
    page = open_live(visits)
    quiet.kill_backend()
    started = time.monotonic()
    expect(page.get_by_text(re.compile(r"No connection for .* What you see is from "))).to_be_visible()
    assert time.monotonic() - started < 3.5
    expect(page.get_by_text("no connection", exact=True).first).to_be_visible()
    quiet.start_backend()
    expect(page.get_by_text(re.compile("^Connected again"))).to_be_visible(timeout=15_000)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    quiet.report("web1", "http", 2, "refused")
    expect(page).to_have_title("(1) Cluster · Sensu", timeout=3000)


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
    world.api("DELETE", "/api/core/v2/users/eve")
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
