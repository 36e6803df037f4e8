"""What eventd does when slots become this member's, or go to another one."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Protocol

from sensu.backend.eventd.deadlines import Deadlines
from sensu.backend.eventd.outage import SlotClocks, remaining_s
from sensu.rules.share import Slots, slot_of
from sensu.store.contract import Store
from sensu.store.values import EventKey


class Remembers(Protocol):
    """Something in memory about each of some events."""

    def __iter__(self) -> Iterator[EventKey]:
        """The events that something is remembered of."""
        ...

    def forget(self, key: EventKey) -> None:
        """Remember nothing of an event."""
        ...


class SlotMoves:
    """Takes up and gives up slots; while eventd runs these are the listeners of its `Ownership`."""

    def __init__(
        self,
        store: Store,
        deadlines: Deadlines,
        memories: Iterable[Remembers],
        clocks: SlotClocks,
        now: Callable[[], float],
        drained: Callable[[], Awaitable[None]],
    ) -> None:
        """`now` is the wall-clock time of all members; `drained` returns when all that waits now is committed."""
        self._store, self._deadlines, self._memories = store, deadlines, tuple(memories)
        self._clocks, self._now, self._drained = clocks, now, drained

    async def take_up(self, slots: Slots) -> None:
        """Read the deadlines of slots, and move them by the time in which nobody received their events."""
        down_s = await self._clocks.resume(self._store, slots, self._now())
        await self._store.commit(self._clocks.beats(self._now()))
        for key, due_at in await self._store.events_due(slots):
            slot = slot_of(key.namespace, key.entity)
            self._deadlines.arm(key, remaining_s(due_at, self._clocks.now_s(slot), down_s[slot]))

    async def give_up(self, slots: Slots) -> None:
        """Return when all events of the slots that waited are committed, and nothing of them is remembered."""
        await self._drained()
        await self._store.commit(self._clocks.beats(self._now()))
        self._clocks.forget(slots)
        for memory in (self._deadlines, *self._memories):
            for key in [key for key in memory if slot_of(key.namespace, key.entity) in slots]:
                memory.forget(key)
