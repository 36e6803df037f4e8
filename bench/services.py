"""Measures what service components cost while all events that they select keep changing.

The share of a whole backend is a small difference of two large numbers, so the parts of `serviced` are measured alone:
what it does at each commit, and evaluations without the events that they give.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bench.figures import Figure
from bench.payloads import agent_name, make_event
from sensu.backend.membership import ALONE
from sensu.backend.serviced.evaluation import Evaluation
from sensu.backend.serviced.selections import OwnSelections
from sensu.backend.stored_form import put
from sensu.clock import SystemClock
from sensu.execution.javascript_pool import JavaScriptPool
from sensu.resources.kinds import NAMESPACE, RULE_TEMPLATE, SERVICE_COMPONENT
from sensu.resources.metadata import ObjectMeta
from sensu.resources.namespace import Namespace
from sensu.resources.service_component import ComponentQuery, ComponentRule, ServiceComponent
from sensu.resources.wire import encode
from sensu.store.resource_cache import ResourceCache
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.store import SQLiteStore
from sensu.store.values import Change, EventKey, PutEvent

AGENTS, CHECKS, COMPONENTS, EVERY_S = 100, 100, 20, 10
EVENTS = AGENTS * CHECKS
ROUNDS, ROUNDS_LONG = 3, 10
"""How often all events change; the least of these rounds is the figure."""


def measure(long: bool) -> Iterator[Figure]:
    """The processor time of components, as a share of the time in which all events change once."""
    with tempfile.TemporaryDirectory(prefix="sensu-services-") as folder:
        first_s, least_s = asyncio.run(_measured(Path(folder), ROUNDS_LONG if long else ROUNDS))
    what = f"{COMPONENTS} service components"
    share = least_s / EVERY_S * 100
    yield Figure(f"{what}, {EVENTS:,} events that change each {EVERY_S} s: CPU", "% of a core", share)
    yield Figure(f"{what}, first evaluation of {EVENTS:,} events: CPU", "ms", first_s * 1000)


async def _measured(folder: Path, rounds: int) -> tuple[float, float]:
    """The processor seconds of the first evaluation, which reads all events, and of the best round after it."""
    store, clock = SQLiteStore(folder, Durability.NORMAL), SystemClock()
    await store.open()
    await store.commit([put(NAMESPACE, Namespace(name="default"))])
    components = [_component(number) for number in range(COMPONENTS)]
    await store.commit([put(SERVICE_COMPONENT, component) for component in components])
    bodies = {_key(number): _body(number, 0) for number in range(EVENTS)}
    for keys in _parts(list(bodies), 1000):
        await store.commit([PutEvent(key, bodies[key]) for key in keys])
    records, scripts = ResourceCache(store), JavaScriptPool(1)
    await records.load([SERVICE_COMPONENT, RULE_TEMPLATE])
    selections = OwnSelections(store, records, ALONE)
    evaluation = Evaluation(records, selections, scripts, clock)
    selections.open()
    started = time.process_time()
    await evaluation.events(components[0])
    first_s = time.process_time() - started
    times = [await _round(selections, evaluation, components, number) for number in range(1, rounds + 1)]
    selections.close()
    await store.close()
    return first_s, min(times)


async def _round(
    selections: OwnSelections, evaluation: Evaluation, components: Sequence[ServiceComponent], number: int
) -> float:
    """All events change, and each component is evaluated once, at different times."""
    changes = [Change(event, _key(event), _body(event, number)) for event in range(EVENTS)]
    started = time.process_time()
    for component, some in zip(components, _parts(changes, EVENTS // COMPONENTS), strict=True):
        for group in _parts(some, 50):
            selections.events_changed(group)
        assert await evaluation.events(component)
    return time.process_time() - started


def _key(number: int) -> EventKey:
    return EventKey("default", agent_name(number // CHECKS), f"check-{number % CHECKS:02}")


def _body(number: int, status: int) -> bytes:
    """An event whose status is another one in each round."""
    key = _key(number)
    event = make_event(key.entity, key.check)
    assert event.check is not None
    return encode(
        msgspec.structs.replace(event, check=msgspec.structs.replace(event.check, status=(number + status) % 3))
    )


def _component(number: int) -> ServiceComponent:
    """A component with a rule; each leaves out the events of another entity."""
    query = f"bench in event.check.subscriptions && event.entity.name != '{agent_name(number)}'"
    arguments = {"critical_threshold": 50, "warning_threshold": 70}
    return ServiceComponent(
        metadata=ObjectMeta(name=f"component-{number:02}", namespace="default"),
        interval=EVERY_S,
        services=(f"service-{number % 4}",),
        query=(ComponentQuery(type="fieldSelector", value=query),),
        rules=(ComponentRule(name=f"rule-{number:02}", template="aggregate", arguments=arguments),),
    )


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
