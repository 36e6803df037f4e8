"""A fresh backend in the browser of the person who started it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.web.browser import Visits
from tests.web.world import World


@pytest.fixture
def fresh(web_ui: Path, tmp_path: Path) -> Iterator[World]:
    """A running backend whose database is empty."""
    made = World(tmp_path)
    try:
        made.start_backend()
        yield made
    finally:
        made.close()


def test_the_first_administrator_is_created_on_the_page(fresh: World, chromium: Browser) -> None:
    """A fresh backend asks for a name and a password, says what is wrong with them, and signs the new user in."""
    visits = Visits(chromium, fresh.url)
    visits.expected_errors += [r"status of 400"]
    try:
        page = visits.visit("/")
        expect(page.get_by_text("No user exists yet.")).to_be_visible()
        expect(page.get_by_label("Name")).to_have_value("admin")
        page.get_by_label("Password").fill("short")
        page.get_by_role("button", name="Create and sign in").click()
        expect(page.get_by_role("alert").filter(has_text="at least 8 characters")).to_be_visible()
        page.get_by_label("Password").fill("correct horse")
        page.get_by_role("button", name="Create and sign in").click()
        expect(page.get_by_role("button", name="admin: account")).to_be_visible()
        assert visits.complaints() == []
    finally:
        visits.close()
