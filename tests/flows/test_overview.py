"""The overview: in one answer, whether anything is wrong and whether the monitoring itself is well."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sensu.backend.activity import Activity, FailingHandler, MemberActivity, summed
from sensu.backend.stored_form import put
from sensu.resources.kinds import CHECK, CLUSTER_ROLE, ENTITY, NAMESPACE, ROLE_BINDING, SILENCED
from sensu.resources.metadata import ObjectMeta
from sensu.resources.namespace import Namespace
from sensu.resources.role import ClusterRole, Rule
from sensu.resources.role_binding import RoleBinding, RoleRef, Subject
from sensu.rules.explain import DELIVERED, FAILED, FILTERED, WorkflowTrace
from sensu.store.values import EventKey, EventState, OweDelivery, PutEvent, SettleDelivery
from sensu.testing.factories import make_check_config, make_entity, make_proxy, make_silence
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.api_harness import RunningApi, running_api

START = 1_700_000_000
OWN = "/api/sensu/v1"
OVERVIEW = f"{OWN}/namespaces/default/overview"


class Backend:
    """An API, its clock, and an administrator."""

    def __init__(self, api: RunningApi, clock: VirtualClock, authorization: str) -> None:
        self.api, self.clock, self.authorization = api, clock, authorization

    async def overview(self, path: str = OVERVIEW, status: int = 200, authorization: str = "") -> Any:
        answer = await self.api.call("GET", path, Authorization=authorization or self.authorization)
        assert answer.status == status, answer.body
        return msgspec.json.decode(answer.body)

    async def report(self, entity: str, status: int, namespace: str = "default", **more: Any) -> None:
        host = {"entity_class": "proxy", "metadata": {"name": entity, "namespace": namespace}}
        check = {"metadata": {"name": "http", "namespace": namespace}, "status": status, "interval": 60, **more}
        path = f"/api/core/v2/namespaces/{namespace}/events"
        answer = await self.api.call("POST", path, {"entity": host, "check": check}, Authorization=self.authorization)
        assert answer.status == 201, answer.body

    async def user(self, name: str, *resources: str, namespace: str = "default") -> str:
        """An Authorization header of somebody who may list these in a namespace."""
        body = {"username": name, "password": "P@ssw0rd!", "groups": []}
        answer = await self.api.call("POST", "/api/core/v2/users", body, Authorization=self.authorization)
        assert answer.status == 201
        role = ClusterRole(metadata=ObjectMeta(name=name), rules=(Rule(verbs=("get", "list"), resources=resources),))
        binding = RoleBinding(
            metadata=ObjectMeta(name=name, namespace=namespace),
            subjects=(Subject(type="User", name=name),),
            role_ref=RoleRef(type="ClusterRole", name=name),
        )
        await self.api.store.commit([put(CLUSTER_ROLE, role), put(ROLE_BINDING, binding)])
        return await self.api.token(name)


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[Backend]:
    """A backend whose clock stands still."""
    clock = VirtualClock(START)
    async with running_api(tmp_path, clock=clock) as api:
        yield Backend(api, clock, await api.token())


async def test_the_counts_of_a_namespace(backend: Backend) -> None:
    """Events, entities, checks, silences and deliveries are counted as they are, and follow each change."""
    store = backend.api.store
    for number, status in enumerate((0, 0, 1, 2, 2)):
        await backend.report(f"web{number}", status)
    await backend.clock.advance(3601)
    backend.authorization = await backend.api.token()
    await backend.report("web5", 7)
    flapping = PutEvent(EventKey("default", "a", "b"), b"{}", state=EventState(0, 5, True, True, True))
    silences = [
        make_silence("linux", begin=START, expire_at=int(backend.clock.now()) + 100),
        make_silence("web", begin=START),
        make_silence("db", begin=int(backend.clock.now()) + 100),
        make_silence("old", begin=START, expire_at=START + 1),
    ]
    owed = [OweDelivery(store.next_delivery_id(), "default", b"{}", 5.0) for _ in range(3)]
    await store.commit(
        [
            flapping,
            *(put(SILENCED, silence) for silence in silences),
            put(CHECK, make_check_config("http")),
            put(CHECK, make_check_config("off", publish=False)),
            put(ENTITY, make_entity("host")),
            put(ENTITY, make_proxy("router")),
            *owed,
            SettleDelivery(owed[0].id, dead="given up"),
        ]
    )
    found = await backend.overview()
    assert found["events"] == {
        "total": 7, "critical": 3, "warning": 1, "unknown": 1, "passing": 2,
        "silenced": 1, "new": 1, "flapping": 1, "overdue": 1,
    }  # fmt: skip
    assert found["entities"] == {"total": 8, "agent": 1, "proxy": 7, "connected": 0, "away": 1}
    assert found["checks"] == {"total": 2, "published": 1, "late": 0, "missed_1h": 0}
    assert found["silences"] == {"active": 2, "ending_1h": 1, "pending": 1}
    assert found["deliveries"] == {"owed": 2, "dead": 1, "delivered_1h": 0, "failed_1h": 0, "failing": []}
    assert (found["backend"]["healthy"], found["backend"]["members"], found["hidden"]) == (True, 1, [])
    assert [silence["name"] for silence in found["first"]["ending"]] == ["linux:*"]
    await store.commit([SettleDelivery(one.id) for one in owed])
    later = await backend.overview()
    assert (later["deliveries"]["owed"], later["deliveries"]["dead"]) == (0, 0)
    assert later["revision"] >= found["revision"] > 0


async def test_incidents_that_nobody_was_notified_of_come_first(backend: Backend) -> None:
    """Of the incidents those without a delivery come first, then the newest of the most severe; silenced ones last."""
    for name, status in (("a", 2), ("b", 2), ("c", 1), ("fine", 0), ("d", 2)):
        await backend.report(name, status)
        await backend.clock.advance(10)
    await backend.api.store.commit([put(SILENCED, make_silence("entity:b"))])
    await backend.clock.advance(1)
    found = await backend.overview()
    assert [row["entity"] for row in found["first"]["incidents"]] == ["d", "a", "c", "b"]


async def test_parts_that_the_caller_may_not_see(backend: Backend) -> None:
    """A part whose kind the caller may not list is null and named in `hidden`; without events all is refused."""
    found = await backend.overview(authorization=await backend.user("ann", "events", "checks"))
    assert found["hidden"] == ["entities", "silences", "deliveries"]
    assert (found["entities"], found["silences"], found["deliveries"]) == (None, None, None)
    assert found["checks"] is not None
    assert found["first"]["ending"] == []
    eve = await backend.user("eve", "checks")
    await backend.overview(status=403, authorization=eve)
    await backend.overview(f"{OWN}/overview", status=403, authorization=eve)


async def test_all_namespaces_together(backend: Backend) -> None:
    """The overview of all namespaces has the counts of each that the caller may list, and their sum."""
    await backend.api.store.commit([put(NAMESPACE, Namespace(name=name)) for name in ("dev", "prod")])
    await backend.report("a", 2, "dev")
    await backend.report("b", 1, "prod")
    await backend.report("c", 0, "prod")
    ann = await backend.user("ann", "events", namespace="dev")
    found = await backend.overview(f"{OWN}/overview")
    named = {one["namespace"]: one["events"]["total"] for one in found["namespaces"]}
    assert (named["dev"], named["prod"], named["default"]) == (1, 2, 0)
    assert (found["events"]["total"], found["events"]["critical"], found["partial"]) == (3, 1, False)
    incidents = [(row["columns"]["namespace"], row["entity"]) for row in found["first"]["incidents"]]
    assert incidents == [("dev", "a"), ("prod", "b")]
    found = await backend.overview(f"{OWN}/overview", authorization=ann)
    assert [one["namespace"] for one in found["namespaces"]] == ["dev"]
    assert found["events"]["total"] == 1


def attempt(outcome: str, at: float, why: str = "", handler: str = "pager") -> WorkflowTrace:
    return WorkflowTrace(workflow="w", handler=handler, outcome=outcome, why=why, at=at)


async def test_activity_of_the_last_hour() -> None:
    """Attempts count for an hour; a handler fails since the first failure behind its last delivery."""
    clock = VirtualClock(START)
    activity = Activity(clock)
    for at, outcome in ((1, DELIVERED), (2, FAILED), (3, FAILED), (4, FILTERED)):
        activity.attempted("default", attempt(outcome, at, f"error {at}"))
    found = activity.report(False).deliveries["default"]
    assert (found.delivered, found.failed) == (1, 2)
    assert found.failing == (FailingHandler("pager", 2, "error 3"),)
    activity.attempted("default", attempt(DELIVERED, 5))
    assert activity.report(False).deliveries["default"].failing == ()
    await clock.advance(3601)
    assert activity.report(False).deliveries == {}


async def test_events_a_second() -> None:
    """The rate is that of the last ten seconds, and of less right after the start."""
    clock = VirtualClock(START)
    activity = Activity(clock)
    rates = list[float]()
    for events in (10, 10, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0):
        activity.processed(events)
        await clock.advance(1)
        rates.append(activity.report(True).events_per_s)
    assert rates[:3] == [10.0, 10.0, 10.0]
    assert rates[9] == 3.0
    assert rates[-1] == 0.0


def test_reports_of_members_are_summed() -> None:
    """Of several members the rates and counts add up, and one that holds back is enough."""
    one, other = Activity(VirtualClock(START)), Activity(VirtualClock(START))
    one.attempted("a", attempt(FAILED, 1, "x"))
    other.attempted("a", attempt(DELIVERED, 1, handler="mail"))
    total: MemberActivity = summed([one.report(False), other.report(True)])
    names: Sequence[str] = [failing.handler for failing in total.deliveries["a"].failing]
    assert (total.held_back, total.deliveries["a"].delivered, total.deliveries["a"].failed, names) == (
        True, 1, 1, ["pager"],
    )  # fmt: skip
