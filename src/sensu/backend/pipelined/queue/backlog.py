"""What is owed in the store and not in memory: brought in as lanes have room, in order for each entity and check."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sensu.backend.membership import ALONE, Ownership
from sensu.backend.pipelined.queue.capacity import Place
from sensu.backend.pipelined.queue.delivery import Held, Key
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.store.contract import OweDelivery, Store

log = logging.getLogger("sensu.pipelined")

PAGE = 200
STORE_PAUSE_S = 1.0
"""How long to wait when the store does not answer."""
IDLE_PAGES_MAX = 5
"""After so many pages without a delivery that found room, the rest waits for the next look."""


class Memory(Protocol):
    """Where deliveries are held."""

    def full(self) -> bool:
        """Whether no delivery at all may be taken in."""
        ...

    def holds(self, delivery_id: int) -> bool:
        """Whether a delivery is in memory already."""
        ...

    def prepared(self, delivery: OweDelivery) -> Held | None:
        """The delivery as it would be held, None where there is nothing to do for it."""
        ...

    def has_room(self, places: Iterable[Place]) -> bool:
        """Whether all these handlers have room for a delivery more."""
        ...

    def admit(self, held: Held) -> None:
        """Take a delivery in."""
        ...


@dataclass(frozen=True, slots=True)
class _Parked:
    """What is remembered of a delivery that rests in the store: what it is about, and its handlers."""

    key: Key
    places: frozenset[Place]


class Backlog:
    """Brings deliveries from `store` into `memory`.

    A delivery that finds no room is parked: it rests in the store, and so do later ones of its entity and check. New
    deliveries are followed all the same, so that those to other handlers find their way.
    """

    def __init__(self, store: Store, memory: Memory, clock: Clock, ownership: Ownership = ALONE) -> None:
        self._store, self._memory, self._clock, self._ownership = store, memory, clock, ownership
        self._woken = asyncio.Event()
        self._followed = 0
        self._parked: dict[int, _Parked] = {}
        self._parked_keys: Counter[Key] = Counter()
        self._parked_places: Counter[frozenset[Place]] = Counter()
        self._first_parked: int | None = None
        self._look_again_from: int | None = None
        self._looks_at_all = False

    def wake(self) -> None:
        """There is more in the store."""
        self._woken.set()

    def look_again(self) -> None:
        """There may be room for what is parked."""
        if self._first_parked is not None:
            self._look_again_from = min(self._first_parked, self._look_again_from or self._first_parked)
        self._woken.set()

    def take(self, delivery: OweDelivery) -> None:
        """Take in a delivery that is owed again, before others where it finds room."""
        if delivery.id > self._followed:
            self.wake()
            return
        held = None if self._memory.holds(delivery.id) else self._memory.prepared(delivery)
        if held is None:
            return
        if held.key in self._parked_keys or self._memory.full() or not self._memory.has_room(held.places):
            self._park(held.id, _Parked(held.key, held.places))
        else:
            self._memory.admit(held)

    def look_at_all(self) -> None:
        """Look for deliveries that are owed and not held, wherever they came from."""
        self._look_again_from = 1
        self._looks_at_all = True
        self._woken.set()

    async def run(self) -> None:
        """Bring in what is owed until cancelled."""
        while True:
            if self._look_again_from is not None and not self._memory.full():
                await self._take_parked(self._look_again_from)
            await self._follow()
            await self._woken.wait()
            self._woken.clear()

    async def read(self, delivery_id: int) -> OweDelivery | None:
        """One delivery, None where it is owed no longer."""
        page = await self._page(delivery_id - 1, 1)
        return page[0] if page and page[0].id == delivery_id else None

    async def _page(self, after: int, limit: int = PAGE) -> Sequence[OweDelivery]:
        while True:
            try:
                return await self._store.deliveries_owed(limit, after, self._ownership.slots)
            except StoreError as err:
                log.error("owed deliveries cannot be read", extra=fields(error=str(err)))
                await self._clock.sleep(STORE_PAUSE_S)

    async def _follow(self) -> None:
        """Take what is new."""
        while not self._memory.full():
            page = await self._page(self._followed)
            for delivery in page:
                self._followed = delivery.id
                self._try_admission(delivery, self._parked_keys, self._park)
            if len(page) < PAGE:
                return
            await asyncio.sleep(0)

    def _park(self, delivery_id: int, parked: _Parked) -> None:
        if delivery_id not in self._parked:
            self._parked[delivery_id] = parked
            self._parked_keys[parked.key] += 1
            self._parked_places[parked.places] += 1
        self._first_parked = min(delivery_id, self._first_parked or delivery_id)

    def _unpark(self, delivery_id: int) -> None:
        parked = self._parked.pop(delivery_id, None)
        if parked is not None:
            _count_down(self._parked_keys, parked.key)
            _count_down(self._parked_places, parked.places)

    def _is_worth_a_look(self) -> bool:
        """Whether any handler has room that deliveries rest for."""
        return self._looks_at_all or any(self._memory.has_room(places) for places in self._parked_places)

    async def _take_parked(self, first: int) -> None:
        """Take what rests in the store and has room now, from the delivery `first` on."""
        self._look_again_from = None
        refused: dict[Key, int] = {}

        def refuse(delivery_id: int, parked: _Parked) -> None:
            refused.setdefault(parked.key, delivery_id)
            self._park(delivery_id, parked)

        after, idle_pages, seen_all = first - 1, 0, False
        while not seen_all and idle_pages < IDLE_PAGES_MAX and not self._memory.full() and self._is_worth_a_look():
            page = await self._page(after)
            older = [delivery for delivery in page if delivery.id <= self._followed]
            admitted = 0
            for delivery in older:
                after = delivery.id
                if self._try_admission(delivery, refused, refuse):
                    admitted += 1
            idle_pages = 0 if admitted else idle_pages + 1
            seen_all = len(older) < PAGE
            await asyncio.sleep(0)
        self._looks_at_all = False
        if refused:
            self._first_parked = min(refused.values())
        elif seen_all:
            self._first_parked = None
            self._forget_parked()
        elif not self._is_worth_a_look():
            self._first_parked = after + 1
        else:
            self._first_parked = self._look_again_from = after + 1
            self._woken.set()

    def _forget_parked(self) -> None:
        for known in (self._parked, self._parked_keys, self._parked_places):
            known.clear()

    def _try_admission(
        self,
        delivery: OweDelivery,
        waiting: Counter[Key] | dict[Key, int],
        refuse: Callable[[int, _Parked], object],
    ) -> bool:
        """Whether a delivery was taken in; one that comes after a waiting one of its key waits too."""
        if self._memory.holds(delivery.id):
            return False
        known = self._parked.get(delivery.id)
        if known is not None and not self._may_come(known, waiting):
            refuse(delivery.id, known)
            return False
        held = self._memory.prepared(delivery)
        if held is None:
            self._unpark(delivery.id)
            return False
        now = _Parked(held.key, held.places)
        if not self._may_come(now, waiting):
            refuse(delivery.id, now)
            return False
        self._memory.admit(held)
        self._unpark(delivery.id)
        return True

    def _may_come(self, parked: _Parked, waiting: Counter[Key] | dict[Key, int]) -> bool:
        room = self._memory.has_room(parked.places)
        return room and parked.key not in waiting


def _count_down(counts: "Counter[Any]", what: object) -> None:
    counts[what] -= 1
    if counts[what] <= 0:
        del counts[what]
