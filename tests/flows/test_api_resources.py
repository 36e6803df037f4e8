"""Resources over the API: their life, their rights, and what happens to them at the same time."""

import asyncio
import json
from typing import Any

from sensu.backend.stored_form import key_of
from sensu.resources.entity import Entity
from sensu.resources.kinds import ENTITY
from sensu.resources.wire import decode
from tests.flows.api_harness import RunningApi

DEFAULT = "/api/core/v2/namespaces/default"
PATCH = "application/merge-patch+json"


def check(name: str, **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "default"}, "interval": 60, "command": "true", **fields}


async def test_a_resource_is_created_once_and_then_replaced(api: RunningApi, admin: str) -> None:
    """POST makes a resource, a second POST conflicts, PUT replaces all of it, DELETE ends it."""
    assert (await api.call("POST", f"{DEFAULT}/checks", check("c", ttl=90), Authorization=admin)).status == 201
    assert (await api.call("POST", f"{DEFAULT}/checks", check("c"), Authorization=admin)).status == 409
    first = await api.call("GET", f"{DEFAULT}/checks/c", Authorization=admin)
    assert json.loads(first.body)["ttl"] == 90
    assert json.loads(first.body)["metadata"]["created_by"] == "admin"
    assert (await api.call("PUT", f"{DEFAULT}/checks/c", check("c"), Authorization=admin)).status == 201
    second = await api.call("GET", f"{DEFAULT}/checks/c", Authorization=admin)
    assert json.loads(second.body)["ttl"] == 0
    assert first.headers["Etag"] != second.headers["Etag"]
    assert (await api.call("DELETE", f"{DEFAULT}/checks/c", Authorization=admin)).status == 204
    assert (await api.call("DELETE", f"{DEFAULT}/checks/c", Authorization=admin)).status == 404


async def test_a_patch_with_a_stale_tag_is_refused_and_one_without_conditions_wins_through(
    api: RunningApi, admin: str
) -> None:
    """Of many patches at once none is lost, unless its sender asked for a state that is gone."""
    path = f"{DEFAULT}/checks/c"
    await api.call("PUT", path, check("c"), Authorization=admin)
    tag = (await api.call("GET", path, Authorization=admin)).headers["Etag"]
    patches = [{"metadata": {"labels": {f"l{number}": "x"}}} for number in range(4)]
    answers = await asyncio.gather(
        *(api.call("PATCH", path, patch, Authorization=admin, Content_Type=PATCH) for patch in patches)
    )
    assert {answer.status for answer in answers} == {200}
    labels = json.loads((await api.call("GET", path, Authorization=admin)).body)["metadata"]["labels"]
    assert set(labels) == {"l0", "l1", "l2", "l3"}
    stale = await api.call("PATCH", path, {}, Authorization=admin, Content_Type=PATCH, If_Match=tag)
    assert stale.status == 412


async def test_a_list_in_pages_holds_each_resource_once(api: RunningApi, admin: str) -> None:
    """Following the tokens leads through all resources in order, with the total on every page."""
    names = ["A", "a", "b.1", "b.2", "c"]
    for name in reversed(names):
        await api.call("PUT", f"{DEFAULT}/checks/{name}", check(name), Authorization=admin)
    found: list[str] = []
    query = "limit=2"
    while query:
        page = await api.call("GET", f"{DEFAULT}/checks?{query}", Authorization=admin)
        assert page.headers["Sensu-Total-Count"] == "5"
        found += [item["metadata"]["name"] for item in json.loads(page.body)]
        token = page.headers.get("Sensu-Continue")
        query = f"limit=2&continue={token}" if token else ""
    assert found == names


