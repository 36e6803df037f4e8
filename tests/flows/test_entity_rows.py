"""Rows of entities: the worst of their events, their agents and their facts, in lists of any length."""

from typing import Any

import msgspec

from sensu.backend.stored_form import put
from sensu.resources.entity import System
from sensu.resources.kinds import ENTITY
from sensu.store.values import EventKey, EventState, PutEvent
from sensu.testing.factories import make_entity, make_proxy
from tests.flows.api_harness import RunningApi

ROWS = "/api/sensu/v1/namespaces/default/entities/rows"


async def rows(api: RunningApi, token: str, query: str = "", status: int = 200) -> Any:
    answer = await api.call("GET", f"{ROWS}?{query}", Authorization=token)
    assert answer.status == status, answer.body
    return msgspec.json.decode(answer.body)


async def names(api: RunningApi, token: str, query: str = "") -> list[str]:
    return [row["name"] for row in (await rows(api, token, query))["rows"]]


async def stored(api: RunningApi) -> None:
    """Four entities, of which two fail and one has no events."""
    system = System(platform="debian", platform_version="12")
    entities = [
        make_entity("web1", subscriptions=["linux"], last_seen=1_700_000_000, system=system, labels={"region": "eu"}),
        make_entity("web2"),
        make_proxy("router", labels={"region": "eu"}),
        make_entity("db1"),
    ]
    states = {"web1": (3, 3), "web2": (3, 1, 2), "db1": (3, 0, 0)}
    events = [
        PutEvent(EventKey("default", entity, f"c{number}"), b"{}", state=EventState(severity, 5))
        for entity, severities in states.items()
        for number, severity in enumerate(severities)
    ]
    await api.store.commit([*(put(ENTITY, entity) for entity in entities), *events])


async def test_a_row_shows_the_state_of_an_entity(api: RunningApi, admin: str) -> None:
    """A row has the worst state of the events, how many fail, the connection, and what the agent last said."""
    await stored(api)
    answer = await rows(api, admin, "word=WEB1")
    assert answer["total"] == 1
    assert answer["counts"] == {"total": 4, "agent": 3, "proxy": 1, "connected": 0, "away": 3}
    assert answer["rows"] == [
        {
            "name": "web1",
            "class": "agent",
            "worst": "passing",
            "failing": 0,
            "checks": 2,
            "connected": False,
            "last_seen": 1_700_000_000,
            "platform": "debian",
            "platform_version": "12",
            "subscriptions": ["linux", "entity:web1"],
        }
    ]


async def test_entities_are_sorted_and_filtered(api: RunningApi, admin: str) -> None:
    """The worst come first, or names sort the list; class, connection, words and selectors choose."""
    await stored(api)
    assert await names(api, admin) == ["db1", "web2", "router", "web1"]
    assert await names(api, admin, "order=name") == ["db1", "router", "web1", "web2"]
    assert await names(api, admin, "order=name&offset=1&limit=2") == ["router", "web1"]
    assert await names(api, admin, "class=proxy") == ["router"]
    assert await names(api, admin, "connected=true") == []
    assert (await rows(api, admin, "connected=false&limit=1"))["total"] == 4
    assert await names(api, admin, "labelSelector=region%3D%3Deu&order=name") == ["router", "web1"]
    by_field = "fieldSelector=entity.entity_class%3D%3Dagent&word=web&order=name"
    assert await names(api, admin, by_field) == ["web1", "web2"]
    worst = {row["name"]: (row["worst"], row["failing"]) for row in (await rows(api, admin))["rows"]}
    assert worst == {"db1": ("critical", 2), "web2": ("warning", 2), "router": ("none", 0), "web1": ("passing", 0)}


async def test_what_cannot_be_asked_of_entities(api: RunningApi, admin: str) -> None:
    """Wrong orders, numbers and flags are refused with the reason; nobody without the right gets a row."""
    for query, word in (
        ("order=size", "order"),
        ("limit=501", "limit"),
        ("offset=-1", "offset"),
        ("connected=maybe", "connected"),
        (f"word={'x' * 1001}", "word"),
        ("labelSelector=a", "labelSelector"),
    ):
        assert word in (await rows(api, admin, query, 400))["message"]
    user = {"username": "eve", "password": "P@ssw0rd!", "groups": []}
    assert (await api.call("POST", "/api/core/v2/users", user, Authorization=admin)).status == 201
    await rows(api, await api.token("eve"), status=403)
