"""Why workflows handled an event or not, and what they would do with another."""

import json
import uuid
from typing import Any

import msgspec
import pytest

from sensu.backend.auth.identity import Identity
from sensu.backend.pipelined.steps import dry_run
from sensu.backend.services.outcomes import Found, Invalid, NotFound, TooMany
from sensu.resources.event import Event
from sensu.resources.kinds import EVENT_FILTER, MUTATOR, PIPELINE, SILENCED
from sensu.resources.time_window import ClockWindow, TimeWindowWhen, WindowDays
from sensu.resources.wire import encode
from sensu.rules.explain import TEXT_CHARACTERS_MAX
from sensu.store.values import EventKey, PutEvent
from sensu.testing.factories import make_silence
from tests.flows.pipelined_world import (
    ANYBODY,
    START,
    PipelinedWorld,
    event_filter,
    mutator,
    pipe,
    pipeline,
    result,
    workflow,
)

KEY = EventKey("default", "web1", "http")
NEVER = TimeWindowWhen(days=WindowDays(all=(ClockWindow(begin="12:00AM", end="12:01AM"),)))


@pytest.fixture
def world(pipelined: PipelinedWorld) -> PipelinedWorld:
    return pipelined


def id_of(number: int) -> str:
    return str(uuid.UUID(int=number))


def numbered(number: int, **fields: Any) -> Event:
    return msgspec.structs.replace(result(str(number), **fields), id=id_of(number), timestamp=START + number)


async def store(world: PipelinedWorld, event: Event) -> None:
    await world.store.commit([PutEvent(KEY, encode(event))])


async def explained(world: PipelinedWorld) -> dict[str, Any]:
    found = await world.explain.stored(ANYBODY, KEY)
    assert isinstance(found, Found)
    told: dict[str, Any] = json.loads(found.body)
    return told


async def asked(world: PipelinedWorld, caller: Identity = ANYBODY, **question: Any) -> dict[str, Any]:
    async def payload() -> bytes:
        return msgspec.json.encode(question)

    found = await world.explain.dry_run(caller, "default", payload)
    assert isinstance(found, Found), found
    told: dict[str, Any] = json.loads(found.body)
    return told


async def refused(world: PipelinedWorld, **question: Any) -> Any:
    async def payload() -> bytes:
        return msgspec.json.encode(question)

    return await world.explain.dry_run(ANYBODY, "default", payload)


async def configure(world: PipelinedWorld) -> None:
    await world.configure(
        EVENT_FILTER,
        event_filter("severe", "event.check.status > 1", "event.check.occurrences >= 3"),
        event_filter("broken", "nothing.at.all > 1"),
        event_filter("at_night", "true", when=NEVER),
    )
    await world.configure(MUTATOR, mutator("bad", type="pipe", command="exit 7"))
    await world.handlers(pipe("h", world.append_command("log")), pipe("fails", "exit 3"))
    workflows = (
        workflow("all", "h", "is_incident", "broken"),
        workflow("few", "h", "severe"),
        workflow("night", "h", "at_night"),
        workflow("lost", "h", "no_such_filter"),
        workflow("mutated", "h", mutator="bad"),
        workflow("failing", "fails"),
    )
    await world.configure(PIPELINE, pipeline("p", *workflows))


async def test_what_became_of_an_event_is_told_step_by_step(world: PipelinedWorld) -> None:
    """Each workflow tells how it ended and why: filters, expressions with values or errors, mutator, handler, times."""
    await configure(world)
    event = numbered(1, pipelines=["p"], silenced=("entity:web1",))
    await store(world, event)
    await world.owe(event)
    await world.ended(6)
    told = await explained(world)
    assert told["recorded"] is True
    assert told["event"]["id"] == id_of(1)
    assert told["event"]["silenced"] == ["entity:web1"]
    ways = {each["workflow"].rpartition("/")[2]: each for each in told["workflows"]}
    assert {name: way["outcome"] for name, way in ways.items()} == {
        "all": "delivered",
        "few": "filtered",
        "night": "filtered",
        "lost": "dropped",
        "mutated": "failed",
        "failing": "failed",
    }
    assert [each["name"] for each in ways["all"]["filters"]] == ["is_incident", "broken"]
    (broken,) = ways["all"]["filters"][1]["expressions"]
    assert broken["value"] is None
    assert "nothing" in broken["error"]
    assert ways["all"]["mutator"]["well"] is True
    assert ways["all"]["handling"]["well"] is True
    assert [each["value"] for each in ways["few"]["filters"][0]["expressions"]] == [True, False]
    assert ways["few"]["why"] == "filter severe kept it back"
    assert ways["night"]["filters"][0]["window"] == "outside"
    assert "expressions" not in ways["night"]["filters"][0]
    assert ways["lost"]["why"] == "filter no_such_filter does not exist"
    assert ways["mutated"]["mutator"]["why"] == "mutator bad: exit status 7"
    assert (ways["failing"]["why"], ways["failing"]["attempts"]) == ("exit status 3", 1)
    assert ways["failing"]["due_at"] == START + 5
    assert all(way["at"] == START for way in ways.values())
    await world.clock.advance(6)
    await world.settled()
    ways = {each["workflow"].rpartition("/")[2]: each for each in (await explained(world))["workflows"]}
    assert (ways["failing"]["outcome"], ways["failing"]["attempts"]) == ("given up", 2)
    assert ways["all"]["outcome"] == "delivered"


