"""What is owed in the store and not in memory: brought in as lanes have room, in order for each entity and check."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from sensu.backend.pipelined.held import Held, Key
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

    def has_room(self, held: Held) -> bool:
        """Whether all handlers of a delivery have room for it."""
        ...

    def admit(self, held: Held) -> None:
        """Take a delivery in."""
        ...


class Backlog:
    """Brings deliveries from `store` into `memory`.

    A delivery that finds no room is parked: it rests in the store, and so do later ones of its entity and check. New
    deliveries are followed all the same, so that those to other handlers find their way.
    """

    def __init__(self, store: Store, memory: Memory, clock: Clock) -> None:
        self._store, self._memory, self._clock = store, memory, clock
        self._woken = asyncio.Event()
        self._followed = 0
        self._parked: Counter[Key] = Counter()
        self._first_parked: int | None = None
        self._look_again_from: int | None = None

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
        if held.key in self._parked or self._memory.full() or not self._memory.has_room(held):
            self._park(held)
        else:
            self._memory.admit(held)

    def look_at_all(self) -> None:
        """Look for deliveries that are owed and not held, wherever they came from."""
        self._look_again_from = 1
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
                return await self._store.deliveries_owed(limit, after)
            except StoreError as err:
                log.error("owed deliveries cannot be read", extra=fields(error=str(err)))
                await self._clock.sleep(STORE_PAUSE_S)

    async def _follow(self) -> None:
        """Take what is new."""
        while not self._memory.full():
            page = await self._page(self._followed)
            for delivery in page:
                self._followed = delivery.id
                self._try_admission(delivery, self._parked, self._park)
            if len(page) < PAGE:
                return
            await asyncio.sleep(0)

    def _park(self, held: Held) -> None:
        self._parked[held.key] += 1
        self._first_parked = min(held.id, self._first_parked or held.id)

    async def _take_parked(self, first: int) -> None:
        """Take what rests in the store and has room now, from the delivery `first` on."""
        self._look_again_from = None
        refused: dict[Key, int] = {}
        after, idle_pages, seen_all = first - 1, 0, False
        while not seen_all and idle_pages < IDLE_PAGES_MAX and not self._memory.full():
            page = await self._page(after)
            older = [delivery for delivery in page if delivery.id <= self._followed]
            admitted = 0
            for delivery in older:
                after = delivery.id
                if self._try_admission(delivery, refused, lambda held: refused.setdefault(held.key, held.id)):
                    admitted += 1
            idle_pages = 0 if admitted else idle_pages + 1
            seen_all = len(older) < PAGE
            await asyncio.sleep(0)
        if refused:
            self._first_parked = min(refused.values())
        elif seen_all:
            self._first_parked = None
            self._parked.clear()
        else:
            self._first_parked = self._look_again_from = after + 1
            self._woken.set()

    def _try_admission(
        self, delivery: OweDelivery, waiting: Counter[Key] | dict[Key, int], refuse: Callable[[Held], object]
    ) -> bool:
        """Whether a delivery was taken in; one that comes after a waiting one of its key waits too."""
        if self._memory.holds(delivery.id):
            return False
        held = self._memory.prepared(delivery)
        if held is None:
            return False
        room = self._memory.has_room(held)
        if held.key in waiting or not room:
            refuse(held)
            return False
        self._memory.admit(held)
        self._unpark(held.key)
        return True

    def _unpark(self, key: Key) -> None:
        if key in self._parked:
            self._parked[key] -= 1
            if self._parked[key] <= 0:
                del self._parked[key]
