"""Filters that ask for other events of their namespace with the functions of `sensu`."""

from typing import Any

import msgspec
import pytest

from sensu.backend.auth.identity import Identity
from sensu.resources.kinds import EVENT_FILTER, ROLE, ROLE_BINDING
from sensu.resources.role import Role, Rule
from sensu.resources.role_binding import RoleBinding, RoleRef, Subject
from sensu.resources.wire import encode
from sensu.rules.other_events import LISTED_MAX, ROUNDS_MAX
from sensu.store.values import DeleteResource, EventKey, Key, PutEvent
from sensu.testing.factories import make_check, make_entity, make_event, make_metadata
from tests.flows.pipelined_world import ANYBODY, PipelinedWorld, event_filter, pipe, result
from tests.flows.test_explain import asked


@pytest.fixture
def world(pipelined: PipelinedWorld) -> PipelinedWorld:
    return pipelined


async def store(world: PipelinedWorld, *statuses: tuple[str, str, int], namespace: str = "default") -> None:
    for entity, check, status in statuses:
        event = make_event(make_entity(entity), make_check(check, status=status))
        await world.store.commit([PutEvent(EventKey(namespace, entity, check), encode(event))])


OTHERS = (("web1", "database", 0), ("web1", "disk", 2), ("router", "port1", 0), ("router", "port2", 1))


async def values(world: PipelinedWorld, *expressions: str, caller: Identity = ANYBODY) -> list[Any]:
    """What the expressions give for an event of `web1`: a truth value or the text of an error."""
    spec = {"metadata": {"name": "f"}, "action": "allow", "expressions": list(expressions)}
    told = await asked(world, caller, event=event_document(), filter=spec)
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


async def test_an_event_can_read_itself(world: PipelinedWorld) -> None:
    """The event that is filtered is read as it is being handled, also if another one is stored under its name."""
    own = event_document()
    entity, check = own["entity"]["metadata"]["name"], own["check"]["metadata"]["name"]
    await store(world, (entity, check, 3))
    expression = f"sensu.FetchEvent('{entity}', '{check}').check.output == event.check.output"
    assert await values(world, expression) == [True]


async def test_other_events_are_read_with_the_rights_of_the_pipeline(world: PipelinedWorld) -> None:
    """Without the role system:pipeline, a filter of a namespace reads no other event, and the error names the group."""
    await world.configure(EVENT_FILTER, event_filter("well", "sensu.CheckDependencies('database')"))
    await world.handlers(pipe("h", world.append_command("h"), filters=("well",)))
    await store(world, ("web1", "database", 2))
    await world.owe(result("kept back", handlers=["h"]))
    await world.settled()
    assert world.outputs("h") == []
    await world.store.commit([DeleteResource(Key(ROLE_BINDING.qualified_name, "default", "system:pipeline"))])
    await world.owe(result("not decided", handlers=["h"]))
    await world.settled()
    explained = world.pipelined.traces.of(EventKey("default", "web1", "http"))
    assert explained is not None
    (expression,) = explained.workflows[0].filters[0].expressions
    assert expression.error == (
        "Error: not permitted: the group system:pipeline may not get events in the namespace default"
    )


async def test_dry_runs_read_other_events_with_the_rights_of_the_caller(world: PipelinedWorld) -> None:
    """An expression in a dry run reads no event that its author may not read."""
    await store(world, *OTHERS)
    reader = Role(
        metadata=make_metadata("reader"),
        rules=(Rule(verbs=("get",), resources=("events",), resource_names=("web1/database",)),),
    )
    binding = RoleBinding(
        metadata=make_metadata("reader"),
        subjects=(Subject(type="User", name="eve"),),
        role_ref=RoleRef(type="Role", name="reader"),
    )
    await world.configure(ROLE, reader)
    await world.configure(ROLE_BINDING, binding)
    refused = "Error: not permitted: the user eve may not {} events in the namespace default"
    reads = ("sensu.CheckDependencies('database')", "sensu.CheckDependencies('disk')", "sensu.ListEvents()")
    told = await values(world, *reads, caller=Identity("eve", ()))
    assert told == [True, refused.format("get"), refused.format("list")]


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
