"""What people ask of deliveries: to be tried now, or to be forgotten."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from sensu.backend.pipelined.queue.backlog import Backlog
from sensu.backend.pipelined.queue.delivery import Held
from sensu.backend.pipelined.queue.settlement import Settlement
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.store.contract import OweDelivery, SettleDelivery, Store, Write

TOLD_WITHIN_S = 5.0
"""How long the store may take; what was asked happens all the same when it answers again."""


class ByHand:
    """Acts on deliveries by their ids; `hurry` has what a delivery waits for tried again at once.

    `also` is stored with what was asked, and not where there is no such delivery.
    """

    def __init__(
        self,
        store: Store,
        settlement: Settlement,
        backlog: Backlog,
        held: Mapping[int, Held],
        hurry: Callable[[Held], None],
        clock: Clock,
    ) -> None:
        self._store, self._settlement, self._backlog, self._clock = store, settlement, backlog, clock
        self._held, self._hurry = held, hurry
        self._busy: set[int] = set()

    async def retry(self, namespace: str, delivery_id: int, also: Sequence[Write] = ()) -> bool:
        """Whether there is such a delivery; one that is owed is due now, a dead letter is owed anew, untried."""
        held = self._held.get(delivery_id)
        if held is not None and held.namespace == namespace and not held.discarded:
            self._hurry(held)
        elif delivery_id not in self._busy and await self._revived(namespace, delivery_id, also):
            return True
        elif delivery_id not in self._busy and await self._owed(namespace, delivery_id) is None:
            return False
        else:
            self._backlog.look_at_all()
        if also:
            await self._told(also)
        return True

    async def discard(self, namespace: str, delivery_id: int, also: Sequence[Write] = ()) -> bool:
        """Whether there was such a delivery; what of it runs may end, nothing of it begins any more."""
        held = self._held.get(delivery_id)
        if held is not None and held.namespace != namespace:
            return False
        if held is None and not (await self._owed(namespace, delivery_id) or await self._dead(namespace, delivery_id)):
            return False
        held = self._held.get(delivery_id)
        if held is not None:
            if held.discarded:
                return False
            held.discarded = True
            self._hurry(held)
        await self._told((SettleDelivery(delivery_id), *also))
        self._backlog.look_again()
        return True

    async def _revived(self, namespace: str, delivery_id: int, also: Sequence[Write]) -> bool:
        """Whether there was such a dead letter, which is owed again."""
        self._busy.add(delivery_id)
        try:
            letter = await self._dead(namespace, delivery_id)
            if letter is None:
                return False
            now = self._clock.now()
            owed = OweDelivery(letter.id, letter.namespace, letter.event, now, letter.attempts, letter.rest)
            await self._told((owed, *also), lambda: self._backlog.take(owed))
            return True
        finally:
            self._busy.discard(delivery_id)

    async def _told(self, writes: Sequence[Write], then: Callable[[], None] = lambda: None) -> None:
        """Return when the store has the writes, which come after all that were settled before; raises StoreError."""
        done = asyncio.Event()

        def told() -> None:
            then()
            done.set()

        self._settlement.add(writes, told)
        try:
            async with asyncio.timeout(TOLD_WITHIN_S):
                await done.wait()
        except TimeoutError as err:
            raise StoreError("the store does not answer") from err

    async def _owed(self, namespace: str, delivery_id: int) -> OweDelivery | None:
        page = await self._store.deliveries_owed(1, delivery_id - 1)
        return page[0] if page and (page[0].id, page[0].namespace) == (delivery_id, namespace) else None

    async def _dead(self, namespace: str, delivery_id: int) -> OweDelivery | None:
        page = await self._store.dead_letters(1, delivery_id - 1)
        if page and (page[0][0].id, page[0][0].namespace) == (delivery_id, namespace):
            return page[0][0]
        return None
