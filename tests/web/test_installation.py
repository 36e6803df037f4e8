"""Namespaces, settings and the page about the product."""

import re

import pytest
from playwright.sync_api import expect

from tests.web.browser import PHONE, Visits
from tests.web.test_access import SECRET, user, wrapped
from tests.web.test_shell import open_signed_in
from tests.web.world import World

CONFIG = "/api/enterprise/web/v1/config"


def test_a_namespace_is_created_and_deleted_when_it_is_empty(visits: Visits, world: World) -> None:
    """A namespace that is not empty shows what lies in it; an empty one is deleted after its name is typed."""
    page = open_signed_in(visits, "/namespaces")
    page.get_by_role("button", name="Create a namespace").click()
    dialog = page.get_by_role("dialog", name="Create a namespace")
    dialog.get_by_label("Name").fill("staging")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_role("row", name="staging")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Namespace")).click()
    expect(page.get_by_role("dialog", name="Namespace").get_by_role("button", name="staging")).to_be_visible()
    page.keyboard.press("Escape")
    world.create(wrapped("Handler", "mail", "staging", type="pipe", command="cat"))
    page.get_by_role("button", name="Delete the namespace staging").click()
    full = page.get_by_role("dialog", name="The namespace staging is not empty")
    expect(full).to_contain_text("1 Handler")
    full.get_by_role("button", name="Close").click()
    world.remove("/api/core/v2/namespaces/staging/handlers/mail")
    page.get_by_role("button", name="Delete the namespace staging").click()
    confirm = page.get_by_role("dialog", name="Delete the namespace staging?")
    expect(confirm.get_by_role("button", name="Delete")).to_be_disabled()
    confirm.get_by_label("Type staging to confirm").fill("staging")
    confirm.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("row", name="staging")).to_have_count(0)


def test_namespaces_are_those_that_somebody_may_see(visits: Visits, world: World) -> None:
    """Somebody with rights in one namespace sees that one, and no button that would be refused."""
    world.api("PUT", "/api/core/v2/namespaces/hidden", {"name": "hidden"})
    world.create(
        user("nina"),
        wrapped(
            "RoleBinding",
            "nina",
            "default",
            subjects=[{"type": "User", "name": "nina"}],
            role_ref={"type": "ClusterRole", "name": "view"},
        ),
    )
    page = open_signed_in(visits, "/namespaces", ("nina", SECRET))
    expect(page.get_by_role("row", name="default")).to_be_visible()
    expect(page.get_by_role("row", name="hidden")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^(Create|Delete)"))).to_have_count(0)


def test_settings_hold_for_everybody_and_keep_what_the_page_does_not_know(visits: Visits, world: World) -> None:
    """The message is on the sign-in page, the theme holds for those who chose none, and other fields stay."""
    spec = {"signin_message": "hello", "license_expiry_reminder": "1080h"}
    config = {"type": "GlobalConfig", "api_version": "web/v1", "metadata": {"name": "custom"}, "spec": spec}
    world.api("PUT", f"{CONFIG}/custom", config)
    visits.expected_errors += ["status of 400"]
    page = open_signed_in(visits, "/settings")
    message = page.get_by_label("Message on the sign-in page")
    expect(message).to_have_value("hello")
    message.fill("Ask the <b>operators</b> for an account.")
    page.get_by_label("Theme of those who chose none").select_option(label="Dark")
    frames = page.get_by_label("Hosts whose pages may show")
    frames.fill("not a host")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="rame_ancestors")).to_be_visible()
    frames.fill("")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The settings are saved.")).to_be_visible()
    kept = world.api("GET", f"{CONFIG}/custom").body["spec"]
    assert kept["license_expiry_reminder"] == "1080h"
    stranger = visits.visit("/sign-in")
    expect(stranger.get_by_text("Ask the <b>operators</b> for an account.")).to_be_visible()
    assert stranger.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    world.remove(f"{CONFIG}/custom")


def test_about_names_versions_and_licences(visits: Visits) -> None:
    """The page shows its version and the licences of what it contains, without asking another host."""
    page = open_signed_in(visits, "/about")
    expect(page.get_by_role("region", name="Licences").get_by_text("MIT").first).to_be_visible()
    expect(page.get_by_text("6.9.2")).to_be_visible()


def test_the_cluster_page_says_what_the_backend_is_doing(visits: Visits, world: World) -> None:
    """Events a second, late checks, sizes and queues with their bounds, and clocks are on the page of the cluster."""
    world.report("web1", "http", 2)
    page = open_signed_in(visits, "/cluster")
    load = page.get_by_role("region", name="Load")
    expect(load.get_by_text("Events a second")).to_be_visible()
    expect(load.get_by_text(re.compile("0 late, 0 runs missed"))).to_be_visible()
    expect(load.get_by_text(re.compile("pending, 0 dead letters"))).to_be_visible()
    expect(page.get_by_text("agrees")).to_be_visible()
    storage = page.get_by_role("region", name="Storage and queues")
    expect(storage.get_by_text(re.compile(r"SQLite, \d"))).to_be_visible()
    expect(storage.get_by_role("meter", name="Pending deliveries", exact=True)).to_have_attribute("aria-valuenow", "0")
    expect(storage.get_by_text("0 of 100,000 deliveries")).to_be_visible()
    expect(page.get_by_text("Started")).to_be_visible()


@pytest.mark.parametrize("path", ["/namespaces", "/settings", "/about", "/audit", "/cluster"])
def test_pages_of_the_installation_fit_a_phone(visits: Visits, path: str) -> None:
    """Nothing is wider than the window of a phone."""
    page = open_signed_in(visits, path, size=PHONE)
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