async def test_a_long_list_is_streamed_whole(api: RunningApi, admin: str) -> None:
    """A list that does not fit into one part is one JSON array all the same."""
    for number in range(40):
        name = f"c{number:02}"
        await api.call("PUT", f"{DEFAULT}/checks/{name}", check(name, command="x" * 20_000), Authorization=admin)
    answer = await api.call("GET", f"{DEFAULT}/checks", Authorization=admin)
    assert "Content-Length" not in answer.headers
    assert [item["metadata"]["name"] for item in json.loads(answer.body)] == [f"c{n:02}" for n in range(40)]


async def test_roles_open_what_they_name_and_close_again(api: RunningApi, admin: str) -> None:
    """A binding takes effect with the request after it, and its end too."""
    user = {"username": "bob", "password": "bobs-password", "groups": ["dev"]}
    await api.call("PUT", "/api/core/v2/users/bob", user, Authorization=admin)
    bob = await api.token("bob", "bobs-password")
    assert (await api.call("GET", f"{DEFAULT}/checks", Authorization=bob)).status == 403
    binding = {
        "metadata": {"name": "dev", "namespace": "default"},
        "subjects": [{"type": "group", "name": "dev"}],
        "role_ref": {"type": "ClusterRole", "name": "view"},
    }
    assert (await api.call("POST", f"{DEFAULT}/rolebindings", binding, Authorization=admin)).status == 201
    assert (await api.call("GET", f"{DEFAULT}/checks", Authorization=bob)).status == 200
    assert (await api.call("POST", f"{DEFAULT}/checks", check("c"), Authorization=bob)).status == 403
    await api.call("DELETE", f"{DEFAULT}/rolebindings/dev", Authorization=admin)
    assert (await api.call("GET", f"{DEFAULT}/checks", Authorization=bob)).status == 403


async def test_disabling_a_user_ends_its_sessions_and_its_keys(api: RunningApi, admin: str) -> None:
    """A user who is disabled is out at once, however it proved itself."""
    user = {"username": "bob", "password": "bobs-password"}
    await api.call("PUT", "/api/core/v2/users/bob", user, Authorization=admin)
    bob = await api.token("bob", "bobs-password")
    granted = await api.call("POST", "/api/core/v2/apikeys", {"username": "bob"}, Authorization=admin)
    key = f"Key {granted.headers['Location'].rpartition('/')[2]}"
    for proof in (bob, key):
        assert (await api.call("GET", "/api/core/v2/users/bob", Authorization=proof)).status == 200
    assert (await api.call("DELETE", "/api/core/v2/users/bob", Authorization=admin)).status == 204
    for proof in (bob, key):
        assert (await api.call("GET", "/api/core/v2/users/bob", Authorization=proof)).status == 401
    await api.call("PUT", "/api/core/v2/users/bob/reinstate", Authorization=admin)
    assert (await api.call("GET", "/api/core/v2/users/bob", Authorization=bob)).status == 401
    assert (await api.call("GET", "/api/core/v2/users/bob", Authorization=key)).status == 200


async def test_an_entity_goes_with_its_events_and_its_agent(api: RunningApi, admin: str) -> None:
    """Deleting an entity deletes what was found on it and disconnects its agent; a second time it is not there."""
    event = {"entity": {"entity_class": "proxy"}, "check": {"interval": 10, "status": 1}}
    assert (await api.call("PUT", f"{DEFAULT}/events/web/cpu", event, Authorization=admin)).status == 201
    assert (await api.call("GET", f"{DEFAULT}/entities/web", Authorization=admin)).status == 200
    assert (await api.call("DELETE", f"{DEFAULT}/entities/web", Authorization=admin)).status == 204
    assert (await api.call("GET", f"{DEFAULT}/events/web/cpu", Authorization=admin)).status == 404
    assert api.agents.disconnected == [("default", "web")]
    assert (await api.call("DELETE", f"{DEFAULT}/entities/web", Authorization=admin)).status == 404