async def test_the_trace_is_that_of_the_stored_event(world: PipelinedWorld) -> None:
    """Where a newer event is stored that nothing was recorded of, what would happen is told, and what happened."""
    await world.handlers(pipe("h", world.append_command("log")))
    await store(world, numbered(1, handlers=["h"]))
    await world.owe(numbered(1, handlers=["h"]))
    await world.settled()
    await store(world, numbered(2))
    told = await explained(world)
    assert told["recorded"] is False
    assert told["verdict"] == "not handled: the event names no pipeline and no handler"
    assert told["earlier"]["event"]["id"] == id_of(1)
    assert told["earlier"]["verdict"] == "1 delivered"
    await world.restart()
    await store(world, numbered(1, handlers=["h", "gone"]))
    told = await explained(world)
    assert (told["recorded"], told["verdict"]) == (False, "1 would be delivered")
    assert told["problems"] == ["handler gone does not exist"]
    assert "earlier" not in told
    assert len(world.lines("log")) == 1
    assert isinstance(await world.explain.stored(ANYBODY, EventKey("default", "web1", "none")), NotFound)


async def test_an_event_that_names_nothing_that_exists_is_explained(world: PipelinedWorld) -> None:
    """Missing handlers and pipelines are told, not swallowed."""
    event = numbered(1, handlers=["gone"], pipelines=["lost"])
    await store(world, event)
    await world.owe(event)
    await world.settled()
    told = await explained(world)
    assert told["recorded"] is True
    assert told["workflows"] == []
    assert "handler gone does not exist" in told["verdict"]
    assert "pipeline core/v2.Pipeline(Name=lost) does not exist" in told["verdict"]


async def test_traces_are_bounded(world: PipelinedWorld) -> None:
    """An error of any length is kept in part only."""
    text = "x" * 20_000
    await world.configure(EVENT_FILTER, event_filter("long", f"(function(){{throw '{text}'}})()"))
    await world.handlers(pipe("h", "true", filters=("long",)))
    event = numbered(1, handlers=["h"])
    await store(world, event)
    await world.owe(event)
    await world.settled()
    (way,) = (await explained(world))["workflows"]
    assert len(way["filters"][0]["expressions"][0]["error"]) <= TEXT_CHARACTERS_MAX + 1


async def test_a_dry_run_executes_nothing_and_owes_nothing(world: PipelinedWorld) -> None:
    """A candidate event goes through the filters only; neither mutators nor handlers run."""
    await configure(world)
    event = json.loads(encode(numbered(1, pipelines=["p"])))
    told = await asked(world, event=event)
    outcomes = {each["workflow"].rpartition("/")[2]: each["outcome"] for each in told["workflows"]}
    assert outcomes == {
        "all": "would be delivered",
        "few": "filtered",
        "night": "filtered",
        "lost": "dropped",
        "mutated": "would be delivered",
        "failing": "would be delivered",
    }
    assert told["recorded"] is False
    assert await world.listed() == []
    assert world.lines("log") == []
    assert world.counters.outcomes == []


async def test_a_candidate_filter_is_tried_on_a_stored_event(world: PipelinedWorld) -> None:
    """The verdict of the filter alone, and of the workflows as if it were stored under its name; it is not stored."""
    await configure(world)
    await store(world, numbered(1, pipelines=["p"]))
    candidate = {"metadata": {"name": "severe"}, "action": "allow", "expressions": ["event.check.status == 2"]}
    told = await asked(world, entity="web1", check="http", filter=candidate)
    assert told["filter"]["passes"] is True
    assert told["filter"]["expressions"] == [{"expression": "event.check.status == 2", "value": True}]
    ways = {each["workflow"].rpartition("/")[2]: each["outcome"] for each in told["workflows"]}
    assert ways["few"] == "would be delivered"
    told = await asked(world, entity="web1", check="http")
    ways = {each["workflow"].rpartition("/")[2]: each["outcome"] for each in told["workflows"]}
    assert ways["few"] == "filtered"


