"""What is kept of activity: counts of namespaces for small charts, and the connections of agents."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sensu.backend.activity_record import NAMESPACES_MAX, ActivityRecord
from sensu.backend.stored_form import put
from sensu.clock import SystemClock
from sensu.resources.kinds import ENTITY, NAMESPACE
from sensu.resources.namespace import Namespace
from sensu.rules.explain import DELIVERED, FAILED, WorkflowTrace
from sensu.store.resource_cache import ResourceCache
from sensu.testing.factories import make_check, make_entity, make_event
from tests.flows.operator_world import OWN, Operator, rule

SERIES = f"{OWN}/series"
DAY_S = 86_400.0


@pytest.fixture
async def records(operator: Operator) -> AsyncIterator[ResourceCache]:
    """The namespaces of the backend, as a member knows them."""
    cache = ResourceCache(operator.api.store)
    await cache.load([NAMESPACE])
    yield cache
    cache.close()


@pytest.fixture
def record(operator: Operator, records: ResourceCache) -> ActivityRecord:
    """The record of a backend called backend-1."""
    return ActivityRecord(operator.api.store, records, SystemClock(), "backend-1", DAY_S)


async def values(operator: Operator, query: str = "") -> dict[str, list[int | None]]:
    found = await operator.get(f"{SERIES}{query}")
    return {one["name"]: one["values"] for one in found["series"]}


async def test_what_happened_is_read_as_series(operator: Operator, record: ActivityRecord) -> None:
    """Events, state changes and attempts of handlers are summed, and the number of incidents is kept."""
    await operator.report(make_event(make_entity("web1"), make_check("http", 2)))
    for changed in (True, False, False):
        record.stored("default", changed)
    record.stored("another", True)
    for outcome in (DELIVERED, FAILED, DELIVERED):
        record.attempted("default", WorkflowTrace(workflow="w", handler="pager", outcome=outcome))
    await record.flush()
    await record.count_incidents()
    found = await values(operator, "?window=1h&points=4")
    assert {name: sum(one or 0 for one in numbers) for name, numbers in found.items()} == {
        "incidents": 1,
        "changes": 1,
        "events": 3,
        "delivered": 2,
        "failed": 1,
    }
    assert found["events"][0] is None
    assert list(await values(operator, "?names=failed,events&window=720h")) == ["failed", "events"]


async def test_members_are_summed(operator: Operator, record: ActivityRecord, records: ResourceCache) -> None:
    """What several members counted in the same minute is one number."""
    other = ActivityRecord(operator.api.store, records, SystemClock(), "backend-2", DAY_S)
    for member in (record, other, other):
        member.stored("default", False)
    await record.flush()
    await other.flush()
    assert sum(one or 0 for one in (await values(operator))["events"]) == 3


async def test_questions_that_cannot_be_answered_are_refused(operator: Operator) -> None:
    """Unknown series, windows and numbers of points are named with their bounds."""
    for query, why in (
        ("names=load", "names: 'load' is not one of"),
        ("window=1y", "window: "),
        ("window=721h", "window must be between 1m and 720h"),
        ("window=1s", "window must be between 1m and 720h"),
        ("points=0", "points must be between 1 and 1000"),
        ("points=1001", "points must be between 1 and 1000"),
        ("points=x", "points must be between 1 and 1000"),
    ):
        status, answer = await operator.ask("GET", f"{SERIES}?{query}")
        assert (status, why in answer["message"]) == (400, True), (query, answer)
    assert (await operator.ask("GET", SERIES.replace("/default/", "/nowhere/")))[0] == 404


async def test_series_of_deliveries_need_their_own_right(operator: Operator) -> None:
    """Who may list events alone reads no series of deliveries and is told so; who may not list events reads none."""
    bob = await operator.with_rules(rule("events", "list"))
    found = await bob.get(SERIES)
    assert [one["name"] for one in found["series"]] == ["incidents", "changes", "events"]
    assert found["hidden"] == ["deliveries"]
    nobody = await operator.with_rules(rule("events", "get"))
    assert (await nobody.ask("GET", SERIES))[0] == 403


async def test_the_number_of_namespaces_is_bounded(operator: Operator, record: ActivityRecord) -> None:
    """Beyond the bound nothing is kept of a namespace, and its series say so."""
    names = [f"ns-{number:03}" for number in range(NAMESPACES_MAX)]
    await operator.api.store.commit([put(NAMESPACE, Namespace(name=name)) for name in names])
    record.stored(names[-1], True)
    await record.flush()
    found = await operator.get(SERIES.replace("/default/", f"/{names[-1]}/"))
    assert (found["kept"], {one for each in found["series"] for one in each["values"]}) == (False, {None})
    assert (await operator.get(SERIES))["kept"]


async def test_connections_of_an_agent_are_part_of_its_timeline(operator: Operator, record: ActivityRecord) -> None:
    """The timeline says when an agent connected to which backend, and when and why its connection ended."""
    await operator.api.store.commit([put(ENTITY, make_entity("web1"))])
    record.connection("default", "web1", True, "")
    record.connection("default", "web1", False, "the agent closed the connection")
    record.connection("default", "web2", True, "")
    await record.flush()
    marks: list[dict[str, Any]] = (await operator.get(f"{OWN}/entities/web1/timeline"))["marks"]
    assert [(mark["sort"], mark["text"]) for mark in marks if mark["sort"].endswith("connected")] == [
        ("connected", "connected to backend-1"),
        ("disconnected", "disconnected from backend-1: the agent closed the connection"),
    ]
