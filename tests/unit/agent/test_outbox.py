import asyncio
from pathlib import Path
from typing import Any

import pytest

from sensu.agent.counters import AgentCounters
from sensu.agent.journal import RETRY_S, Journal, open_journal
from sensu.agent.outbox import AHEAD_EVENTS_MAX, Entry, Outbox
from sensu.agent.paced_queue import PacedQueue
from sensu.resources.check import Check
from sensu.resources.event import Event
from sensu.testing.virtual_clock import VirtualClock


class World:
    """An outbox with a journal, or without one."""

    def __init__(self, folder: Path | None = None, **bounds: Any) -> None:
        self.clock, self.counters = VirtualClock(), AgentCounters("1")
        self.folder, self.bounds = folder, bounds
        self.journal: Journal | None = None
        self.age_max_s = bounds.get("age_max_s", 3600.0)
        self.outbox = self.restarted()

    def restarted(self) -> Outbox:
        if self.journal is not None:
            self.journal.close()
        if self.folder is not None:
            self.journal = open_journal(self.folder, 1 << 20, self.age_max_s, self.counters.lost, self.clock)
            assert self.journal is not None
        self.outbox = Outbox(self.clock, self.counters, self.journal, **self.bounds)
        return self.outbox

    def offer(self, *numbers: int, output: str = "") -> None:
        for number in numbers:
            assert self.outbox.offer(event(number, output))

    def lost(self, why: str) -> int:
        return self.counters.value("sensu_agent_events_lost", why)


def event(number: int, output: str = "") -> Event:
    return Event(check=Check(status=number, output=output))


def status(entry: Entry) -> int:
    check = entry.decoded().check
    assert check is not None
    return check.status


def taken(outbox: Outbox, count: int = 100_000) -> list[Entry]:
    found: list[Entry] = []
    while len(found) < count and (entry := outbox.take()) is not None:
        found.append(entry)
    return found


def statuses(outbox: Outbox) -> list[int]:
    return [status(entry) for entry in taken(outbox)]


def test_events_leave_in_their_order() -> None:
    """Events are taken in the order in which they came, and those put back come first."""
    world = World()
    world.offer(0, 1, 2, 3)
    first = taken(world.outbox, 2)
    world.outbox.put_back(first)
    assert statuses(world.outbox) == [0, 1, 2, 3]


def test_memory_is_bounded() -> None:
    """Without a journal the oldest event goes when there are too many, or too large ones, and is counted."""
    world = World(memory_events_max=2)
    world.offer(0, 1, 2)
    assert statuses(world.outbox) == [1, 2]
    assert world.lost("memory") == 1
    large = World(memory_bytes_max=10_000)
    large.offer(0, 1, output="x" * 9000)
    assert statuses(large.outbox) == [1]


def test_the_journal_holds_what_memory_does_not(tmp_path: Path) -> None:
    """Far more events than memory holds wait in the journal, in order, and are there after a restart."""
    world = World(tmp_path, memory_events_max=10)
    numbers = list(range(AHEAD_EVENTS_MAX * 3))
    world.offer(*numbers)
    some = taken(world.outbox, 100)
    world.outbox.settle(some[:50])
    world.outbox.put_back(some[50:])
    assert len(world.outbox) == len(numbers) - 50
    world.restarted()
    assert statuses(world.outbox) == numbers[50:]
    assert world.lost("memory") == 0


async def test_while_the_disk_takes_nothing(tmp_path: Path) -> None:
    """Events that find the disk full wait in memory, in their order, and go to disk when it works again."""
    folder = tmp_path / "j"
    world = World(folder)
    world.offer(*range(AHEAD_EVENTS_MAX + 5), output="x" * 1000)
    folder.rename(tmp_path / "away")
    world.offer(*range(1000, 1200), output="x" * 1000)
    assert (len(world.outbox), world.lost("memory")) == (AHEAD_EVENTS_MAX + 205, 0)
    (tmp_path / "away").rename(folder)
    await world.clock.advance(RETRY_S + 1)
    world.offer(2000)
    world.restarted()
    assert statuses(world.outbox) == [*range(AHEAD_EVENTS_MAX + 5), *range(1000, 1200), 2000]


