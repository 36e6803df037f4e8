"""While handlers are owed too much, what would add to it waits, and everything else goes on."""

import asyncio

import pytest

from sensu.backend.ports import EventDeferred, EventOutcome, EventStored, IncomingEvent
from sensu.resources.event import Event
from sensu.resources.kinds import ENTITY
from sensu.store.values import SettleDelivery
from sensu.testing.factories import make_check, make_entity, make_event, make_keepalive
from sensu.testing.virtual_clock import let_others_run
from tests.flows.world import START, World


def handled(number: int, **fields: int) -> Event:
    check = make_check(f"c{number}", status=2, handlers=("page",), executed=START, **fields)
    return make_event(make_entity("web1"), check)


def quiet(number: int) -> Event:
    return make_event(make_entity("web1"), make_check(f"q{number}", status=2, executed=START))


async def settle(world: World, count: int) -> None:
    owed = await world.store.deliveries_owed(count)
    await world.store.commit([SettleDelivery(each.id) for each in owed])


async def fill(world: World) -> None:
    assert await world.report(*(handled(n) for n in range(10))) == [EventStored()] * 10


@pytest.mark.world(owed_max=10)
async def test_events_for_handlers_are_deferred_while_too_much_is_owed(world: World) -> None:
    """At the bound posts are deferred and counted, until clearly less is owed; events without handlers are stored."""
    await fill(world)
    (refused,) = await world.report(handled(10))
    assert isinstance(refused, EventDeferred)
    assert await world.event("web1", "c10") is None
    assert await world.report(quiet(1)) == [EventStored()]
    assert world.counters.events_held_back == 1
    await settle(world, 1)
    assert isinstance((await world.report(handled(10)))[0], EventDeferred)
    await settle(world, 1)
    assert await world.report(handled(10)) == [EventStored()]
    assert len(await world.owed()) == 9


@pytest.mark.world(owed_max=10)
async def test_keepalives_and_failure_events_pass_a_little_longer(world: World) -> None:
    """An agent that reports to be alive is heard while others are held back, up to a bound of its own."""
    await fill(world)
    taken = []
    for n in range(3):
        keepalive = make_keepalive(make_entity(f"agent{n}"), timestamp=int(world.clock.now()))
        taken.append(world.keepalived.offer(keepalive))
        await world.settled()
    assert taken == [True, True, False]
    assert await world.event("agent1", "keepalive") is not None
    assert world.store.deliveries_size().count == 10 + 2 * 2


@pytest.mark.world(owed_max=10)
async def test_agents_that_listen_hear_that_their_events_are_deferred(world: World) -> None:
    """Who is told the fate of events is read on, so that keepalives come through, and sends them again later."""
    await fill(world)
    heard: list[EventOutcome] = []
    assert world.eventd.offer(IncomingEvent(handled(10)), heard.append)
    assert world.eventd.offer(IncomingEvent(quiet(1)), heard.append)
    await world.settled()
    assert isinstance(heard[0], EventDeferred)
    assert heard[1] == EventStored()


@pytest.mark.world(owed_max=10)
async def test_other_agents_are_not_read_and_do_not_fail(world: World) -> None:
    """Who cannot be told waits for room; while it waits nobody's silence counts, afterwards it does again."""
    await world.configure(ENTITY, make_entity("web1"))
    await world.report(handled(0, ttl=60))
    for n in range(1, 10):
        await world.report(handled(n))
    assert not world.eventd.offer(IncomingEvent(handled(10)))
    waiting = asyncio.create_task(world.eventd.wait_until_admitting())
    await world.clock.advance(600)
    assert not waiting.done()
    event = await world.event("web1", "c0")
    assert event is not None
    assert event.check is not None
    assert event.check.output == ""
    await settle(world, 5)
    await world.clock.advance(1)
    await let_others_run()
    assert waiting.done()
    assert world.eventd.offer(IncomingEvent(handled(10)))
    await world.clock.advance(120)
    failure = await world.event("web1", "c0")
    assert failure is not None
    assert failure.check is not None
    assert "Last check execution was" in failure.check.output


@pytest.mark.world(owed_max=10)
async def test_what_is_owed_counts_after_a_restart(world: World) -> None:
    """A backend that starts with too much owed holds events back from the first one on."""
    await fill(world)
    await world.restart()
    assert isinstance((await world.report(handled(11)))[0], EventDeferred)
