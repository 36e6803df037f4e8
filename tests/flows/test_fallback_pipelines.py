"""Pipelines that are tried in order until one handles the event."""

from typing import Any

import msgspec
import pytest

from sensu.resources.event import Event
from sensu.resources.fallback_pipeline import FallbackPipeline
from sensu.resources.kinds import EVENT_FILTER, FALLBACK_PIPELINE, PIPELINE
from sensu.resources.metadata import FallbackPipelineReference, ResourceReference
from sensu.rules.explain import DELIVERED, NEXT_PIPELINE
from sensu.store.values import EventKey
from sensu.testing.factories import make_metadata
from tests.flows.pipelined_world import PipelinedWorld, event_filter, pipe, pipeline, result, workflow

KEY = EventKey("default", "web1", "http")


@pytest.fixture
def world(pipelined: PipelinedWorld) -> PipelinedWorld:
    return pipelined


def fallback(*names: str) -> FallbackPipeline:
    references = (ResourceReference(api_version="core/v2", type="Pipeline", name=name) for name in names)
    return FallbackPipeline(metadata=make_metadata("f"), pipelines=tuple(references))


def failing(world: PipelinedWorld, name: str, **fields: Any) -> Any:
    """A handler that notes the event, and fails."""
    return pipe(name, world.append_command(name, "exit 3"), **{"retry_attempts": 0, **fields})


def taking(world: PipelinedWorld, name: str) -> Any:
    return pipe(name, world.append_command(name))


def routed(output: str, **fields: Any) -> Event:
    event = result(output, **fields)
    check = msgspec.structs.replace(event.check, fallback_pipeline=FallbackPipelineReference(name="f"))
    return msgspec.structs.replace(event, check=check)


def outcomes(world: PipelinedWorld) -> dict[str, str]:
    """What the explanation of the event says, by handler."""
    explained = world.pipelined.traces.of(KEY)
    assert explained is not None
    return {trace.handler: trace.outcome for trace in explained.workflows}


async def test_the_next_pipeline_is_tried_when_one_fails(world: PipelinedWorld) -> None:
    """Each pipeline gets the event after all attempts of the one before; those after the one that handled it do not."""
    await world.handlers(failing(world, "chat", retry_attempts=1, retry_delay=5))
    await world.handlers(failing(world, "mail"), taking(world, "pager"), taking(world, "siren"))
    names = ("chat", "mail", "pager", "siren")
    await world.configure(PIPELINE, *(pipeline(name, workflow("w", name)) for name in names))
    await world.configure(FALLBACK_PIPELINE, fallback(*names))
    await world.owe(routed("on fire"))
    await world.ended(1)
    assert [world.outputs(name) for name in names] == [["on fire"], [], [], []]
    await world.clock.advance(6)
    await world.settled()
    assert [len(world.outputs(name)) for name in names] == [2, 1, 1, 0]
    assert await world.dead_letters() == []
    assert outcomes(world) == {"chat": NEXT_PIPELINE, "mail": NEXT_PIPELINE, "pager": DELIVERED}


async def test_an_event_that_no_pipeline_handles_is_a_dead_letter(world: PipelinedWorld) -> None:
    """The dead letter has the failure of the last pipeline, and a retry begins with this one."""
    await world.handlers(failing(world, "chat"), failing(world, "mail"))
    await world.configure(PIPELINE, *(pipeline(name, workflow("w", name)) for name in ("chat", "mail")))
    await world.configure(FALLBACK_PIPELINE, fallback("chat", "mail"))
    await world.owe(routed("on fire"))
    await world.settled()
    (why,) = await world.dead_letters()
    assert why.startswith("fallback_pipeline/v1.FallbackPipeline(Name=f)/core/v2.Pipeline(Name=mail)/w: exit status 3")
    await world.handlers(taking(world, "mail"))
    (dead,) = await world.listed("dead")
    assert await world.offered.actions.retry("default", dead["id"])
    await world.settled()
    assert (len(world.outputs("chat")), len(world.outputs("mail"))) == (1, 2)


