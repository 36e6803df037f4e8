"""A store of deliveries that fails when it is told to."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sensu.errors import StoreError
from sensu.rules.share import ALL_SLOTS, Slots
from sensu.store.contract import DeliveryListener
from sensu.store.values import Committed, OweDelivery, SettleDelivery, Write


class FakeDeliveries:
    """Keeps what is owed; `failures` of the next calls raise StoreError."""

    def __init__(self, *owed: OweDelivery) -> None:
        self.owed = {delivery.id: delivery for delivery in owed}
        self.commits: list[Sequence[Write]] = []
        self.failures = 0
        self.pages_read = 0
        self._answers: asyncio.Event | None = None
        self._listener: DeliveryListener = lambda _: None

    def follow_deliveries(self, listener: DeliveryListener) -> None:
        self._listener = listener

    def owe(self, delivery: OweDelivery) -> None:
        """Store a delivery, as another part of the same process does."""
        self.owed[delivery.id] = delivery
        self._listener([delivery])

    @contextmanager
    def slow_page(self) -> Iterator[asyncio.Event]:
        """A page that is read meanwhile is what is stored now, and arrives when the event is set."""
        self._answers = asyncio.Event()
        try:
            yield self._answers
        finally:
            self._answers = None

    async def commit(self, writes: Sequence[Write]) -> Committed:
        self._fail()
        self.commits.append(writes)
        for write in writes:
            if isinstance(write, OweDelivery):
                self.owed[write.id] = write
            elif isinstance(write, SettleDelivery):
                self.owed.pop(write.id, None)
        return Committed(len(self.commits))

    async def deliveries_owed(self, limit: int, after: int = 0, slots: Slots = ALL_SLOTS) -> Sequence[OweDelivery]:
        self._fail()
        self.pages_read += 1
        page = [self.owed[each] for each in sorted(self.owed) if each > after][:limit]
        if self._answers is not None:
            await self._answers.wait()
        return page

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full")
