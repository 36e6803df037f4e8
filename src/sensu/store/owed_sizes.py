"""Tracks the size of pending deliveries with each commit, so that reading it costs nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sensu.rules.share import Slots, slot_of_delivery
from sensu.store.values import DeliveriesSize, OweDelivery, SettleDelivery, Write


class OwedSizes:
    """The namespace and the size of each pending event by the id of its delivery, and their sums."""

    def __init__(self, sizes: dict[int, tuple[str, int]]) -> None:
        self._sizes = sizes
        self._bytes = sum(size for _, size in sizes.values())
        self._counts = Counter(namespace for namespace, _ in sizes.values())
        self._stored: list[OweDelivery] = []

    def __contains__(self, delivery_id: int) -> bool:
        return delivery_id in self._sizes

    @property
    def size(self) -> DeliveriesSize:
        """The number of pending deliveries, and their size in bytes."""
        return DeliveriesSize(len(self._sizes), self._bytes)

    @property
    def by_namespace(self) -> Mapping[str, int]:
        """The number of pending deliveries of each namespace that has any."""
        return {namespace: number for namespace, number in self._counts.items() if number}

    def add(self, sizes: Mapping[int, tuple[str, int]]) -> None:
        """Add pending deliveries that were read."""
        for delivery_id, (namespace, size) in sizes.items():
            self._settle(delivery_id)
            self._sizes[delivery_id] = namespace, size
            self._bytes += size
            self._counts[namespace] += 1

    def drop(self, slots: Slots) -> None:
        """Forget the deliveries of slots."""
        for delivery_id in [one for one in self._sizes if slot_of_delivery(one) in slots]:
            self._settle(delivery_id)

    def follow(self, writes: Sequence[Write]) -> None:
        """Update the sizes after a commit of these writes."""
        for write in writes:
            if type(write) is OweDelivery:
                self._settle(write.id)
                self._sizes[write.id] = write.namespace, len(write.event)
                self._bytes += len(write.event)
                self._counts[write.namespace] += 1
                self._stored.append(write)
            elif type(write) is SettleDelivery:
                self._settle(write.id)

    def take_stored(self) -> Sequence[OweDelivery]:
        """The deliveries of the commits since the last call, in their order."""
        stored, self._stored = self._stored, []
        return stored

    def _settle(self, delivery_id: int) -> None:
        settled = self._sizes.pop(delivery_id, None)
        if settled is not None:
            self._bytes -= settled[1]
            self._counts[settled[0]] -= 1
