"""Getting in and out, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import DESKTOP, PHONE, Visits
from tests.web.world import World

REFUSED = r"status of 401"


@pytest.fixture
def ann(world: World) -> tuple[str, str]:
    """A user who may do everything, and her password."""
    world.create(
        {
            "type": "User",
            "api_version": "core/v2",
            "metadata": {"name": "ann"},
            "spec": {"username": "ann", "password": "ann-s-secret", "groups": ["cluster-admins"], "disabled": False},
        }
    )
    return "ann", "ann-s-secret"


def fill_and_send(page: Page, username: str, password: str) -> None:
    """Sign in with the form."""
    page.get_by_label("Name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def end_sessions(world: World, username: str) -> None:
    """End all sessions of a user, as an administrator does."""
    listed = world.api("GET", f"/api/sensu/v1/sessions?username={username}").body
    for session in listed["sessions"]:
        world.remove(f"/api/sensu/v1/sessions/{session['id']}")


def test_signing_in_leads_to_the_page_of_the_link_that_was_opened(visits: Visits) -> None:
    """A link to a page asks for name and password first, and then shows that page."""
    page = visits.visit("/cluster")
    expect(page).to_have_url(re.compile(r"/sign-in\?to=%2Fcluster$"))
    fill_and_send(page, USER, PASSWORD)
    expect(page.get_by_role("heading", level=1, name="Cluster")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/cluster$"))


def test_a_link_cannot_lead_to_another_site_after_signing_in(visits: Visits) -> None:
    """A prepared sign-in link leads nowhere but into this web UI."""
    page = visits.visit("/sign-in?to=//evil.example/cluster")
    fill_and_send(page, USER, PASSWORD)
    expect(page.get_by_role("button", name=re.compile("^admin: account"))).to_be_visible()
    assert page.url.startswith(visits.url)


def test_wrong_name_and_wrong_password_are_the_same_words(visits: Visits, ann: tuple[str, str]) -> None:
    """Nobody learns from the sign-in page which users exist, and what was typed as the name stays."""
    visits.expected_errors += [REFUSED]
    page = visits.visit("/sign-in")
    for username in (ann[0], "nobody"):
        fill_and_send(page, username, "wrong")
        expect(page.get_by_role("alert").filter(has_text="Name or password is wrong.")).to_be_visible()
        expect(page.get_by_label("Name")).to_have_value(username)
        expect(page.get_by_label("Password")).to_have_value("")


def test_signing_out_in_one_tab_signs_out_the_others(visits: Visits) -> None:
    """Signing out is done once for the browser; every tab shows the sign-in page."""
    first = visits.opened("/cluster")
    second = first.context.new_page()
    second.goto("/cluster")
    expect(second.get_by_role("heading", level=1, name="Cluster")).to_be_visible()
    first.get_by_role("button", name=re.compile("^admin: account")).click()
    first.get_by_role("menuitem", name="Sign out").click()
    expect(first.get_by_role("button", name="Sign in")).to_be_visible()
    expect(second.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_session_that_ends_is_asked_for_above_the_page(visits: Visits, world: World, ann: tuple[str, str]) -> None:
    """Somebody whose session ends signs in again in a dialog, and is still on the same page afterwards."""
    visits.expected_errors += [REFUSED]
    page = visits.opened("/cluster?tab=members", ann)
    expect(page.get_by_role("heading", level=1, name="Cluster")).to_be_visible()
    end_sessions(world, ann[0])
    dialog = page.get_by_role("dialog", name="Sign in again")
    expect(dialog).to_be_visible()
    address = page.url
    expect(dialog.get_by_label("Name")).to_have_value(ann[0])
    dialog.get_by_label("Password").fill(ann[1])
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_be_hidden()
    assert page.url == address


def test_the_dialog_of_an_ended_session_can_be_left(visits: Visits, world: World, ann: tuple[str, str]) -> None:
    """Somebody who does not want to go on gets to the sign-in page, which leads back."""
    visits.expected_errors += [REFUSED]
    page = visits.opened("/cluster", ann)
    expect(page.get_by_role("heading", level=1, name="Cluster")).to_be_visible()
    end_sessions(world, ann[0])
    page.get_by_role("button", name="Leave this page").click()
    expect(page).to_have_url(re.compile(r"/sign-in\?to="))


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_signing_in_works_with_the_keyboard_alone(visits: Visits, size: tuple[int, int]) -> None:
    """Name, Tab, password, Enter: no pointer is needed."""
    page = visits.visit("/sign-in?to=/cluster", size=size)
    name = page.get_by_label("Name")
    expect(name).to_be_visible()
    name.focus()
    page.keyboard.type(USER)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Cluster")).to_be_visible()


def test_password_managers_find_the_fields(visits: Visits) -> None:
    """The fields say what they are for, so that a browser fills them in."""
    page = visits.visit("/sign-in")
    expect(page.get_by_label("Name")).to_have_attribute("autocomplete", "username")
    expect(page.get_by_label("Password")).to_have_attribute("autocomplete", "current-password")
    expect(page.get_by_label("Password")).to_have_attribute("type", "password")
