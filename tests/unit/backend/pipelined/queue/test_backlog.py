import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from sensu.backend.pipelined.queue.backlog import HANDED_MAX, PAGE, Backlog
from sensu.backend.pipelined.queue.capacity import HandlerKey
from sensu.backend.pipelined.queue.delivery import PendingDelivery
from sensu.rules.explain import EventFacts
from sensu.rules.owed import Step
from sensu.rules.workflow import Workflow, core_handler
from sensu.store.values import EventKey, OweDelivery
from sensu.testing.virtual_clock import VirtualClock, let_others_run
from tests.unit.backend.pipelined.queue.fakes import FakeDeliveries


class FakeMemory:
    """Room for some deliveries of each handler; an event here is `<check> <handler>`."""

    def __init__(self, room: int = 10, pending_max: int = 10_000) -> None:
        self.room, self.pending_max = room, pending_max
        self.admitted: list[int] = []
        self.read = 0
        self.pending: dict[int, PendingDelivery] = {}

    def full(self) -> bool:
        return len(self.pending) >= self.pending_max

    def holds(self, delivery_id: int) -> bool:
        return delivery_id in self.pending

    def prepared(self, delivery: OweDelivery) -> PendingDelivery | None:
        self.read += 1
        check, handler = delivery.event.decode().split()
        workflow = Workflow("p", "w", (), "", core_handler(handler))
        key = EventKey("default", "web1", check)
        return PendingDelivery(delivery.id, key, delivery.event, [workflow], 0, 0.0, {"p/w": Step()}, EventFacts())

    def has_room(self, handlers: Iterable[HandlerKey]) -> bool:
        return sum(each.handlers == handlers for each in self.pending.values()) < self.room

    def admit(self, pending: PendingDelivery) -> None:
        self.admitted.append(pending.id)
        self.pending[pending.id] = pending


def owe(number: int, event: str) -> OweDelivery:
    return OweDelivery(number, "default", event.encode(), 0.0)


@asynccontextmanager
async def following(
    memory: FakeMemory, *owed: OweDelivery, failures: int = 0
) -> AsyncIterator[tuple[Backlog, FakeMemory, FakeDeliveries, VirtualClock]]:
    store, clock = FakeDeliveries(*owed), VirtualClock()
    store.failures = failures
    backlog = Backlog(store, memory, clock)  # type: ignore[arg-type]
    store.follow_deliveries(backlog.hand_over)
    task = asyncio.create_task(backlog.run())
    await let_others_run()
    try:
        yield backlog, memory, store, clock
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def finish(memory: FakeMemory, store: FakeDeliveries, count: int) -> None:
    for delivery_id in sorted(memory.pending)[:count]:
        del memory.pending[delivery_id], store.owed[delivery_id]


async def test_what_is_owed_comes_in_order_and_once() -> None:
    """Deliveries of many pages, and later ones, are taken in by their numbers; a wake for nothing takes nothing."""
    async with following(FakeMemory(room=10000), *(owe(n, "c fast") for n in range(1, 3 * PAGE))) as (
        backlog,
        memory,
        store,
        clock,
    ):
        assert memory.admitted == list(range(1, 3 * PAGE))
        backlog.wake()
        await let_others_run()
        store.owe(owe(3 * PAGE, "c fast"))
        backlog.wake()
        await let_others_run()
        assert memory.admitted == list(range(1, 3 * PAGE + 1))


async def test_others_pass_those_that_wait_for_a_full_handler() -> None:
    """Deliveries for a handler without room rest in the store; those for another are taken in."""
    slow = [owe(n, f"c{n} slow") for n in range(1, 9)]
    async with following(FakeMemory(room=3), *slow, owe(9, "x fast")) as (backlog, memory, store, clock):
        assert memory.admitted == [1, 2, 3, 9]
        finish(memory, store, 2)
        backlog.look_again()
        await let_others_run()
        assert memory.admitted == [1, 2, 3, 9, 4, 5]


async def test_a_check_is_not_overtaken_by_itself() -> None:
    """While a delivery rests in the store, later ones of its entity and check rest too, whoever their handler is."""
    async with following(FakeMemory(room=1), owe(1, "a slow"), owe(2, "b slow"), owe(3, "b fast")) as (
        backlog,
        memory,
        store,
        clock,
    ):
        assert memory.admitted == [1]
        finish(memory, store, 1)
        backlog.look_again()
        await let_others_run()
        assert memory.admitted == [1, 2, 3]
        finish(memory, store, 2)
        store.owe(owe(4, "b fast"))
        backlog.wake()
        await let_others_run()
        assert memory.admitted == [1, 2, 3, 4]


async def test_full_memory_takes_nothing_until_there_is_room() -> None:
    """The bound over all handlers holds, and after it everything comes in."""
    async with following(FakeMemory(room=10000, pending_max=5), *(owe(n, "c fast") for n in range(1, 501))) as (
        backlog,
        memory,
        store,
        clock,
    ):
        for _ in range(10):
            assert len(memory.pending) <= PAGE + 5
            finish(memory, store, 100)
            backlog.look_again()
            await let_others_run()
        assert memory.admitted == list(range(1, 501))


