"""Entities in two halves over core/v3: configurations, which people write, and states, which are observed."""

import json
from typing import Any

from tests.flows.api_harness import RunningApi

V2, V3 = "/api/core/v2/namespaces/default", "/api/core/v3/namespaces/default"
PATCH = "application/merge-patch+json"
SYSTEM = {"hostname": "web1", "os": "linux"}


def config(name: str = "web1", **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "default"}, "entity_class": "agent", **fields}


async def body(api: RunningApi, path: str, admin: str) -> Any:
    answer = await api.call("GET", path, Authorization=admin)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


async def test_an_entity_is_seen_in_two_halves(api: RunningApi, admin: str) -> None:
    """The configuration has no facts about the host, the state has nothing that people write; secrets are hidden."""
    entity = config(system=SYSTEM, last_seen=5, subscriptions=["linux"])
    entity["metadata"]["labels"] = {"password": "secret"}
    assert (await api.call("POST", f"{V2}/entities", entity, Authorization=admin)).status == 200
    configured = await body(api, f"{V3}/entity-configs/web1", admin)
    assert configured["subscriptions"] == ["linux"]
    assert configured["metadata"]["labels"] == {"password": "REDACTED"}
    assert not {"system", "last_seen", "sensu_agent_version"} & configured.keys()
    observed = await body(api, f"{V3}/entity-states/web1", admin)
    assert (observed["system"]["hostname"], observed["last_seen"]) == ("web1", 5)
    assert "subscriptions" not in observed


async def test_a_configuration_is_written_and_what_was_observed_stays(api: RunningApi, admin: str) -> None:
    """POST, PUT and PATCH change the configuration alone, DELETE ends the entity, and nobody writes states."""
    one = f"{V3}/entity-configs/web1"
    await api.call("POST", f"{V2}/entities", config(system=SYSTEM, last_seen=5), Authorization=admin)
    assert (await api.call("POST", f"{V3}/entity-configs", config(), Authorization=admin)).status == 409
    assert (await api.call("POST", f"{V3}/entity-configs", config("web2"), Authorization=admin)).status == 201
    assert (await api.call("PUT", one, config(user="ann"), Authorization=admin)).status == 201
    assert (await api.call("PUT", one, config("other"), Authorization=admin)).status == 400
    patch = {"deregister": True, "last_seen": 9}
    assert (await api.call("PATCH", one, patch, Authorization=admin, Content_Type=PATCH)).status == 200
    whole = await body(api, f"{V2}/entities/web1", admin)
    assert (whole["user"], whole["deregister"], whole["last_seen"]) == ("ann", True, 5)
    assert whole["system"]["hostname"] == "web1"
    assert (await api.call("PUT", f"{V3}/entity-states/web1", {}, Authorization=admin)).status == 405
    assert (await api.call("DELETE", one, Authorization=admin)).status == 204
    assert (await api.call("GET", f"{V2}/entities/web1", Authorization=admin)).status == 404


async def test_a_configuration_may_come_in_its_wrapper(api: RunningApi, admin: str) -> None:
    """The sensuctl of the reference sends configurations as files hold them; another kind in the wrapper is refused."""
    metadata = {"name": "web1", "namespace": "default"}
    wrapped = {
        "type": "EntityConfig",
        "api_version": "core/v3",
        "metadata": metadata,
        "spec": {"entity_class": "proxy"},
    }
    one = f"{V3}/entity-configs/web1"
    assert (await api.call("PUT", one, wrapped, Authorization=admin)).status == 201
    assert (await body(api, one, admin))["entity_class"] == "proxy"
    other = await api.call("PUT", one, {**wrapped, "type": "CheckConfig"}, Authorization=admin)
    assert (other.status, json.loads(other.body)["message"]) == (
        400,
        "type: expected EntityConfig, got CheckConfig",
    )


async def test_the_configuration_of_an_agent_that_owns_it_is_left_alone(api: RunningApi, admin: str) -> None:
    """What an agent manages itself cannot be replaced from outside."""
    managed = config()
    managed["metadata"]["labels"] = {"sensu.io/managed_by": "sensu-agent"}
    await api.call("POST", f"{V2}/entities", managed, Authorization=admin)
    answer = await api.call("PUT", f"{V3}/entity-configs/web1", config(), Authorization=admin)
    assert (answer.status, json.loads(answer.body)["message"]) == (409, "entity is managed by its agent")


async def test_halves_are_listed_in_pages_and_chosen_by_selectors(api: RunningApi, admin: str) -> None:
    """Lists of halves have totals, tokens and selectors like lists of whole entities."""
    for name in ("a", "b", "c"):
        await api.call("PUT", f"{V3}/entity-configs/{name}", config(name, user=f"u{name}"), Authorization=admin)
    first = await api.call("GET", f"{V3}/entity-states?limit=2", Authorization=admin)
    assert first.headers["Sensu-Total-Count"] == "3"
    rest = await body(api, f"{V3}/entity-states?limit=2&continue={first.headers['Sensu-Continue']}", admin)
    names = [one["metadata"]["name"] for one in json.loads(first.body) + rest]
    assert names == ["a", "b", "c"]
    chosen = await body(api, "/api/core/v3/entity-configs?fieldSelector=entity_config.user == 'ub'", admin)
    assert [one["metadata"]["name"] for one in chosen] == ["b"]
    bad = await api.call("GET", f"{V3}/entity-configs?fieldSelector=user ==", Authorization=admin)
    assert bad.status == 400


async def test_rights_on_entities_are_rights_on_their_halves(api: RunningApi, admin: str) -> None:
    """Who may only look at entities may look at both halves and write neither; nobody else sees them."""
    for name in ("ann", "bob"):
        user = {"username": name, "password": "a password"}
        await api.call("PUT", f"/api/core/v2/users/{name}", user, Authorization=admin)
    binding = {
        "metadata": {"name": "look", "namespace": "default"},
        "subjects": [{"type": "User", "name": "ann"}],
        "role_ref": {"type": "ClusterRole", "name": "view"},
    }
    await api.call("POST", f"{V2}/rolebindings", binding, Authorization=admin)
    ann, bob = await api.token("ann", "a password"), await api.token("bob", "a password")
    for words in ("entity-configs", "entity-states"):
        assert (await api.call("GET", f"{V3}/{words}", Authorization=ann)).status == 200
        assert (await api.call("GET", f"/api/core/v3/{words}", Authorization=ann)).status == 403
        assert (await api.call("GET", f"{V3}/{words}", Authorization=bob)).status == 403
        assert (await api.call("GET", f"{V3}/{words}/x", Authorization=bob)).status == 403
    for method, path in (("POST", ""), ("PUT", "/x"), ("DELETE", "/x")):
        assert (await api.call(method, f"{V3}/entity-configs{path}", config(), Authorization=ann)).status == 403