async def test_people_configure_an_agent_entity_and_do_not_touch_what_its_agent_observed(
    api: RunningApi, admin: str
) -> None:
    """PUT and PATCH on an agent's entity leave system and last_seen alone, and its own subscription stays."""
    path = f"{DEFAULT}/entities/web"
    meta = {"name": "web", "namespace": "default"}
    observed = {"metadata": meta, "entity_class": "agent", "last_seen": 5, "system": {"hostname": "web"}}
    assert (await api.call("POST", f"{DEFAULT}/entities", observed, Authorization=admin)).status == 200
    configured = {"metadata": meta, "entity_class": "agent", "subscriptions": ["linux"]}
    assert (await api.call("PUT", path, configured, Authorization=admin)).status == 200
    patched = await api.call(
        "PATCH", path, {"last_seen": 9, "deregister": True}, Authorization=admin, Content_Type=PATCH
    )
    assert "system" not in json.loads(patched.body)
    stored = await api.store.get(key_of(ENTITY, "default", "web"))
    assert stored is not None
    entity = decode(Entity, stored.body)
    assert (entity.last_seen, entity.system.hostname, entity.deregister) == (5, "web", True)
    assert entity.subscriptions == ("linux", "entity:web")


async def test_an_event_that_was_accepted_can_be_read(api: RunningApi, admin: str) -> None:
    """201 for an event means that it is stored; for a namespace that is not there it is refused."""
    event = {"entity": {"entity_class": "proxy"}, "check": {"interval": 10, "status": 2, "output": "down"}}
    assert (await api.call("PUT", f"{DEFAULT}/events/web/http", event, Authorization=admin)).status == 201
    found = json.loads((await api.call("GET", f"{DEFAULT}/events/web/http", Authorization=admin)).body)
    assert (found["check"]["status"], found["check"]["state"], found["check"]["occurrences"]) == (2, "failing", 1)
    elsewhere = "/api/core/v2/namespaces/nowhere/events/web/http"
    assert (await api.call("PUT", elsewhere, event, Authorization=admin)).status == 400
    assert (await api.call("DELETE", f"{DEFAULT}/events/web/http", Authorization=admin)).status == 204
    assert (await api.call("DELETE", f"{DEFAULT}/events/web/http", Authorization=admin)).status == 404


async def test_executing_a_check_asks_the_scheduler(api: RunningApi, admin: str) -> None:
    """The subscriptions in the request go before the check's own."""
    await api.call("PUT", f"{DEFAULT}/checks/c", check("c"), Authorization=admin)
    wish = {"subscriptions": ["linux"]}
    answer = await api.call("POST", f"{DEFAULT}/checks/c/execute", wish, Authorization=admin)
    assert answer.status == 202
    assert json.loads(answer.body)["issued"] > 0
    assert api.schedule.asked == [("default", "c", ("linux",))]


async def test_a_namespace_comes_with_the_role_of_its_pipelines_and_stays_while_it_is_used(
    api: RunningApi, admin: str
) -> None:
    """A new namespace has `system:pipeline`; it can be deleted only when it is empty, and takes the role along."""
    namespaces = "/api/core/v2/namespaces"
    assert (await api.call("POST", namespaces, {"name": "ops"}, Authorization=admin)).status == 201
    roles = json.loads((await api.call("GET", f"{namespaces}/ops/roles", Authorization=admin)).body)
    assert [role["metadata"]["name"] for role in roles] == ["system:pipeline"]
    hook = {"metadata": {"name": "h", "namespace": "ops"}, "command": "ps", "timeout": 5}
    await api.call("POST", f"{namespaces}/ops/hooks", hook, Authorization=admin)
    assert (await api.call("DELETE", f"{namespaces}/ops", Authorization=admin)).status == 409
    await api.call("DELETE", f"{namespaces}/ops/hooks/h", Authorization=admin)
    assert (await api.call("DELETE", f"{namespaces}/ops", Authorization=admin)).status == 204
    assert json.loads((await api.call("GET", f"{namespaces}/ops/roles", Authorization=admin)).body) == []


