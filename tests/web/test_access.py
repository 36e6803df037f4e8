"""Access: who may do what and why, users, roles, bindings and API keys, as administrators see and change them."""

import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import GO, PHONE, Visits
from tests.web.test_shell import open_signed_in
from tests.web.world import World

SECRET = "a-secret-1"
VERBS = ["get", "list", "create", "update", "delete"]
RESOURCES = ["events", "entities", "checks", "silenced", "handlers", "hooks", "assets", "filters"]
HOSTILE = "<img src=x onerror=alert(1)> {{evil}} \u202eelif"


def wrapped(kind: str, name: str, namespace: str = "", **spec: Any) -> dict[str, Any]:
    """A resource as `create` takes it."""
    place = {"namespace": namespace} if namespace else {}
    return {"type": kind, "api_version": "core/v2", "metadata": {"name": name, **place}, "spec": spec}


def user(name: str, *groups: str) -> dict[str, Any]:
    """A user with the usual password."""
    return wrapped("User", name, username=name, password=SECRET, groups=list(groups), disabled=False)


@pytest.fixture
def people(world: World) -> Iterator[None]:
    """Ann may do everything in default; bob is in ops, which may read; a role is unused, a binding broken."""
    subjects = [{"type": "User", "name": "ann"}]
    world.create(
        user("ann"),
        user("bob", "ops"),
        wrapped("RoleBinding", "ann", "default", subjects=subjects, role_ref={"type": "ClusterRole", "name": "edit"}),
        wrapped(
            "ClusterRoleBinding",
            "ops",
            subjects=[{"type": "Group", "name": "ops"}],
            role_ref={"type": "ClusterRole", "name": "view"},
        ),
        wrapped("Role", "unused", "default", rules=[{"verbs": ["get"], "resources": ["checks"]}]),
        wrapped(
            "RoleBinding", "broken", "default", subjects=subjects, role_ref={"type": "Role", "name": "does-not-exist"}
        ),
    )
    yield
    for path in (
        "clusterrolebindings/ops",
        "namespaces/default/rolebindings/ann",
        "namespaces/default/rolebindings/broken",
        "namespaces/default/roles/unused",
    ):
        world.remove(f"/api/core/v2/{path}")


def row(page: Page, text: str) -> Any:
    """The row of a table whose cells contain a text."""
    return page.get_by_role("row", name=text)


def act_on(page: Page, label: str, does: str) -> None:
    """Choose an action of a row's menu."""
    page.get_by_role("button", name=label).click()
    page.get_by_role("menuitem", name=does).click()


def test_who_can_do_what_names_the_binding(visits: Visits, people: None) -> None:
    """A question is asked with a click or with fields and is in the URL; its answer names the binding as the reason."""
    page = open_signed_in(visits, "/access")
    page.get_by_role("link", name="change checks").click()
    expect(page).to_have_url(re.compile("verb=update&resource=checks"))
    expect(row(page, "cluster role binding cluster-admin → cluster role cluster-admin").first).to_be_visible()
    expect(page.get_by_role("table", name=re.compile("^May update checks"))).not_to_contain_text("ann")
    page.get_by_label("Where", exact=True).select_option("default")
    expect(row(page, "ann")).to_contain_text("role binding default/ann → cluster role edit")
    page.reload()
    expect(row(page, "ann")).to_contain_text("role binding default/ann → cluster role edit")
    page.get_by_label("Name (any if empty)").fill(HOSTILE)
    expect(page.get_by_role("heading", name=re.compile("May update checks named <img"))).to_be_visible()


def test_what_somebody_can_do_is_listed_with_the_reasons(visits: Visits, people: None) -> None:
    """Everything that a user may do is shown with where it holds and through which binding."""
    page = open_signed_in(visits, "/access/who")
    page.get_by_label("User or group").select_option("bob")
    expect(page).to_have_url(re.compile("user=bob"))
    expect(page.get_by_role("heading", name="What bob may do")).to_be_visible()
    expect(row(page, "cluster role binding ops → cluster role view").first).to_contain_text("everywhere")
    page.get_by_label("User or group").select_option("ops (group)")
    expect(page.get_by_role("heading", name="What members of ops may do")).to_be_visible()


