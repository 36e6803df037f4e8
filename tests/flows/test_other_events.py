"""Filters that ask for other events of their namespace with the functions of `sensu`."""

from typing import Any

import msgspec
import pytest

from sensu.resources.kinds import EVENT_FILTER
from sensu.resources.wire import encode
from sensu.rules.other_events import LISTED_MAX, ROUNDS_MAX
from sensu.store.values import EventKey, PutEvent
from sensu.testing.factories import make_check, make_entity, make_event
from tests.flows.pipelined_world import PipelinedWorld, event_filter, pipe, result
from tests.flows.test_explain import asked


@pytest.fixture
def world(pipelined: PipelinedWorld) -> PipelinedWorld:
    return pipelined


async def store(world: PipelinedWorld, *statuses: tuple[str, str, int], namespace: str = "default") -> None:
    for entity, check, status in statuses:
        event = make_event(make_entity(entity), make_check(check, status=status))
        await world.store.commit([PutEvent(EventKey(namespace, entity, check), encode(event))])


OTHERS = (("web1", "database", 0), ("web1", "disk", 2), ("router", "port1", 0), ("router", "port2", 1))


async def values(world: PipelinedWorld, *expressions: str, **filter_fields: Any) -> list[Any]:
    """What the expressions give for an event of `web1`: a truth value or the text of an error."""
    spec = {"metadata": {"name": "f"}, "action": "allow", "expressions": list(expressions), **filter_fields}
    told = await asked(world, event=event_document(), filter=spec)
    return [each.get("error") or each["value"] for each in told["filter"]["expressions"]]


def event_document() -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(encode(result("x")))
    return document


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("sensu.CheckDependencies()", True),
        ("sensu.CheckDependencies('database')", True),
        ("sensu.CheckDependencies('database', 'disk')", False),
        ("sensu.CheckDependencies('database', {entity: 'router', check: 'port1'})", True),
        ("sensu.CheckDependencies([{entity: 'router', check: 'port1'}, {entity: 'router', check: 'port2'}])", False),
        ("sensu.CheckDependencies(JSON.parse('[\"database\"]'))", True),
        ("sensu.EventStatus('database', 'disk').join() == '0,2'", True),
        ("sensu.CheckStatus({entity: 'router', check: 'port2'})[0] == 1", True),
        ("sensu.EventStatus().length == 0", True),
        ("sensu.FetchEvent('router', 'port2').check.metadata.name == 'port2'", True),
        ("sensu.ListEvents().length == 4 && sensu.ListEvents()[0].entity.metadata.name == 'router'", True),
        (
            "(function () { var diskEvent = sensu.FetchEvent('web1', 'disk'); if (diskEvent == nil) { return false; } "
            "return diskEvent.check.status == 0; })()",
            False,
        ),
        ("try { sensu.FetchEvent('web1', 'disk').check.status == 2 } catch (e) { false }", True),
        ("['database', 'disk'].every(function (name) { return sensu.CheckDependencies(name) })", False),
        ("sensu.FetchEvent('web1', 'nothing')", "Error: no event of the entity web1 and the check nothing"),
        ("try { sensu.FetchEvent('web1', 'nothing') } catch (e) { true }", True),
    ],
)
async def test_expressions_find_other_events(world: PipelinedWorld, expression: str, value: bool | str) -> None:
    """The functions of sensu answer from the stored events of the namespace; an event that is missing is an error."""
    await store(world, *OTHERS)
    await store(world, ("web1", "nothing", 0), namespace="elsewhere")
    assert await values(world, expression) == [value]


async def test_alerts_wait_for_what_they_depend_on(world: PipelinedWorld) -> None:
    """A filter with CheckDependencies lets an event through only while the checks that it names are well."""
    await world.configure(EVENT_FILTER, event_filter("well", "sensu.CheckDependencies('database')"))
    await world.handlers(pipe("h", world.append_command("h"), filters=("well",)))
    await store(world, ("web1", "database", 2))
    await world.owe(result("kept back", handlers=["h"]))
    await world.settled()
    await store(world, ("web1", "database", 0))
    await world.owe(result("handled", handlers=["h"]))
    await world.settled()
    assert world.outputs("h") == ["handled"]


async def test_what_an_expression_may_ask_for_is_bounded(world: PipelinedWorld) -> None:
    """An expression that asks again and again, or for very many events, fails with a message that says why."""
    names = [f"c{number}" for number in range(ROUNDS_MAX + 2)]
    await store(world, *(("web1", name, 0) for name in names))
    one_by_one = f"{names[: ROUNDS_MAX - 1]!r}.every(function (name) {{ return sensu.CheckDependencies(name) }})"
    endless = f"{names!r}.every(function (name) {{ return sensu.CheckDependencies(name) }})"
    why = f"Error: the expression asked for other events more than {ROUNDS_MAX} times"
    for expression, value in (
        (one_by_one, True),
        (endless, why),
        (f"sensu.CheckDependencies({names!r})", True),
    ):
        assert await values(world, expression) == [value]
    await store(world, *((f"e{number}", "c", 0) for number in range(LISTED_MAX)))
    (too_many,) = await values(world, "sensu.ListEvents().length")
    assert too_many == f"Error: sensu.ListEvents: the namespace has more than {LISTED_MAX} events"
