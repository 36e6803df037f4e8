"""How events are handled: pipelines with what goes through them, handlers, filters, mutators, hooks and assets."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.browser import Visits
from tests.web.fleet import fill, fill_with_streams_and_services
from tests.web.world import World


@pytest.fixture(scope="module", autouse=True)
def hosts(world: World) -> None:
    """A small company's hosts, with handlers, a pipeline, a filter, a mutator, hooks and an asset."""
    fill(world)


def test_a_pipeline_is_drawn_and_its_numbers_grow_while_events_pass(visits: Visits, world: World) -> None:
    """The boxes are those that are stored, from left to right; the table says the same, for screen readers too."""
    page = visits.opened("/n/default/pipelines/incidents")
    drawing = page.get_by_role("list", name="Workflow page")
    expect(drawing.get_by_role("listitem")).to_have_count(4)
    expect(drawing).to_contain_text(re.compile("Events.*is_incident.*not_silenced.*pager", re.DOTALL))
    expect(drawing).to_contain_text("Handler pager: 0 delivered")
    world.report("web1", "http", 2, "refused", through=["incidents"])
    expect(drawing).to_contain_text("Handler pager: 1 delivered")
    expect(drawing).to_contain_text("Filter is_incident: 1 passed, 0 kept back")
    world.report("web2", "http", 0, "fine", through=["incidents"])
    expect(drawing).to_contain_text("Filter is_incident: 1 passed, 1 kept back")
    page.get_by_text("Show as a table").click()
    table = page.get_by_role("table")
    expect(table).to_contain_text("1 passed, 1 kept back")
    drawing.get_by_role("link", name=re.compile("Handler pager")).click()
    expect(page).to_have_url(re.compile("/n/default/handlers/pager$"))


def test_a_handler_that_fails_says_so_and_its_dead_letters_are_tried_again(visits: Visits, world: World) -> None:
    """The box and the last error are there by themselves; after the handler was mended its dead letters leave."""
    page = visits.opened("/n/default/handlers/chat")
    expect(page.get_by_text("no further try, then it is a dead letter")).to_be_visible()
    world.report("db1", "disk", 2, "full", through=["incidents"])
    letters = page.get_by_role("region", name="Dead letters")
    expect(letters).to_contain_text("db1/disk")
    expect(page.get_by_text("Last error")).to_be_visible()
    path = "/api/core/v2/namespaces/default/handlers/chat"
    world.api("PUT", path, {**world.api("GET", path).body, "command": "cat > /dev/null"})
    letters.get_by_role("button", name=re.compile("^Try all")).click()
    expect(letters).to_have_count(0)


def test_deleting_what_is_used_names_its_users_and_asks_for_the_name(visits: Visits, world: World) -> None:
    """A handler that a pipeline uses is deleted after its name was typed; one that nothing uses after one click."""
    world.create(resource("Handler", "spare", {"type": "pipe", "command": "cat"}))
    page = visits.opened("/n/default/handlers/pager")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("pipeline incidents")
    delete = dialog.get_by_role("button", name="Delete")
    expect(delete).to_have_attribute("aria-disabled", "true")
    dialog.get_by_label("Type pager to confirm").fill("pager")
    expect(delete).not_to_have_attribute("aria-disabled", "true")
    dialog.get_by_role("button", name="Cancel").click()
    page.goto("/n/default/handlers")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="spare", exact=True))
    expect(row).to_contain_text("not used")
    row.get_by_role("button", name="Actions for spare").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(dialog).to_contain_text("Nothing uses it.")
    dialog.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_what_is_missing_and_what_nothing_uses_is_marked(visits: Visits) -> None:
    """An asset that a handler needs but that does not exist is in the list, and so is one that nothing needs."""
    page = visits.opened("/n/default/assets")
    missing = page.get_by_role("row").filter(has_text="chat-post")
    expect(missing).to_contain_text("does not exist")
    expect(missing).to_contain_text("handler chat")
    expect(page.get_by_role("row").filter(has_text="check-disk")).to_contain_text("not used")