def test_the_page_agrees_with_the_server(visits: Visits, world: World) -> None:
    """For 200 questions drawn by lot, the page lists exactly those users whom the server lets."""
    lots = Random(47)
    names = [f"asked-{number}" for number in range(10)]
    world.api("PUT", "/api/core/v2/namespaces/ops", {"name": "ops"})
    world.create(*(user(name, lots.choice(["one", "two"])) for name in names))
    world.create(*(each for name in names for each in drawn_rights(lots, name)))
    page = open_signed_in(visits, "/access/who")
    questions = []
    for _ in range(20):
        verb, resource = lots.choice(VERBS), lots.choice(RESOURCES)
        place = lots.choice(["default", "ops"])
        page.evaluate(GO, f"/access/who?verb={verb}&resource={resource}&in={place}")
        table = page.get_by_role("table", name=re.compile(f"^May {verb} {resource} in {place}"))
        expect(table).to_be_visible()
        listed = set(table.get_by_role("link").all_inner_texts())
        question = {"verb": verb, "resource": resource, "namespace": place}
        questions += [({**question, "username": name}, name in listed) for name in names]
    answers = []
    for start in range(0, len(questions), 100):
        asked = {"questions": [each for each, _ in questions[start : start + 100]]}
        answers += world.api("POST", "/api/sensu/v1/access/ask", asked).body["answers"]
    wrong = [each for each, answer in zip(questions, answers, strict=True) if answer["allowed"] is not each[1]]
    assert wrong == []
    assert 20 < sum(shown for _, shown in questions) < 180


def drawn_rights(lots: Random, name: str) -> Iterator[dict[str, Any]]:
    """A role with some rules and its binding to a user or a group, in a namespace or everywhere."""
    rules = [
        {"verbs": lots.sample(VERBS, 2), "resources": lots.sample(RESOURCES, 3)},
        {"verbs": ["*"] if lots.random() < 0.3 else ["get"], "resources": [lots.choice(["*", *RESOURCES])]},
    ]
    subject = {"type": "User", "name": name} if lots.random() < 0.7 else {"type": "Group", "name": "one"}
    place, kind = lots.choice([("default", "Role"), ("ops", "Role"), ("", "ClusterRole")])
    yield wrapped(kind, f"of-{name}", place, rules=rules)
    role = {"type": kind, "name": f"of-{name}"}
    yield wrapped(f"{kind}Binding", f"of-{name}", place, subjects=[subject], role_ref=role)


def test_a_user_is_created_gets_groups_and_another_password(visits: Visits, world: World, people: None) -> None:
    """A new user can sign in; groups and passwords are changed from the list, and no password stays in the page."""
    page = open_signed_in(visits, "/access/users")
    page.get_by_role("button", name="Create a user").click()
    dialog = page.get_by_role("dialog", name="Create a user")
    dialog.get_by_label("Name").fill("dora")
    dialog.get_by_label("Password").fill("short")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text("at least 8 characters")
    dialog.get_by_label("Password").fill("first-secret")
    dialog.get_by_label("Groups").fill("ops, night")
    dialog.get_by_role("button", name="Create").click()
    expect(row(page, "dora")).to_contain_text("ops, night")
    assert world.api("GET", "/api/core/v2/namespaces", user="dora", password="first-secret").status == 200
    act_on(page, "Actions for dora", "Groups …")
    groups = page.get_by_role("dialog", name="Groups of dora")
    groups.get_by_label("Groups").fill("night day")
    groups.get_by_role("button", name="Save").click()
    expect(row(page, "dora")).to_contain_text("night, day")
    act_on(page, "Actions for dora", "Reset password …")
    reset = page.get_by_role("dialog", name="Reset the password of dora")
    reset.get_by_label("New password").fill("second-secret")
    reset.get_by_role("button", name="Reset password").click()
    expect(page.get_by_text("dora has a new password.")).to_be_visible()
    assert world.api("GET", "/api/core/v2/namespaces", user="dora", password="second-secret").status == 200
    kept = page.evaluate("JSON.stringify([location.href, history.state, {...localStorage}, {...sessionStorage}])")
    assert "secret" not in kept
    assert "second-secret" not in page.content()


def test_disabling_a_user_asks_its_pages_to_sign_in(visits: Visits, people: None) -> None:
    """An administrator disables a user: the dialog says what ends, and the user's open page asks to sign in."""
    visits.expected_errors += ["status of 401"]
    open_page = open_signed_in(visits, "/n/default/events", ("ann", SECRET))
    page = open_signed_in(visits, "/access/users")
    act_on(page, "Actions for ann", "Disable …")
    dialog = page.get_by_role("dialog", name="Disable ann?")
    expect(dialog).to_contain_text(re.compile(r"This ends [1-9]\d* session"))
    dialog.get_by_role("button", name="Disable").click()
    expect(row(page, "ann")).to_contain_text("disabled")
    expect(open_page.get_by_role("dialog", name="Sign in again")).to_be_visible()
    act_on(page, "Actions for ann", "Enable")
    expect(page.get_by_text("ann is enabled.")).to_be_visible()


