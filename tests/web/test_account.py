"""The own account: preferences, password, sessions, rights."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser import PHONE, Visits
from tests.web.test_shell import open_signed_in
from tests.web.world import World

SECRET = "ann-s-secret"
HOSTILE = "<img src=x onerror=alert(1)>\u202e"


@pytest.fixture
def ann(world: World) -> tuple[str, str]:
    """A user with a known password, who may do everything."""
    spec = {"username": "ann", "password": SECRET, "groups": ["cluster-admins", "ops"], "disabled": False}
    world.create({"type": "User", "api_version": "core/v2", "metadata": {"name": "ann"}, "spec": spec})
    return "ann", SECRET


def change_password(page: Page, current: str, fresh: str, again: str) -> None:
    """Fill in and send the form."""
    page.get_by_label("Current password").fill(current)
    page.get_by_label("New password", exact=True).fill(fresh)
    page.get_by_label("New password again").fill(again)
    page.get_by_role("button", name="Change password").click()


def test_a_new_password_ends_all_other_sessions(visits: Visits, ann: tuple[str, str]) -> None:
    """After somebody changed the own password, other browsers must sign in again; this one goes on."""
    visits.expected_errors += ["status of 401"]
    here, elsewhere = open_signed_in(visits, "/me?tab=password", ann), open_signed_in(visits, "/cluster", ann)
    change_password(here, SECRET, "another-secret", "another-secret")
    expect(here.get_by_text("Your password is changed.")).to_be_visible()
    expect(elsewhere.get_by_role("dialog", name="Sign in again")).to_be_visible()
    expect(here.get_by_label("Current password")).to_have_value("")
    expect(here.get_by_label("New password", exact=True)).to_have_value("")
    here.reload()
    expect(here.get_by_role("heading", level=1, name="Your account")).to_be_visible()


def test_passwords_are_nowhere_but_in_the_request(visits: Visits, ann: tuple[str, str]) -> None:
    """What is typed as a password is in no URL, history entry or storage of the browser, even if it is refused."""
    visits.expected_errors += ["status of 400"]
    page = open_signed_in(visits, "/me?tab=password", ann)
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    change_password(page, "wrong-password", "typed-and-refused", "typed-and-refused")
    expect(page.get_by_role("alert").filter(has_text="rong password for user ann")).to_be_visible()
    kept = page.evaluate("JSON.stringify([location.href, history.state, {...localStorage}, {...sessionStorage}])")
    assert not [text for text in (kept, *urls) if "typed-and-refused" in text or "wrong-password" in text]


def test_a_password_that_would_be_refused_is_not_sent(visits: Visits, ann: tuple[str, str]) -> None:
    """A short password and two different ones are named at their fields."""
    page = open_signed_in(visits, "/me?tab=password", ann)
    change_password(page, SECRET, "short", "short")
    expect(page.get_by_text("A password has at least 8 characters, not 5.")).to_be_visible()
    change_password(page, SECRET, "long-enough-1", "long-enough-2")
    expect(page.get_by_text("This is not the same password.")).to_be_visible()
    expect(page.get_by_label("New password again")).to_have_attribute("aria-invalid", "true")


def test_preferences_follow_somebody_to_another_browser(visits: Visits, ann: tuple[str, str]) -> None:
    """Theme, time zone, keys and the first page are kept with the account."""
    page = open_signed_in(visits, "/me", ann)
    page.get_by_role("combobox", name="Theme").select_option(label="Dark")
    page.get_by_label("Times in").select_option(label="UTC")
    page.get_by_label("Single keys act").uncheck()
    page.get_by_label("First page after signing in").select_option(label="Events of the last namespace")
    expect(page.get_by_text("Kept with your account.")).to_be_visible()
    other = visits.opened("/", ann)
    expect(other).to_have_url(re.compile("/n/default/events"))
    assert other.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    other.goto("/me")
    expect(other.get_by_label("Times in")).to_have_value("utc")
    expect(other.get_by_label("Single keys act")).not_to_be_checked()


def test_sessions_are_seen_and_ended(visits: Visits, world: World, ann: tuple[str, str]) -> None:
    """Somebody sees where they are signed in, which session is this browser's, and ends another one."""
    visits.expected_errors += ["status of 401"]
    elsewhere = visits.opened("/cluster", ann, user_agent=HOSTILE.replace("\u202e", ""))
    expect(elsewhere.get_by_role("heading", level=1)).to_be_visible()
    page = open_signed_in(visits, "/me?tab=sessions", ann)
    table = page.get_by_role("table", name="Sessions of ann")
    expect(table.get_by_role("row").filter(has_text="this browser")).to_have_count(1)
    strange = table.get_by_role("row").filter(has_text="<img")
    strange.get_by_role("button", name="End").click()
    expect(page.get_by_text("1 session ended.")).to_be_visible()
    expect(strange).to_have_count(0)
    expect(elsewhere.get_by_role("dialog", name="Sign in again")).to_be_visible()


def test_the_account_works_with_the_keyboard_on_a_phone(visits: Visits, ann: tuple[str, str]) -> None:
    """Tabs are walked with the arrows, and nothing is wider than a phone."""
    page = open_signed_in(visits, "/me", ann, size=PHONE)
    page.get_by_role("tab", name="Preferences").focus()
    for name in ("Password", "Sessions", "Rights"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, name
    expect(page.get_by_text("every verb")).to_be_visible()


def test_a_forbidden_page_names_who_can_grant_it(visits: Visits, world: World) -> None:
    """Somebody who may list bindings reads who can grant a missing right; others read what an administrator does."""
    meta = {"name": "auditors"}
    rules = [{"verbs": ["list"], "resources": ["clusterrolebindings", "rolebindings"]}]
    world.create({"type": "ClusterRole", "api_version": "core/v2", "metadata": meta, "spec": {"rules": rules}})
    subjects = [{"type": "User", "name": "olga"}]
    binding = {"subjects": subjects, "role_ref": {"type": "ClusterRole", "name": "auditors"}}
    world.create({"type": "ClusterRoleBinding", "api_version": "core/v2", "metadata": meta, "spec": binding})
    for name in ("olga", "otto"):
        spec = {"username": name, "password": SECRET, "groups": [], "disabled": False}
        world.create({"type": "User", "api_version": "core/v2", "metadata": {"name": name}, "spec": spec})
    page = open_signed_in(visits, "/n/default/events", ("olga", SECRET))
    expect(page.get_by_role("heading", name="You may not list events in default.")).to_be_visible()
    expect(page.get_by_text(re.compile("People who can grant it: .*admin"))).to_be_visible()
    other = open_signed_in(visits, "/n/default/events", ("otto", SECRET))
    expect(other.get_by_text("An administrator can grant it")).to_be_visible()
