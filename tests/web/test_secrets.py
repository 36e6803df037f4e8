"""Secrets and their providers: the list, the forms, and what happens to keys on the way."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.web.browser import Visits
from tests.web.world import World

PROVIDERS = "/api/enterprise/secrets/v1/providers"


def row(page: Page, name: str) -> Any:
    return page.get_by_role("row").filter(has=page.get_by_text(name, exact=True))


def test_a_vault_is_made_with_the_form_and_used_by_a_secret(visits: Visits, world: World) -> None:
    """From the secrets of a namespace to a new provider and back; the token is neither shown nor kept in the tab."""
    page = visits.opened("/n/default/secrets")
    page.get_by_role("link", name="secrets providers").click()
    expect(row(page, "env")).to_contain_text("Environment of the backend")
    page.get_by_role("button", name="New secrets provider").click()
    page.get_by_role("menuitem", name="Vault", exact=True).click()
    page.get_by_label("Name", exact=True).fill("vault")
    page.get_by_label("Address", exact=True).fill("https://vault.example.org:8200")
    token = page.get_by_label("Token", exact=True)
    token.fill("t0ken-of-the-form")
    expect(token).to_have_attribute("type", "password")
    page.get_by_label("Version", exact=True).select_option("v1")
    expect(page.locator(".saving")).to_contain_text("Saving creates the secrets provider vault.")
    assert "t0ken" not in page.evaluate("JSON.stringify(sessionStorage)")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile("/secrets-providers$"))
    expect(row(page, "vault")).to_contain_text("https://vault.example.org:8200")
    stored = world.api("GET", f"{PROVIDERS}/vault").body["spec"]["client"]
    assert (stored["token"], stored["version"], stored["tls"]) == ("t0ken-of-the-form", "v1", None)
    page.goto("/n/default/secrets/new")
    page.get_by_label("Name", exact=True).fill("database")
    page.get_by_label("Provider", exact=True).fill("vault")
    page.get_by_label("Id", exact=True).fill("secret/database#password")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile("/n/default/secrets/database$"))


def test_a_provider_is_changed_and_deleted(visits: Visits, world: World) -> None:
    """A change keeps the keys; deleting asks for the name, and says what it means."""
    client = {"region": "eu-central-1", "access_key": "AKID", "secret_key": "kept"}
    body = {"type": "AWSProvider", "api_version": "secrets/v1", "metadata": {"name": "aws"}, "spec": {"client": client}}
    world.api("PUT", f"{PROVIDERS}/aws", body)
    page = visits.opened("/secrets-providers")
    page.get_by_role("link", name="aws").click()
    page.get_by_label("Region", exact=True).fill("Frankfurt")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("must be the name of an AWS region").first).to_be_visible()
    page.get_by_label("Region", exact=True).fill("eu-west-1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(row(page, "aws")).to_contain_text("eu-west-1")
    assert world.api("GET", f"{PROVIDERS}/aws").body["spec"]["client"]["secret_key"] == "kept"
    page.get_by_role("button", name="Delete the secrets provider aws").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Secrets of this provider have no value any more.")
    dialog.get_by_role("textbox").fill("aws")
    dialog.get_by_role("button", name="Delete").click()
    expect(row(page, "aws")).to_have_count(0)
