"""A store of deliveries that fails when it is told to."""

from collections.abc import Sequence

from sensu.errors import StoreError
from sensu.rules.share import ALL_SLOTS, Slots
from sensu.store.values import Committed, OweDelivery, SettleDelivery, Write


class FakeDeliveries:
    """Keeps what is owed; `failures` of the next calls raise StoreError."""

    def __init__(self, *owed: OweDelivery) -> None:
        self.owed = {delivery.id: delivery for delivery in owed}
        self.commits: list[Sequence[Write]] = []
        self.failures = 0
        self.pages_read = 0

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
        return [self.owed[each] for each in sorted(self.owed) if each > after][:limit]

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full")
