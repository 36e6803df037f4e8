"""Deliveries: what waits and what was given up, by handler and error, tried again or discarded."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.browser import PHONE, Visits
from tests.web.world import World

DELIVERIES = "/n/default/deliveries"
API = "/api/sensu/v1/namespaces/default/deliveries"
HOSTILE = "<img src=x onerror=alert(1)> {{ x }} \u0627\u0644\u0642\u0631\u0635 " + "x" * 300


@pytest.fixture(scope="module", autouse=True)
def filled(world: World) -> None:
    """A handler that gives up at once, one that tries again in an hour, and one whose error is hostile."""
    world.create(
        handler("broken", "echo no route to host >&2; exit 3", retry_attempts=0),
        handler("later", "exit 4", retry_attempts=5, retry_delay=3600),
        handler("rude", f"echo '{HOSTILE}' >&2; exit 5", retry_attempts=0),
    )


def handler(name: str, command: str, **spec: Any) -> dict[str, Any]:
    given = {"type": "pipe", "command": command, "timeout": 10, **spec}
    metadata = {"name": name, "namespace": "default"}
    return {"type": "Handler", "api_version": "core/v2", "metadata": metadata, "spec": given}


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def group(page: Page, words: str) -> Locator:
    return page.get_by_role("list", name="Groups").get_by_role("listitem").filter(has_text=re.compile(words))


def left(world: World, word: str) -> int:
    found: int = world.api("GET", f"{API}/rows?word={word}").body["total"]
    return found


def test_a_dead_letter_is_tried_again_after_its_handler_was_mended(visits: Visits, world: World) -> None:
    """It comes into the list by itself with its error; tried again, it leaves the list by itself."""
    visits.expected_errors.append("404")
    page = visits.opened(DELIVERIES)
    expect(page.get_by_role("heading", name="Nothing waits, and nothing was given up.")).to_be_visible()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    world.report("web1", "http", 2, "refused", handlers=["broken"])
    expect(row(page, "web1/http")).to_contain_text("given up")
    expect(row(page, "web1/http")).to_contain_text("exit status 3")
    row(page, "web1/http").get_by_role("link").click()
    expect(page.get_by_text("dead letter · ")).to_be_visible()
    world.create(handler("broken", "true", retry_attempts=0))
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("1 delivery is tried again.")
    page.get_by_role("link", name="All deliveries").click()
    expect(row(page, "web1/http")).to_have_count(0)
    assert left(world, "web1") == 0


def test_a_group_is_discarded_after_its_number_was_typed(visits: Visits, world: World) -> None:
    """Deliveries to one handler with one error are a group; more than 20 are discarded only with their number typed."""
    world.create(handler("broken", "exit 6", retry_attempts=0))
    for number in range(22):
        world.report(f"many{number}", "disk", 2, "full", handlers=["broken"])
    page = visits.opened(f"{DELIVERIES}?q=many")
    expect(group(page, "broken: exit status 6")).to_contain_text("22 dead letters", timeout=15_000)
    group(page, "broken: exit status 6").get_by_role("link").click()
    expect(page).to_have_url(re.compile("handler=broken"))
    expect(row(page, "many21/disk")).to_be_visible()
    group(page, "broken").get_by_role("button", name="Discard").click()
    dialog = page.get_by_role("dialog", name="Discard 22 deliveries?")
    expect(dialog.get_by_role("button", name="Discard")).to_have_attribute("aria-disabled", "true")
    dialog.get_by_label("Type 22 to confirm").fill("22")
    dialog.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("22 deliveries are discarded.")
    expect(page.get_by_role("heading", name="No delivery matches.")).to_be_visible()
    assert left(world, "many") == 0


def test_what_waits_is_selected_and_discarded(visits: Visits, world: World) -> None:
    """A delivery that waits says when it is tried next; selected ones are discarded after a question."""
    world.report("slow1", "http", 2, "refused", handlers=["later"])
    page = visits.opened(f"{DELIVERIES}?state=owed&q=slow")
    expect(row(page, "slow1/http")).to_contain_text(re.compile(r"in \d+ min"), timeout=15_000)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("region", name="Selection").get_by_role("button", name="Discard").click()
    dialog = page.get_by_role("dialog", name="Discard 1 delivery?")
    expect(dialog).to_contain_text("slow1/http")
    dialog.get_by_role("button", name="Discard").click()
    expect(row(page, "slow1/http")).to_have_count(0)
    assert left(world, "slow1") == 0


def test_hostile_errors_are_text(visits: Visits, world: World) -> None:
    """Whatever a handler says is shown as text, and the page stays as wide as a phone."""
    world.report("rude1", "http", 2, HOSTILE, handlers=["rude"])
    page = visits.opened(f"{DELIVERIES}?q=rude", size=PHONE)
    expect(page.get_by_role("link", name="rude1/http")).to_be_visible(timeout=15_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="rude1/http").click()
    expect(page.get_by_role("heading", level=1, name="rude1/http")).to_be_visible()
    expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_who_may_only_look_sees_no_buttons(visits: Visits, world: World) -> None:
    """With the right to read alone, deliveries are shown without trying again or discarding."""
    world.report("seen1", "http", 2, "refused", handlers=["later"])
    spec = {"rules": [{"verbs": ["get", "list"], "resources": ["deliveries"]}]}
    world.create({"type": "ClusterRole", "api_version": "core/v2", "metadata": {"name": "reader"}, "spec": spec})
    user = {"username": "bob", "password": "P@ssw0rd!", "groups": []}
    world.create({"type": "User", "api_version": "core/v2", "metadata": {"name": "bob"}, "spec": user})
    binding = {"subjects": [{"type": "User", "name": "bob"}], "role_ref": {"type": "ClusterRole", "name": "reader"}}
    world.create({"type": "ClusterRoleBinding", "api_version": "core/v2", "metadata": {"name": "b"}, "spec": binding})
    visits.expected_errors.append("403")
    page = visits.opened(f"{DELIVERIES}?q=seen1", ("bob", "P@ssw0rd!"))
    expect(row(page, "seen1/http")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("button", name=re.compile("Try again|Discard"))).to_have_count(0)
    row(page, "seen1/http").get_by_role("link").click()
    expect(page.get_by_text("Left to do")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Try again|Discard"))).to_have_count(0)