async def test_a_pipeline_that_filters_the_event_has_handled_it(world: PipelinedWorld) -> None:
    """Filters that keep an event back are no failure, so that no other pipeline is tried."""
    await world.handlers(taking(world, "chat"), taking(world, "mail"))
    await world.configure(EVENT_FILTER, event_filter("never", "false"))
    await world.configure(PIPELINE, pipeline("chat", workflow("w", "chat", "never")))
    await world.configure(PIPELINE, pipeline("mail", workflow("w", "mail")))
    await world.configure(FALLBACK_PIPELINE, fallback("chat", "mail"))
    await world.owe(routed("kept back"))
    await world.settled()
    assert world.outputs("chat") == world.outputs("mail") == []


async def test_one_failed_workflow_is_enough_and_counts_once(world: PipelinedWorld) -> None:
    """A pipeline fails if any of its workflows does; the next one begins once, when all of them have ended."""
    await world.handlers(failing(world, "chat"), failing(world, "slow", retry_attempts=1, retry_delay=5))
    await world.handlers(taking(world, "log"), taking(world, "mail"))
    several = pipeline("first", workflow("a", "chat"), workflow("b", "log"), workflow("c", "slow"))
    await world.configure(PIPELINE, several, pipeline("second", workflow("w", "mail")))
    await world.configure(FALLBACK_PIPELINE, fallback("first", "second"))
    await world.owe(routed("on fire"))
    await world.ended(3)
    assert world.outputs("mail") == []
    await world.clock.advance(6)
    await world.settled()
    assert (world.outputs("log"), world.outputs("mail")) == (["on fire"], ["on fire"])


async def test_a_missing_handler_or_pipeline_leads_to_the_next_one(world: PipelinedWorld) -> None:
    """What refers to something that does not exist cannot handle an event."""
    await world.handlers(taking(world, "mail"))
    await world.configure(PIPELINE, pipeline("broken", workflow("w", "gone")), pipeline("mail", workflow("w", "mail")))
    await world.configure(FALLBACK_PIPELINE, fallback("nowhere", "broken", "mail"))
    await world.owe(routed("on fire"))
    await world.settled()
    assert world.outputs("mail") == ["on fire"]


async def test_handlers_of_the_event_do_not_delay_the_next_pipeline(world: PipelinedWorld) -> None:
    """An event may name handlers too: they are tried on their own, and a failure of theirs leads to no pipeline."""
    await world.handlers(failing(world, "own", retry_attempts=1, retry_delay=50), failing(world, "chat"))
    await world.handlers(taking(world, "mail"))
    await world.configure(PIPELINE, *(pipeline(name, workflow("w", name)) for name in ("chat", "mail")))
    await world.configure(FALLBACK_PIPELINE, fallback("chat", "mail"))
    await world.owe(routed("on fire", handlers=["own"]))
    await world.ended(3)
    await world.clock.advance(51)
    await world.settled()
    assert (len(world.outputs("own")), len(world.outputs("chat")), len(world.outputs("mail"))) == (2, 1, 1)
    (why,) = await world.dead_letters()
    assert "own" in why


async def test_the_next_pipeline_is_not_forgotten_when_the_backend_ends(world: PipelinedWorld) -> None:
    """After a restart, the delivery goes on where it was: with the pipeline that was being tried."""
    await world.handlers(failing(world, "chat"), failing(world, "mail", retry_attempts=1, retry_delay=50))
    await world.handlers(taking(world, "pager"))
    await world.configure(PIPELINE, *(pipeline(name, workflow("w", name)) for name in ("chat", "mail", "pager")))
    await world.configure(FALLBACK_PIPELINE, fallback("chat", "mail", "pager"))
    await world.owe(routed("on fire"))
    await world.until(lambda: world.outputs("mail"))
    assert "exit status 3" in (await world.failed())["why"]
    await world.restart(set_by_s=60)
    await world.clock.advance(60)
    await world.settled()
    assert [len(world.outputs(name)) for name in ("chat", "mail", "pager")] == [1, 2, 1]
