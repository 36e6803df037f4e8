"""Lists of resources of one kind: how they are searched, sorted and followed, and what they say when they are empty."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.browser import PHONE, Visits
from tests.web.world import World

HOOKS = "/n/default/hooks"
MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module", autouse=True)
def hooks(world: World) -> None:
    """Three hooks, one of them with markup for a command."""
    world.create(hook("ps10", "ps aux", 60), hook("ps9", MARKUP, 5), hook("netstat", "netstat -tulpn | head -40", 30))


def hook(name: str, command: str, timeout: int, namespace: str = "default") -> dict[str, Any]:
    """A hook as `sensuctl create` reads it."""
    metadata = {"name": name, "namespace": namespace}
    spec = {"command": command, "timeout": timeout}
    return {"type": "HookConfig", "api_version": "core/v2", "metadata": metadata, "spec": spec}


def rows(page: Page) -> Locator:
    """The rows of the list, without its head."""
    return page.get_by_role("row").filter(has=page.get_by_role("gridcell"))


def names(page: Page) -> Sequence[str]:
    """The first words of the rows, from the top."""
    found = rows(page).evaluate_all(
        "rows => rows.map(row => [Number(row.ariaRowIndex), row.querySelector('.name').textContent])"
    )
    return [name for _, name in sorted(found)]


def test_a_list_is_searched_and_sorted_and_its_address_says_so(visits: Visits) -> None:
    """Words and the clicked column are in the URL, so that a reload and a colleague see the same."""
    page = visits.opened(HOOKS)
    expect(rows(page)).to_have_count(3)
    assert names(page) == ["netstat", "ps9", "ps10"]
    page.get_by_role("columnheader", name="What").get_by_role("button").click()
    expect(page).to_have_url(re.compile("order=what"))
    assert names(page) == ["ps9", "netstat", "ps10"]
    page.get_by_role("combobox", name="Search hooks").fill("ps")
    expect(page).to_have_url(re.compile("q=ps"))
    expect(rows(page)).to_have_count(2)
    page.reload()
    expect(rows(page)).to_have_count(2)
    assert names(page) == ["ps9", "ps10"]
    expect(page.get_by_text("2 of 3")).to_be_visible()
    page.get_by_role("combobox", name="Search hooks").fill("nothing like this")
    expect(page.get_by_text("No hook matches.")).to_be_visible()
    expect(page.get_by_text("3 hooks are in this namespace.")).to_be_visible()
    page.get_by_role("button", name="Without “nothing”").click()
    page.goto(f"{HOOKS}?q=hook.name == 'ps9'")
    expect(rows(page)).to_have_count(1)


def test_a_list_follows_what_changes_and_nothing_moves_under_the_pointer(visits: Visits, world: World) -> None:
    """A new resource comes in by itself; while somebody points at the list it waits, and a button says so."""
    page = visits.opened(HOOKS)
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    rows(page).first.hover()
    world.create(hook("a-new-one", "true", 10))
    page.get_by_role("button", name="1 changed: reorder").click()
    assert names(page)[0] == "a-new-one"
    page.get_by_role("heading", level=1).hover()
    world.remove("/api/core/v2/namespaces/default/hooks/a-new-one")
    expect(rows(page)).to_have_count(3)


def test_a_list_is_walked_through_by_keys(visits: Visits) -> None:
    """The arrow keys lead from row to row, and the row that has the focus is seen."""
    page = visits.opened(HOOKS)
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("j")
    expect(page.locator("[aria-rowindex='2']")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[aria-rowindex='3']")).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator("[aria-rowindex='4']")).to_be_focused()


def test_an_empty_list_says_what_the_kind_is_for(visits: Visits, world: World) -> None:
    """A namespace without hooks explains what a hook is."""
    world.create(
        {"type": "Namespace", "api_version": "core/v2", "metadata": {"name": "empty"}, "spec": {"name": "empty"}}
    )
    page = visits.opened("/n/empty/hooks", size=PHONE)
    expect(page.get_by_text("No hook yet.")).to_be_visible()


def test_markup_in_a_list_is_text_on_a_phone_too(visits: Visits) -> None:
    """A command with markup is shown as it is, in two lines a row."""
    page = visits.opened(HOOKS, size=PHONE)
    expect(page.get_by_text(MARKUP)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
