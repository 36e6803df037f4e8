"""Events on their way to the worker that owns their entity, over a real bus."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sensu.backend.members.bus import Bus
from sensu.backend.members.forwarding import Forwarding
from sensu.backend.members.lines import UnixLine
from sensu.backend.ports import EventDeferred, EventOutcome, EventRefused, EventStored, IncomingEvent
from sensu.backend.workers.context import Addresses
from sensu.clock import SystemClock
from sensu.rules.share import Share, slot_of
from sensu.store.values import EventKey, PutState, Write
from sensu.testing.factories import make_entity, make_event

SOON_S = 5.0
OWN, FOREIGN = (
    next(f"web{i}" for i in range(99) if Share(member, 2).owns(slot_of("default", f"web{i}"))) for member in range(2)
)


class Intake:
    """The intake of a worker: `taken` are the events; `result` is what becomes of each, None for nothing (yet)."""

    def __init__(self, states: dict[str, bytes]) -> None:
        self.states = states
        self.taken: list[IncomingEvent] = []
        self.room = asyncio.Event()
        self.room.set()
        self.result: EventOutcome | None = EventStored()
        self.removed: list[EventKey] = []

    def offer(self, incoming: IncomingEvent, done: Any = None) -> bool:
        return self.take(incoming, done)

    def hold_back(self, incoming: IncomingEvent, done: Any) -> bool | None:
        return None

    def take(self, incoming: IncomingEvent, done: Any = None) -> bool:
        if not self.room.is_set():
            return False
        self.taken.append(incoming)
        self.decide(incoming, self.result, done)
        return True

    def decide(self, incoming: IncomingEvent, outcome: EventOutcome | None, done: Any) -> None:
        """An event is stored with its mark, or not; without an outcome it is stored, and nobody hears of it."""
        if not isinstance(outcome, EventDeferred) and incoming.mark is not None:
            mark = incoming.mark()
            assert isinstance(mark, PutState)
            self.states[mark.name] = mark.value
        if outcome is not None and done is not None:
            done(outcome)

    def has_room(self) -> bool:
        return self.room.is_set()

    async def wait_for_room(self) -> None:
        await self.room.wait()

    async def wait_until_admitting(self) -> None:
        """Nothing is held back."""

    async def post(self, incoming: IncomingEvent) -> EventOutcome:
        self.take(incoming)
        return self.result or EventStored()

    async def remove(self, key: EventKey, also: Sequence[Write] = ()) -> bool:
        self.removed.append(key)
        return True

    async def get_state(self, name: str) -> bytes | None:
        return self.states.get(name)

    @property
    def numbers(self) -> list[int]:
        return [incoming.event.sequence for incoming in self.taken]


class Worker:
    """A worker with an intake; what it stores outlives it in `states`."""

    def __init__(self, member: int, addresses: Addresses, listener: Any, states: dict[str, bytes]) -> None:
        share, clock = Share(member, 2), SystemClock()
        self.bus = Bus(member, {1 - member: UnixLine(addresses.of(1 - member))}, listener, clock)
        self.intake = Intake(states)
        self.way_in = Forwarding(share, self.bus, self.intake, self.intake, self.intake, clock)  # type: ignore[arg-type]
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.bus.open()
        self._task = asyncio.create_task(self.bus.run())

    async def stop(self) -> None:
        self.bus.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


@asynccontextmanager
async def two_workers(folder: Path) -> AsyncIterator[tuple[Worker, Worker, Callable[[], Worker]]]:
    """Two workers that are connected, and what makes the second one again."""
    addresses = Addresses(folder)
    listeners = [addresses.listener(member) for member in range(2)]
    states: dict[str, bytes] = {}
    workers = [Worker(member, addresses, listeners[member].dup(), states) for member in range(2)]
    try:
        for worker in workers:
            await worker.start()
        await until(lambda: workers[0].bus.peers[1].present)

        def again() -> Worker:
            workers.append(Worker(1, addresses, listeners[1].dup(), states))
            return workers[-1]

        yield workers[0], workers[1], again
    finally:
        for worker in workers:
            await worker.stop()
        addresses.close(2)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SOON_S):
        while not condition():  # noqa: ASYNC110 - other loops have no event to await
            await asyncio.sleep(0.005)


def events(entity: str, first: int, last: int) -> Iterator[IncomingEvent]:
    for number in range(first, last + 1):
        yield IncomingEvent(make_event(make_entity(entity), sequence=number))


async def test_an_event_goes_to_the_owner_of_its_entity(tmp_path: Path) -> None:
    """Events of other workers' entities are taken there, one's own at home, and whoever sent one hears its result."""
    async with two_workers(tmp_path) as (one, two, _):
        results: list[EventOutcome] = []
        for result in (EventStored(), EventRefused("no"), EventDeferred("later")):
            two.intake.result = result
            assert one.way_in.offer(next(events(FOREIGN, 1, 1)), results.append)
            await until(lambda f=result: results[-1:] == [f])
        assert await one.way_in.post(next(events(FOREIGN, 1, 1))) == EventDeferred("later")
        assert one.way_in.offer(next(events(OWN, 7, 7)))
        assert await one.way_in.remove(EventKey("default", FOREIGN, "cpu"))
        assert (one.intake.numbers, two.intake.numbers) == ([7], [1, 1, 1, 1])
        assert two.intake.removed == [EventKey("default", FOREIGN, "cpu")]
        await one.way_in.arrived()


async def test_what_was_stored_is_not_handed_over_again(tmp_path: Path) -> None:
    """After its owner was restarted, events that it had not stored are handed over again in order, no others."""
    async with two_workers(tmp_path) as (one, two, anew):
        results: list[EventOutcome] = []
        two.intake.result = None
        for incoming in events(FOREIGN, 1, 2):
            one.way_in.offer(incoming, results.append)
        await until(lambda: two.intake.numbers == [1, 2])
        two.intake.room.clear()
        for incoming in events(FOREIGN, 3, 5):
            one.way_in.offer(incoming, results.append)
        await two.stop()
        await until(lambda: not one.bus.peers[1].present)
        one.way_in.offer(next(events(FOREIGN, 6, 6)), results.append)
        again = anew()
        await again.start()
        await until(lambda: len(results) == 6)
        assert again.intake.numbers == [3, 4, 5, 6]
        assert results == [EventStored()] * 6


async def test_a_worker_that_is_away_is_not_handed_everything(tmp_path: Path) -> None:
    """While its owner takes nothing events are offered in vain after a while, and again when it does."""
    async with two_workers(tmp_path) as (one, two, _):
        two.intake.room.clear()
        taken = 0
        for incoming in events(FOREIGN, 1, 5000):
            if not one.way_in.offer(incoming):
                break
            taken += 1
        assert 0 < taken < 5000
        assert one.way_in.has_room()
        assert one.way_in.offer(next(events(OWN, 1, 1)))
        two.intake.room.set()
        async with asyncio.timeout(SOON_S):
            await one.way_in.wait_until_admitting()
            await one.way_in.arrived()
        assert two.intake.numbers == list(range(1, taken + 1))