def test_a_test_event_is_tried_without_executing_anything_and_then_really_sent(visits: Visits, world: World) -> None:
    """The dry run says what would happen; only the second button stores an event and runs the handler."""
    page = visits.opened("/n/default/handlers/mail")
    page.get_by_role("button", name="Send a test event").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("ould be")
    assert not world.exists("/api/core/v2/namespaces/default/events/sensu-test/test-of-mail")
    dialog.get_by_role("button", name="Really send it").click()
    dialog.get_by_role("link", name="See what became of it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("sensu-test / test-of-mail")


def test_a_copy_is_a_resource_of_its_own_and_yaml_is_shown(visits: Visits) -> None:
    """A filter is copied under another name; its page shows it as YAML, as sensuctl writes it."""
    page = visits.opened("/n/default/filters/office-hours")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Copy").click()
    page.get_by_label("Name of the copy").fill("night-hours")
    page.get_by_role("dialog").get_by_role("button", name="Copy").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("night-hours")
    page.get_by_role("tab", name="YAML").click()
    expect(page).to_have_url(re.compile("tab=yaml"))
    expect(page.get_by_role("region", name="YAML")).to_contain_text("type: EventFilter")


def test_somebody_who_may_only_read_sees_no_button_that_would_be_refused(visits: Visits, world: World) -> None:
    """With rights to read, the page has its content and no actions."""
    reader = {"rules": [{"verbs": ["get", "list"], "resources": ["handlers", "pipelines"]}]}
    reference = {"role_ref": {"type": "Role", "name": "reader"}, "subjects": [{"type": "User", "name": "bob"}]}
    world.create(resource("Role", "reader", reader), resource("RoleBinding", "reader", reference))
    page = visits.opened("/n/default/handlers/pager", ("bob", "P@ssw0rd!"))
    expect(page.get_by_text("cat > /dev/null")).to_be_visible()
    expect(page.get_by_role("button", name="More actions")).to_have_count(0)
    expect(page.get_by_role("button", name="Send a test event")).to_have_count(0)


def test_a_secret_shows_its_provider_and_who_uses_it(visits: Visits, world: World) -> None:
    """The list has the id of the secret in its provider; its page names the handler that uses it."""
    secret = {"type": "Secret", "api_version": "secrets/v1", "metadata": {"name": "token", "namespace": "default"}}
    path = "/api/enterprise/secrets/v1/namespaces/default/secrets/token"
    world.api("PUT", path, {**secret, "spec": {"provider": "env", "id": "PAGER_TOKEN"}})
    spec = {"type": "pipe", "command": "cat", "secrets": [{"name": "TOKEN", "secret": "token"}]}
    world.create(resource("Handler", "with-secret", spec))
    page = visits.opened("/n/default/secrets")
    expect(page.get_by_role("row").filter(has_text="token")).to_contain_text("PAGER_TOKEN of env")
    page.get_by_role("link", name="token").click()
    expect(page.get_by_role("region", name="Used by")).to_contain_text("with-secret")
    page.get_by_role("tab", name="YAML").click()
    expect(page.get_by_role("region", name="YAML")).to_contain_text("api_version: secrets/v1")


def resource(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A resource as `sensuctl create` reads it."""
    metadata = {"name": name, "namespace": "default"}
    return {"type": kind, "api_version": "core/v2", "metadata": metadata, "spec": spec}


def test_streams_have_pages_and_forms_and_are_copied_as_yaml(visits: Visits, world: World) -> None:
    """A stream handler is found from the handlers and changed with its form; keys copy it as YAML, and its link."""
    fill_with_streams_and_services(world)
    page = visits.opened("/n/default/handlers", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="TCP stream handlers").click()
    page.get_by_role("link", name="logs", exact=True).click()
    expect(page.get_by_text("logs.example.com:4242")).to_be_visible()
    page.keyboard.press("Shift+C")
    message = page.get_by_role("status", name="Messages")
    expect(message).to_contain_text("The YAML is copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("type: TCPStreamHandler\napi_version: pipeline/v1\n")
    page.keyboard.press("c")
    expect(message).to_contain_text("The link is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Address", exact=True).fill("logs.example.com:4243")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile("/n/default/tcp-stream-handlers/logs$"))
    expect(page.get_by_text("logs.example.com:4243")).to_be_visible()
