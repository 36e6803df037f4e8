import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sensu.backend.pipelined.queue.settlement import DELIVERIES_AT_ONCE_MAX, Settlement
from sensu.store.values import OweDelivery, SettleDelivery
from sensu.testing.virtual_clock import VirtualClock, let_others_run
from tests.unit.backend.pipelined.queue.fakes import FakeDeliveries


@asynccontextmanager
async def settling() -> AsyncIterator[tuple[Settlement, FakeDeliveries, VirtualClock]]:
    store, clock = FakeDeliveries(), VirtualClock()
    settlement = Settlement(store, clock)  # type: ignore[arg-type]
    task = asyncio.create_task(settlement.run())
    try:
        yield settlement, store, clock
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_many_deliveries_share_a_commit() -> None:
    """What ends in the same moment is told to the store together, in order, a bounded number at a time."""
    async with settling() as (settlement, store, clock):
        told: list[int] = []
        for number in range(DELIVERIES_AT_ONCE_MAX + 1):
            settlement.add((SettleDelivery(number),), lambda n=number: told.append(n))  # type: ignore[misc]
        assert told == []
        await let_others_run()
        assert [len(commit) for commit in store.commits] == [DELIVERIES_AT_ONCE_MAX, 1]
        assert told == list(range(DELIVERIES_AT_ONCE_MAX + 1))


async def test_deliveries_that_are_done_wait_for_others() -> None:
    """Deliveries that end one after the other are settled in one commit, and at once if something else is committed."""
    async with settling() as (settlement, store, clock):
        first, last, other = asyncio.Event(), asyncio.Event(), asyncio.Event()
        for number, settled in enumerate((first, last)):
            settlement.settle(number, settled.set)
            await let_others_run()
        assert not store.commits
        await asyncio.wait_for(last.wait(), 5)
        assert [len(commit) for commit in store.commits] == [2]
        settlement.settle(4, other.set)
        settlement.add((OweDelivery(5, "default", b"{}", 0.0, 1),))
        await let_others_run()
        assert other.is_set()


async def test_a_store_that_fails_is_asked_until_it_answers() -> None:
    """Nothing is forgotten while the store fails, and nobody is told before it has the writes."""
    async with settling() as (settlement, store, clock):
        told: list[int] = []
        store.failures = 3
        settlement.add((OweDelivery(1, "default", b"{}", 0.0, 1),))
        settlement.add((SettleDelivery(1),), lambda: told.append(1))
        await clock.advance(2.5)
        assert (store.commits, told) == ([], [])
        await clock.advance(1)
        assert told == [1]
        assert store.owed == {}


async def test_the_last_words_are_heard() -> None:
    """What ended just before the stop is told to the store, and a store that fails does not hold up the stop."""
    store = FakeDeliveries()
    settlement = Settlement(store, VirtualClock())  # type: ignore[arg-type]
    settlement.add((SettleDelivery(1),))
    await settlement.finish()
    assert store.commits == [[SettleDelivery(1)]]
    settlement.add((SettleDelivery(2),))
    store.failures = 1
    await settlement.finish()
    assert len(store.commits) == 1


async def test_what_was_interrupted_is_committed_again() -> None:
    """A stop in the middle of a commit does not lose its writes."""

    class Hanging(FakeDeliveries):
        async def commit(self, writes):  # type: ignore[no-untyped-def]
            if not self.pages_read:
                self.pages_read += 1
                await asyncio.get_running_loop().create_future()
            return await super().commit(writes)

    store = Hanging()
    settlement = Settlement(store, VirtualClock())  # type: ignore[arg-type]
    task = asyncio.create_task(settlement.run())
    settlement.add((SettleDelivery(1),))
    await let_others_run()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await settlement.finish()
    assert store.commits == [[SettleDelivery(1)]]
