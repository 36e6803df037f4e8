"""Tells the store what became of deliveries, many at a time, in order, for as long as it takes."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.store.contract import Store, Write

log = logging.getLogger("sensu.pipelined")

DELIVERIES_AT_ONCE_MAX = 500
STORE_PAUSE_S = 1.0
"""How long to wait when the store does not answer."""
LAST_WORDS_S = 1.0
"""How long the store may take in the end; what it does not take is owed still."""

Told = Callable[[], None]


class Settlement:
    """What the store does not know yet; bounded by its users, who go on only with what it was told."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._untold: deque[tuple[Sequence[Write], Told | None]] = deque()
        self._woken = asyncio.Event()

    def add(self, writes: Sequence[Write], told: Told | None = None) -> None:
        """Have writes committed after all earlier ones; `told` is called when they are."""
        self._untold.append((writes, told))
        self._woken.set()

    async def run(self) -> None:
        """Commit until cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._untold:
                try:
                    await self._commit()
                except StoreError as err:
                    log.error("deliveries cannot be settled", extra=fields(error=str(err)))
                    await self._clock.sleep(STORE_PAUSE_S)

    async def finish(self) -> None:
        """Commit what is left, if the store answers."""
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                while self._untold:
                    await self._commit()
        except (StoreError, TimeoutError) as err:
            log.warning("deliveries are owed still", extra=fields(error=str(err), deliveries=len(self._untold)))

    async def _commit(self) -> None:
        """Commit some; what was interrupted is committed again, which at most repeats an audit entry."""
        some = [self._untold[i] for i in range(min(len(self._untold), DELIVERIES_AT_ONCE_MAX))]
        await self._store.commit([write for writes, _ in some for write in writes])
        for _, told in some:
            self._untold.popleft()
            if told is not None:
                told()
