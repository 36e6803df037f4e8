"""What eventd does when slots become this member's, or go to another one."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Protocol

from sensu.backend.eventd.deadlines import Deadlines
from sensu.backend.eventd.outage import Lifetime, remaining_s
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
        lifetime: Callable[[], Lifetime],
        drained: Callable[[], Awaitable[None]],
    ) -> None:
        """`drained` returns when everything that waits now is committed."""
        self._store, self._deadlines, self._memories = store, deadlines, tuple(memories)
        self._lifetime, self._drained = lifetime, drained

    async def begin(self, slots: Slots, now: float) -> None:
        """Read the deadlines of the slots owned at the start, and move them by the time that the backend was down."""
        alive_at, down_s = self._lifetime().last
        await self._arm(slots, lambda due_at: remaining_s(due_at + down_s, alive_at, now))

    async def take_up(self, slots: Slots) -> None:
        """Read the deadlines of slots whose former owner was alive until a moment ago."""
        alive_s = self._lifetime().alive_s()
        await self._arm(slots, lambda due_at: remaining_s(due_at, alive_s, alive_s))

    async def _arm(self, slots: Slots, left_s: Callable[[float], float]) -> None:
        for key, due_at in await self._store.events_due(slots):
            self._deadlines.arm(key, left_s(due_at))

    async def give_up(self, slots: Slots) -> None:
        """Return when all events of the slots that waited are committed, and nothing of them is remembered."""
        await self._drained()
        for memory in (self._deadlines, *self._memories):
            for key in [key for key in memory if slot_of(key.namespace, key.entity) in slots]:
                memory.forget(key)
