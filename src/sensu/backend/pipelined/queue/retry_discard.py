"""Retries and discards deliveries on request."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec

from sensu.backend.pipelined.queue.backlog import Backlog
from sensu.backend.pipelined.queue.delivery import PendingDelivery
from sensu.backend.pipelined.queue.settlement import Settlement
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.store.contract import Store
from sensu.store.values import OweDelivery, SettleDelivery, Write

STORED_WITHIN_S = 5.0
"""The time that a caller waits for the store; the request is carried out even if the store answers later."""


class OperatorActions:
    """Acts on deliveries by their ids. `retry_now` ends the pause of a delivery, or of the one that it waits behind.

    `note_discarded` is called with what is discarded, as it is in memory or in the store.
    `also` is stored with the action, and not stored if the delivery does not exist.
    """

    def __init__(
        self,
        store: Store,
        settlement: Settlement,
        backlog: Backlog,
        pending: Mapping[int, PendingDelivery],
        retry_now: Callable[[PendingDelivery], None],
        note_discarded: Callable[[PendingDelivery | OweDelivery], None],
        clock: Clock,
    ) -> None:
        self._store, self._settlement, self._backlog, self._clock = store, settlement, backlog, clock
        self._pending, self._retry_now, self._note_discarded = pending, retry_now, note_discarded
        self._busy: set[int] = set()

    async def retry(self, namespace: str, delivery_id: int, also: Sequence[Write] = ()) -> bool:
        """Make a pending delivery due now, or a dead letter pending and untried; false if neither exists."""
        pending = self._pending.get(delivery_id)
        if pending is not None and pending.namespace == namespace and not pending.discarded:
            self._retry_now(pending)
        elif delivery_id not in self._busy and await self._revive(namespace, delivery_id, also):
            return True
        elif delivery_id not in self._busy and await self._stored(namespace, delivery_id) is None:
            return False
        else:
            self._backlog.look_at_all()
        if also:
            await self._store_now(also)
        return True

    async def discard(self, namespace: str, delivery_id: int, also: Sequence[Write] = ()) -> bool:
        """Remove a delivery; false if it does not exist. Running attempts may end, no further ones begin."""
        pending = self._pending.get(delivery_id)
        if pending is not None and pending.namespace != namespace:
            return False
        stored = None
        if pending is None:
            stored = await self._stored(namespace, delivery_id)
            if stored is None and await self._dead(namespace, delivery_id) is None:
                return False
        pending = self._pending.get(delivery_id)
        if pending is not None:
            if pending.discarded:
                return False
            pending.discarded = True
            self._note_discarded(pending)
            self._retry_now(pending)
        elif stored is not None:
            self._note_discarded(stored)
        await self._store_now((SettleDelivery(delivery_id), *also))
        self._backlog.look_again()
        return True

    async def _revive(self, namespace: str, delivery_id: int, also: Sequence[Write]) -> bool:
        """Make a dead letter pending again; false if it does not exist."""
        self._busy.add(delivery_id)
        try:
            letter = await self._dead(namespace, delivery_id)
            if letter is None:
                return False
            now = self._clock.now()
            revived = msgspec.structs.replace(letter, due_at=now)
            await self._store_now((revived, *also), lambda: self._backlog.take(revived))
            return True
        finally:
            self._busy.discard(delivery_id)

    async def _store_now(self, writes: Sequence[Write], then: Callable[[], None] = lambda: None) -> None:
        """Return when the writes, and all that were settled before them, are stored; raises StoreError."""
        done = asyncio.Event()

        def on_stored() -> None:
            then()
            done.set()

        self._settlement.add(writes, on_stored)
        try:
            async with asyncio.timeout(STORED_WITHIN_S):
                await done.wait()
        except TimeoutError as err:
            raise StoreError("the store does not answer") from err

    async def _stored(self, namespace: str, delivery_id: int) -> OweDelivery | None:
        page = await self._store.deliveries_owed(1, delivery_id - 1)
        return page[0] if page and (page[0].id, page[0].namespace) == (delivery_id, namespace) else None

    async def _dead(self, namespace: str, delivery_id: int) -> OweDelivery | None:
        page = await self._store.dead_letters(1, delivery_id - 1)
        if page and (page[0][0].id, page[0][0].namespace) == (delivery_id, namespace):
            return page[0][0]
        return None
