"""Tracks the size of pending deliveries with each commit, so that reading it costs nothing."""

from collections.abc import Sequence

from sensu.store.values import DeliveriesSize, OweDelivery, SettleDelivery, Write


class OwedSizes:
    """The size of each pending event by the id of its delivery, and their sum."""

    def __init__(self, sizes: dict[int, int]) -> None:
        self._sizes = sizes
        self._bytes = sum(sizes.values())

    @property
    def size(self) -> DeliveriesSize:
        """The number of pending deliveries, and their size in bytes."""
        return DeliveriesSize(len(self._sizes), self._bytes)

    def follow(self, writes: Sequence[Write]) -> None:
        """Update the sizes after a commit of these writes."""
        for write in writes:
            if type(write) is OweDelivery:
                self._bytes += len(write.event) - self._sizes.get(write.id, 0)
                self._sizes[write.id] = len(write.event)
            elif type(write) is SettleDelivery:
                self._bytes -= self._sizes.pop(write.id, 0)
