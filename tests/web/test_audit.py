"""The audit log, as somebody reads it who wants to know who changed what."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.web.browser import PHONE, Visits
from tests.web.test_access import HOSTILE, SECRET, user, wrapped
from tests.web.test_shell import open_signed_in
from tests.web.world import World


def check(interval: int, **fields: object) -> dict[str, object]:
    """A check of a command."""
    spec = {"command": "check-http.sh", "interval": interval, "subscriptions": ["web"], **fields}
    return wrapped("CheckConfig", "http", "default", **spec)


@pytest.fixture
def changes(world: World) -> None:
    """A check is changed twice, once with secrets; a user is created; hostile text is in a handler."""
    world.create(check(60), check(30, env_vars=["TOKEN=top-secret-1"]))
    world.create(user("ann"), wrapped("Handler", "mail", "default", type="pipe", command=f"cat '{HOSTILE}'"))


def test_a_change_is_shown_value_by_value(visits: Visits, changes: None) -> None:
    """An entry says who did what and from where; opened, it shows what was before and what is after."""
    page = open_signed_in(visits, "/audit?type=CheckConfig&action=update")
    entry = page.get_by_role("listitem").filter(has_text="changed CheckConfig").first
    expect(entry).to_contain_text("admin")
    expect(entry).to_contain_text("127.0.0.1, access token")
    entry.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(entry.get_by_text("− 60")).to_be_visible()
    expect(entry.get_by_text("+ 30")).to_be_visible()
    expect(entry).not_to_contain_text("check-http.sh")


def test_no_secret_is_shown(visits: Visits, world: World, changes: None) -> None:
    """Passwords, their hashes and the values of variables are not in the page, its answers or the export."""
    page = open_signed_in(visits, "/audit?from=all")
    for summary in page.locator("summary").all():
        summary.click()
    export = page.context.request.get("/api/sensu/v1/audit/export").text()
    for text in (page.content(), export):
        assert not [secret for secret in ("top-secret-1", SECRET, "$2") if secret in text]
    assert "REDACTED" in export


def test_entries_are_found_by_filters_that_are_in_the_url(visits: Visits, changes: None) -> None:
    """Who, what, type, name and period are filters; a reload shows the same entries."""
    page = open_signed_in(visits, "/audit")
    page.get_by_label("Type").select_option("User")
    page.get_by_label("Name contains").fill("an")
    expect(page).to_have_url(re.compile("type=User&name=an"))
    log = page.get_by_role("list", name="Audit log")
    expect(log.get_by_role("listitem").filter(has_text="ann").first).to_be_visible()
    expect(log.get_by_role("listitem").filter(has_text="CheckConfig")).to_have_count(0)
    page.reload()
    expect(log.get_by_role("listitem").filter(has_text="ann").first).to_be_visible()
    page.get_by_label("User").fill("nobody' || '")
    expect(page.get_by_role("heading", name="No entry matches.")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(log.get_by_role("listitem").filter(has_text="CheckConfig").first).to_be_visible()


def test_new_entries_come_by_themselves(visits: Visits, world: World, changes: None) -> None:
    """A change that is made while the page is open is shown without a reload, and what is open stays open."""
    page = open_signed_in(visits, "/audit?type=CheckConfig")
    entry = page.get_by_role("listitem").filter(has_text="changed CheckConfig").first
    entry.locator("summary").click()
    expect(entry.get_by_text("+ 30")).to_be_visible()
    before = page.get_by_role("listitem").filter(has_text="CheckConfig").count()
    world.create(check(15))
    expect(page.get_by_role("listitem").filter(has_text="CheckConfig")).to_have_count(before + 1, timeout=10_000)
    expect(page.get_by_text("+ 30").first).to_be_visible()


def test_the_log_is_exported_as_it_is_filtered(visits: Visits, changes: None) -> None:
    """The export is a file with a line for each entry that the filters leave."""
    page = open_signed_in(visits, "/audit?type=User")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as ndjson").click()
    lines = download.value.path().read_text().splitlines()
    assert lines
    assert {json.loads(line)["type"] for line in lines} == {"User"}


def test_wrong_passwords_are_in_the_log(visits: Visits, changes: None) -> None:
    """A refused sign-in of a user is an entry, without what was typed as the password."""
    wrong = {"username": "ann", "password": "typed-by-mistake"}
    stranger = visits.visit(None)
    assert stranger.context.request.post("/auth/session", data=wrong, headers={"Origin": visits.url}).status == 401
    page = open_signed_in(visits, "/audit?action=login%20refused")
    expect(page.get_by_role("listitem").filter(has_text="was refused at sign-in").first).to_contain_text("ann")
    assert "typed-by-mistake" not in page.content()


def test_hostile_text_in_the_log_stays_text(visits: Visits, changes: None) -> None:
    """Markup and right-to-left marks in what was changed are shown as characters, also on a phone."""
    page = open_signed_in(visits, "/audit?type=Handler", size=PHONE)
    page.locator("summary").first.click()
    expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_the_log_needs_its_right(visits: Visits, changes: None) -> None:
    """Somebody without the right on the audit log has no entry in the navigation, and is told what is missing."""
    page = open_signed_in(visits, "/audit", ("ann", SECRET))
    expect(page.get_by_role("heading", name="You may not list audit")).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Audit")).to_have_count(0)