async def test_little_that_the_disk_did_not_take(tmp_path: Path) -> None:
    """Events that all fit into memory go to disk when it works again, too, and survive the end of the process."""
    folder = tmp_path / "j"
    world = World(folder)
    folder.rename(tmp_path / "away")
    world.offer(*range(10))
    (tmp_path / "away").rename(folder)
    await world.clock.advance(RETRY_S + 1)
    world.offer(10)
    world.restarted()
    assert statuses(world.outbox) == list(range(11))


def test_memory_is_bounded_while_the_disk_takes_nothing(tmp_path: Path) -> None:
    """On a full disk the agent goes on with so much memory and no more."""
    folder = tmp_path / "j"
    world = World(folder, memory_events_max=50)
    world.offer(*range(3))
    folder.rename(tmp_path / "away")
    world.offer(*range(1000, 3000), output="x" * 4000)
    assert statuses(world.outbox) == list(range(2950, 3000))
    assert world.lost("memory") > 0


async def test_events_grow_too_old() -> None:
    """What waited longer than allowed is given up and counted."""
    world = World(age_max_s=60)
    world.offer(1)
    await world.clock.advance(50)
    world.offer(2)
    await world.clock.advance(20)
    assert statuses(world.outbox) == [2]
    assert world.lost("age") == 1


def test_an_event_that_is_no_json() -> None:
    """An event that cannot be written as JSON is refused and counted."""
    world = World()
    assert not world.outbox.offer(event(0, "\ud800"))
    assert world.counters.value("sensu_go_agent_messages_dropped", "event") == 1


async def test_the_next_event_is_waited_for() -> None:
    """The taker of an empty outbox wakes up with the first event."""
    world = World()
    first = asyncio.create_task(world.outbox.first())
    await asyncio.sleep(0)
    world.offer(5)
    await asyncio.wait_for(first, 1)
    assert statuses(world.outbox) == [5]


async def test_events_from_the_api_are_paced(tmp_path: Path) -> None:
    """Events of the local API go on in a burst first, then at their rate, in order, and safe while they wait."""
    world, waiting = World(), World(tmp_path)
    queue = PacedQueue(world.outbox, waiting.outbox, rate_per_s=1, burst=3, clock=world.clock)
    for number in range(6):
        assert queue.offer(event(number))
    assert statuses(world.outbox) == [0, 1, 2]
    task = asyncio.create_task(queue.run())
    await world.clock.advance(1.01)
    assert statuses(world.outbox) == [3]
    task.cancel()
    waiting.restarted()
    again = PacedQueue(world.outbox, waiting.outbox, rate_per_s=0, burst=3, clock=world.clock)
    task = asyncio.create_task(again.run())
    await world.clock.advance(0)
    assert statuses(world.outbox) == [4, 5]
    task.cancel()


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("set_by_s", [3 * 86_400.0, -3 * 86_400.0, 20 * 365 * 86_400.0])
async def test_setting_the_clock_makes_no_event_too_old(tmp_path: Path, set_by_s: float, restarted: bool) -> None:
    """Events that were accepted with a wrong clock are sent once it is right, also by the next process."""
    world = World(tmp_path, age_max_s=86_400.0)
    world.offer(*range(AHEAD_EVENTS_MAX * 2))
    world.clock.set_by(set_by_s)
    await world.clock.advance(10)
    world.offer(5000)
    if restarted:
        world.restarted()
    assert statuses(world.outbox) == [*range(AHEAD_EVENTS_MAX * 2), 5000]
    assert world.lost("age") == 0


async def test_what_waited_too_long_is_given_up_whatever_the_clock_says(tmp_path: Path) -> None:
    """The seconds that an event waits count, also if the clock is set back meanwhile."""
    world = World(tmp_path, age_max_s=86_400.0)
    world.offer(1)
    world.clock.set_by(-86_400.0)
    await world.clock.advance(86_401)
    world.offer(2)
    assert statuses(world.outbox) == [2]
    assert world.lost("age") == 1
