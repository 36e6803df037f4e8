"""Slots move between members: the new owner goes on with events and deliveries, the former one lets go of them."""

import asyncio
from pathlib import Path

from sensu.backend.eventd.outage import Beat, beat
from sensu.resources.event import Event
from sensu.resources.wire import encode
from sensu.rules.share import slot_of
from sensu.store.values import EventKey, OweDelivery, PutEvent
from sensu.testing.factories import make_check, make_event, make_proxy
from sensu.testing.virtual_clock import let_others_run
from tests.flows.pipelined_world import PipelinedWorld, pipe, result
from tests.flows.world import START, World

SLOT = slot_of("default", "web1")
KEY = EventKey("default", "web1", "http")


def report(at: int, status: int = 0) -> Event:
    check = make_check(executed=START + at, issued=START + at, ttl=90, status=status, handlers=("slack",))
    return make_event(make_proxy("web1"), check)


async def statuses(world: World) -> list[int]:
    event = await world.event("web1", "http")
    assert event
    assert event.check
    return [entry.status for entry in event.check.history or ()]


async def test_a_slot_that_was_given_up_has_no_deadlines(world: World) -> None:
    """A member watches deadlines of its own slots only; those of a slot that comes back count again."""
    await world.report(report(0))
    await world.membership.lose(SLOT)
    await world.clock.advance(200)
    assert await statuses(world) == [0]
    now = world.clock.now()
    await world.store.commit([beat(SLOT, Beat(now, now))])  # its other owner was alive until now
    await world.membership.gain(SLOT)
    await world.clock.advance(4)
    assert await statuses(world) == [0]
    await world.clock.advance(2)
    assert await statuses(world) == [0, 1]


async def test_time_without_an_owner_does_not_count(world: World) -> None:
    """A slot whose owner was lost has as much time left for its deadlines as then, and agents can reconnect."""
    await world.report(report(0))
    await world.clock.advance(30)
    await world.membership.lose(SLOT)
    await world.clock.advance(15)
    await world.membership.gain(SLOT)
    await world.clock.advance(58)
    assert await statuses(world) == [0]
    await world.clock.advance(4)
    assert await statuses(world) == [0, 1]


async def test_a_pause_counts_for_the_next_owner(world: World) -> None:
    """Time in which no event could arrive moves a deadline, and still does when the slot has another owner."""
    await world.report(report(0))
    await world.clock.jump(80)
    await world.clock.advance(3)
    await world.membership.lose(SLOT)
    await world.membership.gain(SLOT)
    await world.clock.advance(80)
    assert await statuses(world) == [0]
    await world.clock.advance(12)
    assert await statuses(world) == [0, 1]


async def test_the_slots_of_others_keep_theirs(world: World) -> None:
    """Giving up one slot leaves the deadlines of all others as they are."""
    await world.report(report(0))
    await world.membership.lose(*range(SLOT), *range(SLOT + 1, 64))
    await world.clock.advance(90)
    assert await statuses(world) == [0, 1]


async def test_what_waited_is_committed_before_the_slot_goes(world: World) -> None:
    """When a slot has been given up, every event that had come in for it is stored."""
    posted = [asyncio.ensure_future(world.report(report(at))) for at in range(3)]
    await asyncio.sleep(0)
    await world.membership.lose(SLOT)
    assert await statuses(world) == [0, 0, 0]
    await asyncio.gather(*posted)


async def test_a_slot_that_comes_back_is_read_from_the_store(world: World) -> None:
    """What another member stored meanwhile is the state that the next event is decided from."""
    await world.report(report(0, status=2))
    before = await world.store.get_event(KEY)
    assert before
    await world.report(report(1, status=2))
    await world.membership.lose(SLOT)
    await world.store.commit([PutEvent(KEY, before.body, before.due_at)])
    await world.membership.gain(SLOT)
    await world.report(report(2, status=2))
    event = await world.event("web1", "http")
    assert event
    assert event.check
    assert event.check.occurrences == 2


