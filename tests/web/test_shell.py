"""The frame around every page: navigation, namespaces, keys, themes, small windows."""

import re

import pytest
from playwright.sync_api import Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import DESKTOP, PHONE, TABLET, Visits
from tests.web.world import World

NARROW = (320, 640)
"""A window of 1280 px at a zoom of 400 %."""


def open_signed_in(visits: Visits, path: str, user: tuple[str, str] = (USER, PASSWORD), **options: object) -> Page:
    """A page for somebody who is signed in."""
    page = visits.opened(path, user, **options)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


@pytest.fixture
def many_namespaces(world: World) -> None:
    """Namespaces whose names a menu could not show, one of them awkward to read."""
    for name in ("ops", "production", "staging-eu-west-1"):
        world.api("PUT", f"/api/core/v2/namespaces/{name}", {"name": name})


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE, NARROW], ids=["desktop", "tablet", "phone", "zoomed"])
def test_the_shell_fits_any_window(visits: Visits, size: tuple[int, int]) -> None:
    """Nothing is lost in a small or zoomed window, and it scrolls in one direction only."""
    page = open_signed_in(visits, "/cluster", size=size)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0
    if size in (PHONE, NARROW):
        page.get_by_role("button", name="More").click()
        expect(page.get_by_role("dialog").get_by_role("link", name="Cluster")).to_be_visible()
    else:
        expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Cluster")).to_be_visible()


def test_another_namespace_is_found_by_a_part_of_its_name(visits: Visits, many_namespaces: None) -> None:
    """Two keys open the list of namespaces, a few letters and Enter choose one, and the URL has it."""
    page = open_signed_in(visits, "/cluster")
    page.keyboard.press("g")
    page.keyboard.press("n")
    dialog = page.get_by_role("dialog", name="Namespace")
    expect(dialog).to_be_visible()
    page.keyboard.type("eu-w")
    expect(dialog.get_by_role("button", name="staging-eu-west-1")).to_be_visible()
    expect(dialog.get_by_role("button", name="production")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/n/staging-eu-west-1/"))
    expect(page.get_by_role("button", name="Namespace staging-eu-west-1")).to_be_visible()


def test_keys_are_explained_and_can_be_switched_off(visits: Visits) -> None:
    """A question mark shows the keys; with single keys off only combinations act, also after a reload."""
    page = open_signed_in(visits, "/cluster")
    page.keyboard.press("?")
    help_dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_dialog).to_be_visible()
    help_dialog.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("?")
    page.keyboard.press("Control+.")
    expect(help_dialog).to_be_hidden()


def test_keys_do_nothing_in_a_text_field(visits: Visits, many_namespaces: None) -> None:
    """Letters that are typed are text, never actions."""
    page = open_signed_in(visits, "/cluster")
    page.get_by_role("button", name=re.compile("^Namespace")).click()
    field = page.get_by_role("dialog").get_by_label("Find")
    field.press_sequentially("g?no")
    expect(field).to_have_value("g?no")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()


def test_a_dialog_gives_the_focus_back(visits: Visits) -> None:
    """After Esc the focus is where it was, on the button that opened the dialog."""
    page = open_signed_in(visits, "/cluster")
    switcher = page.get_by_role("button", name=re.compile("^Namespace"))
    switcher.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Namespace")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Namespace")).to_be_hidden()
    expect(switcher).to_be_focused()


def test_the_first_tab_stop_skips_to_the_page(visits: Visits) -> None:
    """Somebody with a keyboard does not walk through the navigation on each page."""
    page = open_signed_in(visits, "/cluster")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_a_theme_stays_after_a_reload(visits: Visits) -> None:
    """A chosen theme overrides that of the system, in this browser, from the first paint on."""
    page = open_signed_in(visits, "/cluster")
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("menuitem", name="Dark").click()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


@pytest.mark.parametrize(
    "options",
    [{"forced_colors": "active"}, {"reduced_motion": "reduce"}, {"contrast": "more"}, {"has_touch": True}],
    ids=["forced colours", "reduced motion", "more contrast", "touch"],
)
def test_the_shell_works_however_it_is_seen(visits: Visits, options: dict[str, object]) -> None:
    """Forced colours, reduced motion, more contrast and touch leave everything usable."""
    page = open_signed_in(visits, "/cluster", **options)
    expect(page.get_by_text("healthy").first).to_be_visible()
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("menuitem", name="High contrast").click()
    expect(page.get_by_role("menuitem")).to_have_count(0)


def test_a_page_that_does_not_exist_says_so(visits: Visits) -> None:
    """A mistyped address shows what was asked for and the way back, inside the shell."""
    page = open_signed_in(visits, "/n/default/<script>alert(1)</script>")
    expect(page.get_by_role("heading", level=1, name="Page not found")).to_be_visible()
    expect(page.get_by_role("link", name="Start page")).to_be_visible()


def test_a_user_without_rights_sees_what_is_missing(visits: Visits, world: World) -> None:
    """Pages that somebody may not see are not in the navigation, and their addresses say which right is missing."""
    world.create(
        {
            "type": "User",
            "api_version": "core/v2",
            "metadata": {"name": "guest"},
            "spec": {"username": "guest", "password": "guest-secret", "groups": [], "disabled": False},
        }
    )
    page = open_signed_in(visits, "/cluster", ("guest", "guest-secret"))
    pages = page.get_by_role("navigation", name="Pages")
    expect(pages.get_by_role("link", name="Cluster")).to_be_visible()
    expect(pages.get_by_role("link", name="Events")).to_have_count(0)


def test_the_window_has_the_title_of_the_page(visits: Visits) -> None:
    """Tabs can be told apart by their titles."""
    page = open_signed_in(visits, "/cluster")
    expect(page).to_have_title("Cluster · Sensu")
    page.goto("/n/default/nothing")
    expect(page).to_have_title("Page not found · Sensu")


def test_a_tab_of_an_old_version_loads_the_new_one(visits: Visits) -> None:
    """After an upgrade the files of the old version are gone: the next page is that of the new one, no form is lost."""
    visits.expected_errors.append("status of 404")
    page = open_signed_in(visits, "/n/default/checks/new")
    page.get_by_label("Name", exact=True).first.fill("half-written")
    expect(page.get_by_text("creates the check half-written")).to_be_visible()
    old = ["version"]
    page.on("request", lambda request: old.clear() if request.is_navigation_request() else None)
    page.route("**/assets/**", lambda route: route.fulfill(status=404) if old else route.fallback())
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Audit").click()
    expect(page.get_by_role("heading", level=1, name="Audit")).to_be_visible()
    assert old == []
    page.go_back()
    expect(page.get_by_label("Name", exact=True).first).to_have_value("half-written")