async def test_what_rests_is_read_twice() -> None:
    """A delivery that finds no room is read when it comes and when it is taken in, however many wait before it."""
    async with following(FakeMemory(room=20), *(owe(n, f"c{n} slow") for n in range(1, 5 * PAGE))) as (
        backlog,
        memory,
        store,
        clock,
    ):
        while store.owed:
            finish(memory, store, 10)
            backlog.look_again()
            await let_others_run()
        assert memory.admitted == list(range(1, 5 * PAGE))
        assert memory.read < 2 * 5 * PAGE
        assert store.pages_read < 5 * PAGE // 10 * 3


async def test_what_was_missed_is_found() -> None:
    """A look at all finds a delivery with a number below those that were seen."""
    async with following(FakeMemory(), owe(2, "c fast")) as (backlog, memory, store, clock):
        store.owed[1] = owe(1, "b fast")
        backlog.wake()
        await let_others_run()
        assert memory.admitted == [2]
        backlog.look_at_all()
        await let_others_run()
        assert memory.admitted == [2, 1]


async def test_what_is_asked_for_while_a_page_is_read_is_not_forgotten() -> None:
    """A look at all that is asked for during another one is made after it."""
    async with following(FakeMemory(), owe(2, "c fast")) as (backlog, memory, store, clock):
        with store.slow_page() as answers:
            backlog.look_at_all()
            await let_others_run()
            store.owed[1] = owe(1, "b fast")
            backlog.look_at_all()
            answers.set()
            await let_others_run()
        assert memory.admitted == [2, 1]


async def test_what_is_looked_for_comes_before_what_is_new() -> None:
    """A new delivery whose page is read when older ones become this member's is taken after them."""
    async with following(FakeMemory(), owe(2, "a fast")) as (backlog, memory, store, clock):
        with store.slow_page() as answers:
            store.owed[3] = owe(3, "c fast")
            backlog.hand_over([owe(number, "x fast") for number in range(10, 11 + HANDED_MAX)])
            backlog.wake()
            await let_others_run()
            store.owed[1] = owe(1, "c fast")
            backlog.look_at_all()
            answers.set()
            await let_others_run()
        assert memory.admitted == [2, 1, 3]


async def test_a_store_that_does_not_answer_is_asked_again() -> None:
    """Reading goes on where it was when the store is well again."""
    async with following(FakeMemory(), owe(1, "c fast"), failures=2) as (backlog, memory, store, clock):
        assert memory.admitted == []
        await clock.advance(2)
        assert memory.admitted == [1]
        assert await backlog.read(1) == owe(1, "c fast")
        assert await backlog.read(7) is None


async def test_new_deliveries_are_not_read() -> None:
    """Deliveries that this process stores are taken in order as they were stored, without reading them."""
    async with following(FakeMemory(), owe(1, "a fast")) as (backlog, memory, store, clock):
        read = store.pages_read
        for number in (2, 4, 3):
            store.owe(owe(number, "a fast"))
        backlog.wake()
        await let_others_run()
        assert memory.admitted == [1, 2, 4, 3]
        assert store.pages_read == read


async def test_too_many_new_deliveries_are_read() -> None:
    """If more deliveries are stored at once than are kept for it, they are read, and each is taken once."""
    async with following(FakeMemory(room=10_000)) as (backlog, memory, store, clock):
        for number in range(1, HANDED_MAX + 10):
            store.owe(owe(number, "a fast"))
        backlog.wake()
        await let_others_run()
        assert memory.admitted == list(range(1, HANDED_MAX + 10))


async def test_what_has_no_room_is_read_when_it_has() -> None:
    """A delivery that comes while memory is full is taken later, unless it is no longer pending by then."""
    async with following(FakeMemory(pending_max=1), owe(1, "a fast")) as (backlog, memory, store, clock):
        store.owe(owe(2, "b fast"))
        store.owe(owe(3, "c fast"))
        backlog.wake()
        await let_others_run()
        del store.owed[2]
        finish(memory, store, 1)
        backlog.left(1)
        backlog.wake()
        await let_others_run()
        assert memory.admitted == [1, 3]


async def test_a_delivery_that_is_done_is_not_taken_again() -> None:
    """A delivery that left memory before its turn comes as a new one is not taken again."""
    async with following(FakeMemory(), owe(5, "a fast")) as (backlog, memory, store, clock):
        again = owe(3, "b fast")
        store.owe(again)
        backlog.take(again)
        finish(memory, store, 1)
        backlog.left(3)
        backlog.wake()
        await let_others_run()
        assert memory.admitted == [5, 3]


async def test_a_page_that_is_not_taken_is_read_again() -> None:
    """New deliveries are taken although all are looked for when their page arrives, and before those stored later."""
    async with following(FakeMemory(), owe(1, "a fast")) as (backlog, memory, store, clock):
        with store.slow_page() as answers:
            backlog.look_at_all()
            await let_others_run()
            store.owe(owe(2, "b fast"))
            backlog.look_at_all()
            answers.set()
            await let_others_run()
        store.owe(owe(3, "b fast"))
        backlog.wake()
        await let_others_run()
        assert memory.admitted == [1, 2, 3]
