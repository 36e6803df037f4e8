"""Writes the results of deliveries to the store, in order and in groups, and retries until the store answers."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.store.contract import Store
from sensu.store.values import SettleDelivery, Write

log = logging.getLogger("sensu.pipelined")

DELIVERIES_AT_ONCE_MAX = 500
STORE_PAUSE_S = 1.0
"""The pause before the next attempt when the store does not answer."""
SETTLED_WITHIN_S = 0.05
"""How long deliveries that are done wait for others, to be settled in one commit."""
LAST_COMMIT_S = 1.0
"""The time that the store has at the end; deliveries that it does not settle by then stay pending."""

OnStored = Callable[[], None]


class Settlement:
    """The writes that the store does not have yet. Its users bound them: they go on only when theirs are stored."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._waiting: deque[tuple[Sequence[Write], OnStored | None]] = deque()
        self._woken = asyncio.Event()
        self._settles: asyncio.TimerHandle | None = None

    def add(self, writes: Sequence[Write], on_stored: OnStored | None = None) -> None:
        """Commit writes after all earlier ones, then call `on_stored`."""
        self._waiting.append((writes, on_stored))
        self._woken.set()

    def settle(self, delivery_id: int, on_stored: OnStored) -> None:
        """Settle a delivery that is done, soon, with others.

        Until it is settled, it would be repeated after a crash; a commit for each would cost more than the delivery.
        """
        self._waiting.append(((SettleDelivery(delivery_id),), on_stored))
        if self._settles is None:
            self._settles = asyncio.get_running_loop().call_later(SETTLED_WITHIN_S, self._woken.set)

    async def run(self) -> None:
        """Commit until cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            if self._settles is not None:
                self._settles.cancel()
                self._settles = None
            while self._waiting:
                try:
                    await self._commit()
                except StoreError as err:
                    log.error("deliveries cannot be settled", extra=fields(error=str(err)))
                    await self._clock.sleep(STORE_PAUSE_S)

    async def finish(self) -> None:
        """Commit the remaining writes, if the store answers."""
        try:
            async with asyncio.timeout(LAST_COMMIT_S):
                while self._waiting:
                    await self._commit()
        except (StoreError, TimeoutError) as err:
            log.warning("deliveries stay pending", extra=fields(error=str(err), deliveries=len(self._waiting)))

    async def _commit(self) -> None:
        """Commit a group. An interrupted commit is repeated, which at worst duplicates an audit entry."""
        group = [self._waiting[i] for i in range(min(len(self._waiting), DELIVERIES_AT_ONCE_MAX))]
        await self._store.commit([write for writes, _ in group for write in writes])
        for _, on_stored in group:
            self._waiting.popleft()
            if on_stored is not None:
                on_stored()