async def test_candidate_handlers_and_pipelines_are_asked_about_alone(world: PipelinedWorld) -> None:
    """Whatever the event names, only the candidate's workflows are told."""
    await configure(world)
    await store(world, numbered(1, pipelines=["p"], handlers=["h"]))
    new = {"metadata": {"name": "new"}, "type": "pipe", "command": "true", "filters": ["severe"]}
    told = await asked(world, entity="web1", check="http", handler=new)
    assert [(each["handler"], each["outcome"]) for each in told["workflows"]] == [("new", "filtered")]
    steps = [{"name": "w", "handler": {"name": "new", "type": "Handler", "api_version": "core/v2"}}]
    way = {"metadata": {"name": "q"}, "workflows": steps}
    told = await asked(world, entity="web1", check="http", pipeline=way)
    assert [(each["workflow"], each["outcome"]) for each in told["workflows"]] == [
        ("core/v2.Pipeline(Name=q)/w", "dropped")
    ]
    told = await asked(world, entity="web1", check="http", pipeline=way, handler={**new, "filters": []})
    assert [each["outcome"] for each in told["workflows"]] == ["would be delivered"]


async def test_silences_hold_in_a_dry_run(world: PipelinedWorld) -> None:
    """A candidate event is silenced by what would silence it if it came now."""
    await world.handlers(pipe("h", "true", filters=("not_silenced",)))
    await world.configure(SILENCED, make_silence(check="http"))
    told = await asked(world, event=json.loads(encode(numbered(1, handlers=["h"]))))
    assert told["event"]["silenced"] == ["*:http"]
    (way,) = told["workflows"]
    assert (way["outcome"], way["filters"][0]["reason"]) == ("filtered", "the event is silenced")


@pytest.fixture
def small_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_run, "BUDGET_S", 0.05)


@pytest.mark.usefixtures("small_budget")
async def test_dry_runs_have_a_budget(world: PipelinedWorld) -> None:
    """A caller who uses up the time for JavaScript is told when to try again; what took too long rests meanwhile."""
    await store(world, numbered(1))
    of_web1 = {"entity": "web1", "check": "http"}
    endless = {"metadata": {"name": "f"}, "action": "allow", "expressions": ["while (true) {}"]}
    told = await asked(world, **of_web1, filter=endless)
    assert told["filter"]["expressions"][0]["error"] == "InternalError: the time limit was reached"
    over = await refused(world, **of_web1)
    assert isinstance(over, TooMany)
    assert over.retry_after_s > 1
    await world.clock.advance(over.retry_after_s)
    assert await asked(world, **of_web1)


async def test_what_took_too_long_rests_in_dry_runs(world: PipelinedWorld) -> None:
    """Who tries an expression that never ends again and again takes the time of one only."""
    await store(world, numbered(1))
    endless = {"metadata": {"name": "f"}, "action": "allow", "expressions": ["while (true) {}"]}
    errors = []
    for _ in range(3):
        told = await asked(world, entity="web1", check="http", filter=endless)
        errors.append(told["filter"]["expressions"][0]["error"])
    resting = "the expression took too long a short time ago"
    assert errors == ["InternalError: the time limit was reached", resting, resting]


async def test_questions_that_cannot_be_answered_are_refused(world: PipelinedWorld) -> None:
    """Broken candidates, missing events and filters with too many expressions say what is wrong."""
    await store(world, numbered(1))
    assert isinstance(await refused(world), Invalid)
    assert isinstance(await refused(world, entity="web1", check="none"), NotFound)
    of_web1 = {"entity": "web1", "check": "http"}
    many = {"metadata": {"name": "f"}, "action": "allow", "expressions": ["true"] * 21}
    assert isinstance(await refused(world, **of_web1, filter=many), Invalid)
    assert await refused(world, **of_web1, handler={"metadata": {"name": "x"}}) == Invalid("empty handler type")
    assert isinstance(await refused(world, event={"entity": None}), Invalid)


async def test_the_way_to_a_fallback_handler_is_told_beside_the_others(world: PipelinedWorld) -> None:
    """What the fallback handler did stands beside what each handler of the event did, not in its stead."""
    await world.handlers(
        pipe("page", "exit 1", retry_attempts=0, fallback_handler="mail"),
        pipe("log", "true"),
        pipe("mail", "true"),
    )
    event = numbered(1, handlers=["page", "log"])
    await store(world, event)
    await world.owe(event)
    await world.settled()
    told = await explained(world)
    outcomes = {trace["handler"]: trace["outcome"] for trace in told["workflows"]}
    assert outcomes == {"page": "given to the fallback handler", "log": "delivered", "mail": "delivered"}
    second = numbered(2, handlers=["log"])
    await store(world, second)
    await world.owe(second)
    await world.settled()
    assert [trace["handler"] for trace in (await explained(world))["workflows"]] == ["log"]