def test_buttons_follow_the_namespace_and_the_rights_of_now(visits: Visits, world: World, people: None) -> None:
    """Rights in one namespace bring the buttons there alone; when the binding goes, they go from the open page."""
    world.api("PUT", "/api/core/v2/namespaces/ops", {"name": "ops"})
    world.report("web1", "http", 2)
    world.report("web1", "http", 2, namespace="ops")
    page = open_signed_in(visits, "/n/default/events/web1/http", ("ann", SECRET))
    resolve = page.get_by_role("button", name="Resolve")
    expect(resolve).to_be_visible()
    other = open_signed_in(visits, "/n/ops/events/web1/http", ("bob", SECRET))
    expect(other.get_by_role("heading", level=1, name=re.compile("web1"))).to_be_visible()
    expect(other.get_by_role("button", name="Resolve")).to_have_count(0)
    visits.expected_errors += ["status of 403"]  # the open page asks once more with the right that it has lost
    world.remove("/api/core/v2/namespaces/default/rolebindings/ann")
    expect(resolve).to_have_count(0)


def test_roles_say_what_they_allow_and_who_has_them(visits: Visits, people: None) -> None:
    """A role is made from verbs and resources; one that nobody has and a binding that grants nothing are marked."""
    page = open_signed_in(visits, "/access/roles")
    expect(row(page, "Actions for the role unused")).to_contain_text("get on checks")
    page.get_by_role("button", name="Create a role").click()
    dialog = page.get_by_role("dialog", name="Create a role")
    dialog.get_by_label("Name", exact=True).fill("silencer")
    dialog.get_by_label("Where").select_option("default")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_have_text("Choose at least one resource.")
    dialog.get_by_label("create", exact=True).check()
    dialog.get_by_label("silenced", exact=True).check()
    dialog.get_by_role("button", name="Create").click()
    expect(row(page, "silencer")).to_contain_text("get, list, create on silenced")
    page.get_by_role("navigation", name="Access").get_by_role("link", name="Bindings").click()
    expect(row(page, "does-not-exist")).to_contain_text("role does not exist")
    page.get_by_role("button", name="Create a binding").click()
    binding = page.get_by_role("dialog", name="Create a binding")
    binding.get_by_label("Name").fill("silencers")
    binding.get_by_label("Where").select_option("default")
    binding.get_by_label("Role").select_option("silencer (role of default)")
    binding.get_by_label("Users").fill("bob")
    binding.get_by_role("button", name="Create").click()
    expect(row(page, "silencers")).to_contain_text("bob")
    page.goto("/access/who?verb=create&resource=silenced&in=default")
    expect(row(page, "role binding default/silencers → role silencer").first).to_be_visible()
    page.goto("/access/roles")
    act_on(page, "Actions for the role silencer", "Delete …")
    confirm = page.get_by_role("dialog", name="Delete the role silencer in default?")
    expect(confirm).to_contain_text("1 binding would grant nothing any more: silencers.")
    confirm.get_by_label("Type silencer to confirm").fill("silencer")
    confirm.get_by_role("button", name="Delete").click()
    expect(row(page, "silencer")).to_have_count(0)


def test_a_role_says_who_gains_and_loses_what_before_it_is_saved(visits: Visits, people: None) -> None:
    """While the rules of a role are edited, the dialog names those who have it and the rights that come and go."""
    page = open_signed_in(visits, "/access/roles")
    act_on(page, "Actions for the role view", "Edit …")
    changes = page.get_by_role("dialog", name="Role view").get_by_role("region", name="What saving changes")
    expect(changes).to_contain_text("One user or group has this role: ops (group).")
    rule = page.get_by_role("group", name="Rule 1")
    rule.get_by_label("delete", exact=True).check()
    expect(changes).to_contain_text("They gain: delete on ")
    rule.get_by_label("delete", exact=True).uncheck()
    rule.get_by_label("list", exact=True).uncheck()
    expect(changes).to_contain_text("They lose, unless another role gives it: list on ")
    page.keyboard.press("Escape")
    act_on(page, "Actions for the role unused", "Edit …")
    expect(changes.or_(page.get_by_role("region", name="What saving changes"))).to_contain_text("No binding grants")


