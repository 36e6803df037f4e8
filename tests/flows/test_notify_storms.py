"""Storms: many deliveries of notify handlers at once go out in digests."""

import asyncio
from collections.abc import Iterator

import pytest

from sensu.resources.event import Event
from sensu.resources.handler import Handler, Notify, NotifyStorm
from sensu.resources.wire import decode, encode
from sensu.rules.share import ALL_SLOTS
from sensu.store.values import EventKey, PutEvent
from sensu.testing.factories import make_metadata
from sensu.testing.virtual_clock import let_others_run
from tests.flows.pipelined_world import ANYBODY, PipelinedWorld, result
from tests.sinks import HttpSink, http_sink

LINKED = pytest.mark.world(web_url="https://sensu.example.com")


@pytest.fixture
def world(pipelined: PipelinedWorld) -> PipelinedWorld:
    return pipelined


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as found:
        yield found


def notify(sink: HttpSink, **fields: object) -> Handler:
    settings = {"urls": (f"json://127.0.0.1:{sink.port}/hook",), **fields}
    retries = {name: settings.pop(name) for name in ("retry_attempts", "retry_delay") if name in settings}
    return Handler(metadata=make_metadata("ops"), type="notify", notify=Notify(**settings), **retries)  # type: ignore[arg-type]


def titles(sink: HttpSink) -> list[str]:
    return [request.json["title"][2:] for request in sink.requests]


async def storm(world: PipelinedWorld, count: int) -> None:
    """A check fails on many hosts at once; returns when only what is gathered is pending."""
    await world.owe(*(result("503", entity=f"web{number}", handlers=["ops"]) for number in range(count)))
    await world.settled(count - 10)
    await let_others_run()


@LINKED
async def test_a_storm_is_a_few_messages_and_a_digest(world: PipelinedWorld, sink: HttpSink) -> None:
    """Ten problems have their own messages; the others, however many, go out in one digest ten seconds later."""
    await world.handlers(notify(sink))
    await storm(world, 100)
    assert len(sink.requests) == 10
    assert len(await world.store.deliveries_owed(200)) == 90
    await world.clock.advance(10)
    await world.settled()
    assert titles(sink)[10:] == ["90 problems on 90 hosts"]
    digest = sink.requests[10].json
    assert digest["type"] == "failure"
    assert digest["message"].startswith("http (90)\nweb")
    assert digest["message"].count("critical: 503") == 10
    assert "and 80 more" in digest["message"]
    assert "Events: https://sensu.example.com/n/default/events" in digest["message"]


async def test_problems_in_a_digest_are_announced(world: PipelinedWorld, sink: HttpSink) -> None:
    """Services know the problems of a digest: they are not announced again, and their ends are in the next digest."""
    await world.handlers(notify(sink))
    await storm(world, 12)
    await world.clock.advance(10)
    await world.settled()
    await world.owe(*(result("503", entity=f"web{number}", handlers=["ops"]) for number in range(12)))
    await world.settled()
    assert len(sink.requests) == 11
    await world.owe(*(result("fine", 0, entity=f"web{number}", handlers=["ops"]) for number in range(12)))
    await let_others_run()
    await world.clock.advance(300)
    await world.settled()
    assert titles(sink)[11:] == ["12 recovered"]


async def test_problems_that_are_over_by_then_are_counted(world: PipelinedWorld, sink: HttpSink) -> None:
    """A problem that passes again before the digest only counts as one that came and went, and so does its end."""
    await world.handlers(notify(sink))
    await storm(world, 13)
    (owed, *_) = await world.store.deliveries_owed(1)
    entity = decode(Event, owed.event).entity
    assert entity is not None
    name = entity.metadata.name
    passing = result("fine", 0, entity=name, handlers=["ops"])
    await world.store.commit([PutEvent(EventKey("default", name, "http"), encode(passing))])
    await world.owe(passing)
    await world.clock.advance(10)
    await world.settled()
    assert titles(sink)[10:] == ["2 problems on 2 hosts"]
    assert "1 problem came and went" in sink.requests[10].json["message"]


async def test_a_restart_in_a_storm_loses_nothing(world: PipelinedWorld, sink: HttpSink) -> None:
    """What was gathered when the backend stopped goes out after it has started again."""
    await world.handlers(notify(sink))
    await storm(world, 15)
    await world.restart()
    await world.settled()
    assert len(sink.requests) == 15
    assert all("is critical" in title for title in titles(sink))


async def test_a_gathered_delivery_can_be_sent_or_discarded_by_hand(world: PipelinedWorld, sink: HttpSink) -> None:
    """Retrying a gathered delivery sends its message at once; a discarded one is in no digest."""
    await world.handlers(notify(sink))
    await storm(world, 14)
    first, second, *_ = await world.store.deliveries_owed(4)
    assert await world.deliveries.retry(ANYBODY, "default", str(first.id))
    await world.until(lambda: len(sink.requests) == 11)
    await world.deliveries.discard(ANYBODY, "default", str(second.id))
    await world.clock.advance(10)
    await world.settled()
    assert titles(sink)[11:] == ["2 problems on 2 hosts"]


async def test_the_rate_of_messages_has_a_limit(world: PipelinedWorld, sink: HttpSink) -> None:
    """Without storms, what exceeds the rate waits, and goes out in one message."""
    await world.handlers(notify(sink, storm=NotifyStorm(after=0), rate="3/1m"))
    await world.owe(*(result("503", entity=f"web{number}", handlers=["ops"]) for number in range(8)))
    await world.until(lambda: len(sink.requests) == 3)
    await let_others_run()
    await world.clock.advance(60)
    await world.settled()
    assert titles(sink)[3:] == ["5 problems on 5 hosts"]


async def test_a_digest_that_fails_is_tried_again(world: PipelinedWorld, sink: HttpSink) -> None:
    """If a service does not take a digest, its deliveries are retried, and go out in the next one."""
    good = True
    sink.answer = lambda request: (200 if good else 503, {})
    await world.handlers(notify(sink, retry_attempts=3, retry_delay=5))
    await storm(world, 12)
    good = False
    await world.clock.advance(10)
    await world.until(lambda: len(world.counters.outcomes) == 12)
    good = True
    await world.clock.advance(5)
    await let_others_run()
    await world.clock.advance(300)
    await world.settled()
    assert titles(sink)[10:] == ["2 problems on 2 hosts"] * 2


async def test_slots_that_move_take_what_is_gathered_with_them(world: PipelinedWorld, sink: HttpSink) -> None:
    """A member that gives up slots in a storm does not wait for the digest; what was gathered stays pending."""
    await world.handlers(notify(sink))
    await storm(world, 15)
    await asyncio.wait_for(world.membership.lose(*ALL_SLOTS), 10)
    assert len(await world.store.deliveries_owed(20)) == 5
    await world.clock.advance(10)
    await let_others_run()
    assert len(sink.requests) == 10