async def test_what_was_read_redacted_is_written_whole(api: RunningApi, admin: str) -> None:
    """An entity that is sent as it was read keeps the values that readers do not see, and new ones replace them."""
    for name, kind in (("db1", "proxy"), ("web1", "agent")):
        path = f"{DEFAULT}/entities/{name}"
        metadata = {"name": name, "namespace": "default", "labels": {"password": "s3cret", "team": "a"}}
        await api.call("PUT", path, {"metadata": metadata, "entity_class": kind}, Authorization=admin)
        read = json.loads((await api.call("GET", path, Authorization=admin)).body)
        assert read["metadata"]["labels"] == {"password": "REDACTED", "team": "a"}
        answer = await api.call("PUT", path, read, Authorization=admin)
        assert b"s3cret" not in answer.body
        patch = {"metadata": {"labels": {"password": "REDACTED", "team": "b"}}}
        patched = await api.call("PATCH", path, patch, Authorization=admin, content_type=PATCH)
        assert patched.status == 200
        assert b"s3cret" not in patched.body
        stored = await api.store.get(key_of(ENTITY, "default", name))
        assert stored is not None
        assert decode(Entity, stored.body).metadata.labels == {"password": "s3cret", "team": "b"}


async def test_a_pattern_that_go_does_not_know_is_refused_at_creation(api: RunningApi, admin: str) -> None:
    """A regular expression is refused with its place wherever a resource holds JavaScript; Go's own are taken."""
    asset = {"url": "http://a/b.tgz", "sha512": "a" * 128}

    def resource(group: str, script: str) -> tuple[str, dict[str, Any]]:
        specs: dict[str, dict[str, Any]] = {
            "filters": {"action": "allow", "expressions": ["true", script]},
            "checks": check("x", proxy_requests={"entity_attributes": ["true", script]}),
            "assets": {"builds": [{**asset, "filters": ["true"]}, {**asset, "filters": [script]}]},
            "mutators": {"type": "javascript", "eval": f"return String({script})"},
        }
        return f"{DEFAULT}/{group}/x", {**specs[group], "metadata": {"name": "x", "namespace": "default"}}

    for group in ("filters", "checks", "assets", "mutators"):
        taken = await api.call("PUT", *resource(group, r"/(?i)[[:alpha:]]+\z/.test('Web')"), Authorization=admin)
        assert taken.status == 201, taken.body
        for script in (r"/a\Z/.test('a')", r"'a'.match('(?i)a\\Z')"):
            refused = await api.call("PUT", *resource(group, script), Authorization=admin)
            assert refused.status == 400
            told = json.loads(refused.body)["message"]
            where = "eval" if group == "mutators" else "expression 1"
            assert f"syntax error in {where}: (anonymous): Line 1:" in told
            assert "Invalid regular expression: invalid escape sequence: `\\Z`" in told


async def test_a_replacement_can_ask_for_the_state_that_it_replaces(api: RunningApi, admin: str) -> None:
    """With If-Match, nobody's change is overwritten unseen; with If-None-Match: *, only a new resource is created."""
    path = f"{DEFAULT}/checks/c"
    missing = await api.call("PUT", path, check("c"), Authorization=admin, If_Match='"x"')
    assert missing.status == 412
    assert (await api.call("PUT", path, check("c"), Authorization=admin, If_None_Match="*")).status == 201
    assert (await api.call("PUT", path, check("c"), Authorization=admin, If_None_Match="*")).status == 412
    tag = (await api.call("GET", path, Authorization=admin)).headers["Etag"]
    assert (await api.call("PUT", path, check("c", ttl=90), Authorization=admin, If_Match=tag)).status == 201
    stale = await api.call("PUT", path, check("c", ttl=95), Authorization=admin, If_Match=tag)
    assert (stale.status, json.loads(stale.body)["message"]) == (412, "at least one condition failed for the check c")
    assert json.loads((await api.call("GET", path, Authorization=admin)).body)["ttl"] == 90