def test_a_role_that_somebody_else_changed_is_not_overwritten(visits: Visits, world: World, people: None) -> None:
    """Two people edit a role: the second is told, and loses nothing of what is in the dialog."""
    visits.expected_errors += ["status of 412"]
    page = open_signed_in(visits, "/access/roles")
    act_on(page, "Actions for the role unused", "Edit …")
    dialog = page.get_by_role("dialog", name="Role unused")
    dialog.get_by_label("delete", exact=True).check()
    world.create(wrapped("Role", "unused", "default", rules=[{"verbs": ["list"], "resources": ["hooks"]}]))
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.get_by_label("delete", exact=True)).to_be_checked()
    kept = world.api("GET", "/api/core/v2/namespaces/default/roles/unused").body
    assert kept["rules"][0]["verbs"] == ["list"]


def test_the_last_administrator_cannot_be_locked_out(visits: Visits, people: None) -> None:
    """Deleting the binding of the administrators is refused with the reason."""
    visits.expected_errors += ["status of 409"]
    page = open_signed_in(visits, "/access/bindings")
    act_on(page, "Actions for the binding cluster-admin", "Delete …")
    dialog = page.get_by_role("dialog", name=re.compile("Delete the binding cluster-admin"))
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_role("alert")).to_be_visible()


def test_an_api_key_is_shown_once_and_is_nowhere_else(visits: Visits, world: World, people: None) -> None:
    """A key works, shows its last four characters afterwards, and is in no URL, history, log or audit entry."""
    page = open_signed_in(visits, "/access/keys")
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.get_by_role("button", name="Create a key").click()
    create = page.get_by_role("dialog", name="Create an API key")
    create.get_by_label("User").select_option("bob")
    create.get_by_role("button", name="Create").click()
    dialog = page.get_by_role("dialog", name="The new key of bob")
    key = dialog.get_by_label("API key").input_value()
    assert re.fullmatch("[0-9a-f-]{36}", key)
    headers = {"Authorization": f"Key {key}"}
    answer = page.context.request.get(f"{world.backend.api_url}/api/core/v2/namespaces", headers=headers)
    assert answer.status == 200
    dialog.get_by_role("button", name="Done").click()
    shown = row(page, f"…{key[-4:]}")
    expect(shown).to_contain_text("bob")
    assert key not in page.content()
    kept = page.evaluate("JSON.stringify([location.href, history.state, {...localStorage}, {...sessionStorage}])")
    assert not [text for text in (kept, *urls) if key in text]
    shown.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog", name=re.compile("Revoke the key")).get_by_role("button", name="Revoke").click()
    expect(shown).to_have_count(0)
    assert page.context.request.get(f"{world.backend.api_url}/api/core/v2/namespaces", headers=headers).status == 401
    assert not [url for url in urls if key in url]
    assert key not in json.dumps(world.api("GET", "/api/sensu/v1/audit").body)
    assert not [file for file in world.backend.folder.rglob("*.log") if key in file.read_text(errors="replace")]


def test_parts_that_somebody_may_not_list_are_left_out(visits: Visits, world: World) -> None:
    """Somebody who may list bindings but no keys sees no link to keys, and is told which right is missing."""
    world.create(
        user("olga"),
        wrapped("ClusterRole", "bindings", rules=[{"verbs": ["list"], "resources": ["clusterrolebindings"]}]),
        wrapped(
            "ClusterRoleBinding",
            "bindings",
            subjects=[{"type": "User", "name": "olga"}],
            role_ref={"type": "ClusterRole", "name": "bindings"},
        ),
    )
    page = open_signed_in(visits, "/access/keys", ("olga", SECRET))
    expect(page.get_by_role("heading", name="You may not list apikeys.")).to_be_visible()
    expect(page.get_by_text(re.compile("People who can grant it: .*admin"))).to_be_visible()
    expect(page.get_by_role("navigation", name="Access").get_by_role("link")).to_have_text(
        ["Who can do what", "Bindings"]
    )


@pytest.mark.parametrize("part", ["who", "users", "roles", "bindings", "keys"])
def test_each_part_fits_a_phone(visits: Visits, people: None, part: str) -> None:
    """Nothing is wider than the window of a phone."""
    page = open_signed_in(visits, f"/access/{part}", (USER, PASSWORD), size=PHONE)
    expect(page.get_by_role("table").first).to_be_attached()  # the one of keys may be empty
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
