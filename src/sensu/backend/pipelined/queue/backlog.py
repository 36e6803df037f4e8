"""Loads pending deliveries from the store as handlers have capacity, in order for each entity and check."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from sensu.backend.membership import ALONE, Ownership
from sensu.backend.pipelined.queue.capacity import HandlerKey
from sensu.backend.pipelined.queue.delivery import PendingDelivery
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.rules.share import Slots, slot_of_delivery
from sensu.store.contract import Store
from sensu.store.values import EventKey, OweDelivery

log = logging.getLogger("sensu.pipelined")

PAGE = 200
HANDED_MAX, HANDED_BYTES_MAX = 1000, 8 * 1024 * 1024
"""New deliveries that are taken as they were stored, and the bytes of their events; more of them are read instead."""
STORE_PAUSE_S = 1.0
"""The pause before the next attempt when the store does not answer."""
IDLE_PAGES_MAX = 5
"""After this many pages without a delivery that had room, the search stops until there is room again."""


class Memory(Protocol):
    """Keeps the deliveries that are in memory."""

    def full(self) -> bool:
        """Whether memory takes no further delivery."""
        ...

    def holds(self, delivery_id: int) -> bool:
        """Whether a delivery is in memory."""
        ...

    def prepared(self, delivery: OweDelivery) -> PendingDelivery | None:
        """The delivery with its workflows, None if it has none left."""
        ...

    def has_room(self, handlers: Iterable[HandlerKey]) -> bool:
        """Whether each of the handlers has room for another delivery."""
        ...

    def admit(self, pending: PendingDelivery) -> None:
        """Add a delivery."""
        ...


@dataclass(frozen=True, slots=True)
class _Parked:
    """The entity, check and handlers of a delivery that stays in the store."""

    key: EventKey
    handlers: frozenset[HandlerKey]


class Backlog:
    """Loads deliveries from `store` into `memory`.

    A delivery without room is parked: it stays in the store, and so do later ones of its entity and check. New
    deliveries are still read, so that those for other handlers are not delayed.
    """

    def __init__(self, store: Store, memory: Memory, clock: Clock, ownership: Ownership = ALONE) -> None:
        self._store, self._memory, self._clock, self._ownership = store, memory, clock, ownership
        self._woken = asyncio.Event()
        self._followed = 0
        self._parked: dict[int, _Parked] = {}
        self._parked_keys: Counter[EventKey] = Counter()
        self._parked_handlers: Counter[frozenset[HandlerKey]] = Counter()
        self._first_parked: int | None = None
        self._look_again_from: int | None = None
        self._looks_at_all = False
        self._taken_up: Slots = frozenset()
        self._handed: dict[int, OweDelivery] = {}
        self._handed_bytes = 0
        self._is_current = False
        """Whether all new deliveries that were not read are in `_handed`."""
        self._left_meanwhile: set[int] | None = None
        """The deliveries that left memory while a page is read, in which they may still be pending."""

    def wake(self) -> None:
        """Call when new deliveries are stored."""
        self._woken.set()

    def hand_over(self, deliveries: Sequence[OweDelivery]) -> None:
        """Call with all deliveries that this process stores, in order, so that they need not be read; then `wake`."""
        for delivery in deliveries:
            if self._memory.holds(delivery.id):
                continue
            self._handed[delivery.id] = delivery
            self._handed_bytes += len(delivery.event)
        if len(self._handed) > HANDED_MAX or self._handed_bytes > HANDED_BYTES_MAX:
            self._read_again()

    def _read_again(self) -> None:
        """Read new deliveries from the store the next time."""
        self._handed, self._handed_bytes = {}, 0
        self._is_current = False

    def _drop_handed(self, delivery_id: int) -> None:
        delivery = self._handed.pop(delivery_id, None)
        if delivery is not None:
            self._handed_bytes -= len(delivery.event)

    def look_again(self) -> None:
        """Call when parked deliveries may have room."""
        if self._first_parked is not None:
            self._look_again_from = min(self._first_parked, self._look_again_from or self._first_parked)
        self._woken.set()

    def left(self, delivery_id: int) -> None:
        """Call when a delivery leaves memory."""
        self._drop_handed(delivery_id)
        if self._left_meanwhile is not None:
            self._left_meanwhile.add(delivery_id)

    def take(self, delivery: OweDelivery) -> None:
        """Take a delivery that is pending again, before others if it has room."""
        if delivery.id > self._followed:
            self.wake()
            return
        self._drop_handed(delivery.id)
        pending = None if self._memory.holds(delivery.id) else self._memory.prepared(delivery)
        if pending is None:
            return
        if pending.key in self._parked_keys or self._memory.full() or not self._memory.has_room(pending.handlers):
            self._park(pending.id, _Parked(pending.key, pending.handlers))
        else:
            self._memory.admit(pending)

    def look_at_all(self) -> None:
        """Look for pending deliveries that are not in memory, from the first id on."""
        self._look_again_from = 1
        self._looks_at_all = True
        self._read_again()
        self._woken.set()

    def take_up(self, slots: Slots) -> None:
        """Handle the deliveries of slots that become this member's, before those of their next events."""
        self._taken_up |= slots
        self.look_at_all()

    def give_up(self, slots: Slots) -> None:
        """Load no more deliveries of slots that go to another member."""
        self._taken_up -= slots

    async def run(self) -> None:
        """Load deliveries until cancelled."""
        while True:
            self._woken.clear()
            if self._look_again_from is not None and not self._memory.full():
                await self._take_parked(self._look_again_from)
            await self._follow()
            await self._woken.wait()

    async def read(self, delivery_id: int) -> OweDelivery | None:
        """One delivery, None if it is no longer pending."""
        page = await self._page(delivery_id - 1, 1)
        return page[0] if page and page[0].id == delivery_id else None

    async def _page(self, after: int, limit: int = PAGE) -> Sequence[OweDelivery]:
        while True:
            try:
                return await self._store.deliveries_owed(limit, after, self._ownership.slots | self._taken_up)
            except StoreError as err:
                log.error("pending deliveries cannot be read", extra=fields(error=str(err)))
                await self._clock.sleep(STORE_PAUSE_S)

    async def _to_admit(self, after: int) -> tuple[Sequence[OweDelivery], bool]:
        """The next deliveries that memory may not hold, and whether there may be more.

        A page can be older than what happened while it was read: what left memory meanwhile is not pending any more.
        """
        left = self._left_meanwhile = set()
        try:
            page = await self._page(after)
        finally:
            self._left_meanwhile = None
        return [delivery for delivery in page if delivery.id not in left], len(page) == PAGE

    async def _follow(self) -> None:
        """Take new deliveries; those that are looked for from the first id on are older, and come first."""
        more = True
        while more and not self._memory.full():
            page, more = await self._next_page()
            if self._looks_at_all:
                self._read_again()
                return
            for delivery in page:
                self._followed = max(self._followed, delivery.id)
                self._try_admission(delivery, self._parked_keys, self._park)
            await asyncio.sleep(0)
        if self._memory.full():
            self._read_again()

    async def _next_page(self) -> tuple[Sequence[OweDelivery], bool]:
        """New deliveries, and whether there may be more: those that were handed over, or a page of the store.

        What is stored while a page is read is handed over, so that only a full page is followed by another one.
        """
        if self._is_current:
            handed = list(islice(self._handed.values(), PAGE))
            return handed, bool(handed)
        self._read_again()
        self._is_current = True
        page, more = await self._to_admit(self._followed)
        if more:
            self._read_again()
        return page, True

    def _park(self, delivery_id: int, parked: _Parked) -> None:
        if delivery_id not in self._parked:
            self._parked[delivery_id] = parked
            self._parked_keys[parked.key] += 1
            self._parked_handlers[parked.handlers] += 1
        self._first_parked = min(delivery_id, self._first_parked or delivery_id)

    def _unpark(self, delivery_id: int) -> None:
        parked = self._parked.pop(delivery_id, None)
        if parked is not None:
            _count_down(self._parked_keys, parked.key)
            _count_down(self._parked_handlers, parked.handlers)

    def _is_worth_a_look(self) -> bool:
        """Whether any handler with parked deliveries has room."""
        return any(self._memory.has_room(handlers) for handlers in self._parked_handlers)

    async def _take_parked(self, first: int) -> None:
        """Take parked deliveries that have room now, from the delivery `first` on.

        What is asked for meanwhile, by `look_again` or `look_at_all`, is left to the next call.
        """
        at_all, self._looks_at_all, self._look_again_from = self._looks_at_all, False, None
        refused: dict[EventKey, int] = {}

        def refuse(delivery_id: int, parked: _Parked) -> None:
            refused.setdefault(parked.key, delivery_id)
            self._park(delivery_id, parked)

        after, idle_pages, seen_all = first - 1, 0, False
        while not seen_all and idle_pages < IDLE_PAGES_MAX and not self._memory.full():
            if not (at_all or self._is_worth_a_look()):
                break
            page, more = await self._to_admit(after)
            older = [delivery for delivery in page if delivery.id <= self._followed]
            admitted = 0
            for delivery in older:
                after = delivery.id
                if self._try_admission(delivery, refused, refuse):
                    admitted += 1
            idle_pages = 0 if admitted else idle_pages + 1
            seen_all = not more or len(older) < len(page)
            await asyncio.sleep(0)
        if refused:
            self._first_parked = min(refused.values())
        elif seen_all:
            self._first_parked = None
            self._forget_parked()
        else:
            self._first_parked = after + 1
            if self._is_worth_a_look():
                self.look_again()

    def _forget_parked(self) -> None:
        for known in (self._parked, self._parked_keys, self._parked_handlers):
            known.clear()

    def _try_admission(
        self,
        delivery: OweDelivery,
        waiting: Counter[EventKey] | dict[EventKey, int],
        refuse: Callable[[int, _Parked], object],
    ) -> bool:
        """Take a delivery if it has room and none of its key is in `waiting`; returns whether it was taken."""
        self._drop_handed(delivery.id)
        slot = slot_of_delivery(delivery.id)
        if self._memory.holds(delivery.id) or not (self._ownership.owns(slot) or slot in self._taken_up):
            return False
        known = self._parked.get(delivery.id)
        if known is not None and not self._may_enter(known, waiting):
            refuse(delivery.id, known)
            return False
        pending = self._memory.prepared(delivery)
        if pending is None:
            self._unpark(delivery.id)
            return False
        now = _Parked(pending.key, pending.handlers)
        if not self._may_enter(now, waiting):
            refuse(delivery.id, now)
            return False
        self._memory.admit(pending)
        self._unpark(delivery.id)
        return True

    def _may_enter(self, parked: _Parked, waiting: Counter[EventKey] | dict[EventKey, int]) -> bool:
        room = self._memory.has_room(parked.handlers)
        return room and parked.key not in waiting


def _count_down(counts: "Counter[Any]", what: object) -> None:
    counts[what] -= 1
    if counts[what] <= 0:
        del counts[what]