async def owe(world: PipelinedWorld, *events: Event) -> None:
    """Deliveries of web1, with its slot in their ids."""
    now = world.clock.now()
    await world.store.commit(
        [OweDelivery(world.store.next_delivery_id(SLOT), "default", encode(event), now) for event in events]
    )
    world.pipelined.wake()


async def test_deliveries_of_a_slot_that_was_given_up_are_left_alone(pipelined: PipelinedWorld, tmp_path: Path) -> None:
    """What waits for its next attempt stays owed and is not tried any more, until the slot comes back."""
    await pipelined.handlers(pipe("h", f"{pipelined.append_command('log')} test -e {tmp_path / 'up'}", retry_delay=60))
    await owe(pipelined, result("1", handlers=["h"]), result("2", handlers=["h"]))
    await pipelined.until(lambda: pipelined.outputs("log") == ["1", "2"] or len(pipelined.counters.outcomes) == 1)
    await pipelined.membership.lose(SLOT)
    tried = pipelined.outputs("log")
    await pipelined.clock.advance(600)
    await owe(pipelined, result("3", handlers=["h"]))
    await let_others_run()
    assert pipelined.outputs("log") == tried
    assert pipelined.pipelined.pending() == 0
    assert len(await pipelined.store.deliveries_owed(10)) == 3
    (tmp_path / "up").touch()
    await pipelined.membership.gain(SLOT)
    await pipelined.settled()
    assert pipelined.outputs("log")[len(tried) :] == ["1", "2", "3"]
    assert await pipelined.dead_letters() == []


async def test_a_handler_that_runs_ends_before_the_slot_goes(pipelined: PipelinedWorld, tmp_path: Path) -> None:
    """An attempt under way is waited for; of several workflows only those not done are left to the next owner."""
    release = tmp_path / "release"
    slow = f"while ! test -e {release}; do sleep 0.01; done"
    await pipelined.handlers(
        pipe("fast", pipelined.append_command("fast")),
        pipe("slow", f"{slow}; {pipelined.append_command('slow')} test -e {tmp_path / 'up'}", retry_delay=60),
    )
    await owe(pipelined, result("1", handlers=["fast", "slow"]))
    await pipelined.until(lambda: pipelined.outputs("fast") == ["1"] and pipelined.counters.at_work == 1)
    losing = asyncio.ensure_future(pipelined.membership.lose(SLOT))
    await asyncio.sleep(0.05)
    assert not losing.done()
    release.touch()
    await losing
    assert (pipelined.counters.at_work, pipelined.outputs("slow")) == (0, ["1"])
    (tmp_path / "up").touch()
    await pipelined.membership.gain(SLOT)
    await pipelined.clock.advance(600)
    await pipelined.settled()
    assert pipelined.outputs("fast") == ["1"]
    assert pipelined.outputs("slow") == ["1", "1"]


async def test_a_workflow_that_waits_moves_with_one_that_fails_meanwhile(
    pipelined: PipelinedWorld, tmp_path: Path
) -> None:
    """While the slot goes, one handler waits for its next attempt and another one fails: the next owner tries both."""
    release = tmp_path / "release"
    up = f"test -e {tmp_path / 'up'}"
    await pipelined.handlers(
        pipe("fast", f"{pipelined.append_command('fast')} {up}", retry_delay=60),
        pipe("slow", f"while ! test -e {release}; do sleep 0.01; done; {pipelined.append_command('slow')} {up}"),
    )
    await owe(pipelined, result("1", handlers=["fast", "slow"]))
    await pipelined.until(lambda: pipelined.outputs("fast") == ["1"] and pipelined.counters.at_work == 1)
    losing = asyncio.ensure_future(pipelined.membership.lose(SLOT))
    await let_others_run()
    release.touch()
    await losing
    (tmp_path / "up").touch()
    await pipelined.membership.gain(SLOT)
    await pipelined.clock.advance(600)
    await pipelined.settled()
    assert (pipelined.outputs("fast"), pipelined.outputs("slow")) == (["1", "1"], ["1", "1"])
