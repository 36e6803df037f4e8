"""The command palette: anything by a part of its name, and what can be done, without a mouse."""

import pytest
from playwright.sync_api import Locator, Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import Visits
from tests.web.fleet import fill
from tests.web.world import World


@pytest.fixture(scope="module", autouse=True)
def hosts(world: World) -> None:
    """A small company's hosts; bob may read events of default only."""
    fill(world)
    rule = {"verbs": ["get", "list"], "resources": ["events"], "resource_names": None}
    for kind, spec in (
        ("Role", {"rules": [rule]}),
        ("RoleBinding", {"role_ref": {"type": "Role", "name": "bob"}, "subjects": [{"type": "User", "name": "bob"}]}),
    ):
        metadata = {"name": "bob", "namespace": "default"}
        world.create({"type": kind, "api_version": "core/v2", "metadata": metadata, "spec": spec})


def with_palette(visits: Visits, path: str, user: str = USER, password: str = PASSWORD) -> Page:
    """A page for a user, with the palette open."""
    page = visits.opened(path, (user, password))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    expect(box(page)).to_be_focused()
    return page


def box(page: Page) -> Locator:
    """The text field of the palette."""
    return page.get_by_role("dialog", name="Go to or do").get_by_role("combobox")


def test_something_is_opened_by_a_part_of_its_name(visits: Visits) -> None:
    """A part of an entity's name and Enter open its page; it is among the recent ones afterwards."""
    page = with_palette(visits, "/n/default/events")
    page.keyboard.type("cache1")
    expect(page.get_by_role("option", name="cache1 entity in default")).to_be_visible()
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{visits.url}/n/default/entities/cache1")
    page.goto("/n/default/events")
    expect(page.get_by_role("heading", level=1)).to_have_text("Events")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="cache1 entity in default")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_pages_namespaces_and_actions_are_in_the_palette(visits: Visits) -> None:
    """Namespaces are listed first, a page is chosen with arrows and Enter, and an action does what its key does."""
    page = with_palette(visits, "/n/default/events/web1/http")
    expect(page.get_by_role("option", name="staging namespace")).to_be_visible()
    page.keyboard.type("dark")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Control+k")
    expect(box(page)).to_be_focused()
    page.keyboard.type("silence")
    expect(page.get_by_role("option", name="Silence", exact=True).first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem").or_(page.get_by_role("dialog")).first).to_be_visible()


def test_the_palette_names_nothing_that_the_caller_may_not_list(visits: Visits) -> None:
    """Somebody who may only list events finds events, and no handler, pipeline, check or entity."""
    page = with_palette(visits, "/n/default/events", "bob", "P@ssw0rd!")
    box(page).fill("http")
    expect(page.get_by_role("option", name="web1/http event in default")).to_be_visible()
    expect(page.get_by_role("option", name="http checkconfig")).to_have_count(0)
    box(page).fill("pager")
    expect(page.get_by_text("Nothing that you may see has this in its name.")).to_be_visible()


def test_names_that_somebody_may_not_see_are_nowhere(visits: Visits, world: World) -> None:
    """Somebody who may only list events of one namespace sees no other name, whether or not it exists."""
    world.api("PUT", "/api/core/v2/namespaces/secret-rooms", {"name": "secret-rooms"})
    world.report("secret-host", "secret-check", 2, namespace="secret-rooms")
    page = with_palette(visits, "/n/default/events", "bob", "P@ssw0rd!")
    expect(page.get_by_role("option").first).to_be_visible()
    expect(page.get_by_role("option", name="secret-rooms namespace")).to_have_count(0)
    page.keyboard.type("secret")
    expect(page.get_by_text("Nothing that you may see has this in its name.")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Search events").fill("secret")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No event matches")).to_be_visible()
    for path in ("/", "/namespaces", "/n/default/", "/n/default/events"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("main [aria-busy=true]")).to_have_count(0)
        assert "secret" not in page.locator("body").inner_text(), path
    visits.expected_errors.append("status of 40[34]")
    for existing, other in (
        ("/n/default/handlers/pager", "/n/default/handlers/nobody"),
        ("/n/secret-rooms/events/secret-host/secret-check", "/n/no-rooms/events/no-host/no-check"),
        ("/n/secret-rooms/entities", "/n/no-rooms/entities"),
    ):
        assert said_at(page, existing) == said_at(page, other), existing


def said_at(page: Page, path: str) -> str:
    """What a page says in its main part, without the names that are in its address."""
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)
    text = page.locator("main").inner_text()
    for name in path.split("/")[2:]:
        text = text.replace(name, "NAME")
    return text
