"""Saved searches: who finds them again, and what they show."""

import re

import pytest
from playwright.sync_api import Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import Visits
from tests.web.fleet import fill
from tests.web.world import World

EVENTS = "/n/default/events"


@pytest.fixture(scope="module", autouse=True)
def people(world: World) -> None:
    """A small company's hosts; ann may read searches, bob only events."""
    fill(world)
    for name, resources in (("ann", ["events", "searches"]), ("bob", ["events"])):
        rule = {"verbs": ["get", "list"], "resources": resources, "resource_names": None}
        subject = {"type": "User", "name": name}
        world.create(
            _of("Role", name, {"rules": [rule]}),
            _of("RoleBinding", name, {"role_ref": {"type": "Role", "name": name}, "subjects": [subject]}),
        )


def _of(kind: str, name: str, spec: dict[str, object]) -> dict[str, object]:
    return {"type": kind, "api_version": "core/v2", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def open_events(visits: Visits, path: str, user: str = USER, password: str = PASSWORD) -> Page:
    """The list of events for a user."""
    page = visits.opened(path, (user, password))
    expect(page.get_by_role("heading", level=1)).to_have_text("Events")
    return page


def test_a_saved_search_is_found_again_by_who_may_read_searches(visits: Visits, world: World) -> None:
    """A colleague who may list searches opens one and sees what was saved; others see no saved searches."""
    page = open_events(visits, f"{EVENTS}?q=load+%26%26+labels.region+==+'us'&status=unknown,passing")
    page.get_by_role("button", name="Saved searches").click()
    dialog = page.get_by_role("dialog", name="Saved searches")
    expect(dialog).to_contain_text("No search of events is saved in default.")
    dialog.get_by_label("Save what is shown now as").fill("american-load")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_role("button", name=re.compile("^american-load by admin"))).to_be_visible()
    spec = world.api("GET", "/api/enterprise/searches/v1/namespaces/default/searches/american-load").body["spec"]
    assert spec["parameters"] == ["status:unknown,passing", "event:load", "labelSelector:region == 'us'"]

    colleague = open_events(visits, EVENTS, "ann", "P@ssw0rd!")
    colleague.get_by_role("button", name="Saved searches").click()
    expect(colleague.get_by_label("Save what is shown now as")).to_have_count(0)
    expect(colleague.get_by_role("button", name="Delete american-load")).to_have_count(0)
    colleague.get_by_role("button", name=re.compile("^american-load by admin")).click()
    expect(colleague.get_by_role("combobox", name="Search events")).to_have_value("load && labels.region == 'us'")
    expect(colleague.get_by_role("row").filter(has_text="web2")).to_be_visible()
    expect(colleague.get_by_role("row").filter(has_text="db1")).to_have_count(0)

    other = open_events(visits, EVENTS, "bob", "P@ssw0rd!")
    expect(other.get_by_role("combobox", name="Search events")).to_be_visible()
    expect(other.get_by_role("button", name="Saved searches")).to_have_count(0)


def test_a_saved_search_is_replaced_and_deleted(visits: Visits, world: World) -> None:
    """Saving under a name that exists says that it replaces the search; deleting asks first."""
    page = open_events(visits, f"{EVENTS}?q=disk")
    page.get_by_role("button", name="Saved searches").click()
    name = page.get_by_label("Save what is shown now as")
    for _ in range(2):
        name.fill("disks")
        page.get_by_role("button", name=re.compile("^(Save|Replace)$")).click()
        expect(name).to_have_value("")
    name.fill("disks")
    expect(page.get_by_text("This name exists: saving replaces its search.")).to_be_visible()
    page.get_by_role("button", name="Delete disks").click()
    page.get_by_role("button", name="Delete for everybody").click()
    expect(page.get_by_role("button", name=re.compile("^disks by admin"))).to_have_count(0)
    assert not world.exists("/api/enterprise/searches/v1/namespaces/default/searches/disks")
