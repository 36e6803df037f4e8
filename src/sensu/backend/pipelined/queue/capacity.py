"""Limits the deliveries in memory and the running deliveries of each handler, so that a slow one delays no other."""

import asyncio
from collections.abc import Iterable

from sensu.rules.workflow import HandlerRef

HandlerKey = tuple[str, HandlerRef]
"""A namespace and a handler in it."""


class HandlerSlot:
    """The deliveries of one handler; `refused` records that others stayed in the store for lack of room."""

    __slots__ = ("refused", "deliveries", "turns")

    def __init__(self, running_max: int) -> None:
        self.deliveries = 0
        self.refused = False
        self.turns = asyncio.Semaphore(running_max)


class HandlerCapacity:
    """The slots of all handlers that have deliveries, each with a limited number in memory and running."""

    def __init__(self, per_handler_max: int, running_max: int) -> None:
        self._per_handler_max, self._running_max = per_handler_max, running_max
        self._slots: dict[HandlerKey, HandlerSlot] = {}

    def have_room(self, handlers: Iterable[HandlerKey]) -> bool:
        """Whether each handler has room for another delivery; `remove` reports when a full one has room again."""
        room = True
        for handler in handlers:
            slot = self._slots.get(handler)
            if slot is not None and slot.deliveries >= self._per_handler_max:
                slot.refused = True
                room = False
        return room

    def add(self, handler: HandlerKey) -> None:
        """Count another delivery in memory for a handler."""
        slot = self._slots.get(handler)
        if slot is None:
            slot = self._slots[handler] = HandlerSlot(self._running_max)
        slot.deliveries += 1

    def slot(self, handler: HandlerKey) -> HandlerSlot:
        """The slot of a handler that has deliveries."""
        return self._slots[handler]

    def remove(self, handler: HandlerKey) -> bool:
        """Count one delivery less; true if deliveries that stayed in the store should be looked at again."""
        slot = self._slots[handler]
        slot.deliveries -= 1
        if slot.refused and slot.deliveries <= self._per_handler_max // 2:
            slot.refused = False
            return True
        if not slot.deliveries:
            del self._slots[handler]
        return False
