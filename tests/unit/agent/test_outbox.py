import asyncio
from collections.abc import Coroutine
from typing import Any

from sensu.agent.outbox import Outbox
from sensu.agent.paced_queue import PacedQueue
from sensu.resources.check import Check
from sensu.resources.event import Event
from sensu.testing.virtual_clock import VirtualClock


def event(number: int, output: str = "") -> Event:
    return Event(check=Check(status=number, output=output))


def statuses(outbox: Outbox) -> list[int]:
    found = []
    while len(outbox):
        taken = outbox.take()
        assert taken.check is not None
        found.append(taken.check.status)
    return found


def in_loop(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(main)


def test_events_leave_in_their_order() -> None:
    """Events are taken in the order in which they came, and those put back come first."""

    async def main() -> None:
        outbox = Outbox()
        for number in range(4):
            assert outbox.offer(event(number))
        outbox.put_back([event(8), event(9)])
        assert statuses(outbox) == [8, 9, 0, 1, 2, 3]

    in_loop(main())


def test_a_full_outbox_says_no() -> None:
    """A full outbox refuses who cannot wait, by number and by size."""

    async def main() -> None:
        outbox = Outbox(events_max=2)
        assert [outbox.offer(event(n)) for n in range(3)] == [True, True, False]
        large = Outbox(bytes_max=10_000)
        assert [large.offer(event(n, "x" * 9000)) for n in range(2)] == [True, False]

    in_loop(main())


def test_who_can_wait_waits_for_room() -> None:
    """A producer that waits is let in when an event was taken."""

    async def main() -> None:
        outbox = Outbox(events_max=1)
        await outbox.put(event(0))
        waiting = asyncio.create_task(outbox.put(event(1)))
        await asyncio.sleep(0)
        assert not waiting.done()
        outbox.take()
        await asyncio.wait_for(waiting, 1)
        assert statuses(outbox) == [1]

    in_loop(main())


def test_the_next_event_is_waited_for() -> None:
    """The taker of an empty outbox wakes up with the first event."""

    async def main() -> None:
        outbox = Outbox()
        first = asyncio.create_task(outbox.first())
        await asyncio.sleep(0)
        outbox.offer(event(5))
        assert (await asyncio.wait_for(first, 1)).check == event(5).check
        assert len(outbox) == 1

    in_loop(main())


def test_events_from_the_api_are_paced() -> None:
    """Events of the local API go on in a burst first, then at their rate, in order."""

    async def main() -> None:
        clock, outbox = VirtualClock(), Outbox()
        queue = PacedQueue(outbox, rate_per_s=1, burst=3, clock=clock)
        for number in range(6):
            assert queue.offer(event(number))
        task = asyncio.create_task(queue.run())
        await clock.advance(0)
        assert statuses(outbox) == [0, 1, 2]
        await clock.advance(1.01)
        assert statuses(outbox) == [3]
        await clock.advance(2.01)
        assert statuses(outbox) == [4, 5]
        task.cancel()

    in_loop(main())
