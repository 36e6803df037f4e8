"""The backend of a simulated day, and the loop that lets its time pass."""

import asyncio
import selectors
from collections.abc import Callable, Sequence
from pathlib import Path

from sensu.resources.event import Event
from sensu.resources.wire import decode
from sensu.store.contract import Store
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.store import SQLiteStore
from sensu.store.values import Committed, Refused, SettleDelivery, Write
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.day_fleet import Fleet
from tests.flows.world import FakeCounters, World

HANDLE_EVERY_S = 60
HANDLED_AT_ONCE = 1000


class QuietSelector(selectors.DefaultSelector):
    """Knows when no task of its loop can go on by itself, which is when virtual time may pass."""

    def __init__(self) -> None:
        super().__init__()
        self._quiet: asyncio.Future[None] | None = None
        self.is_busy: Callable[[], bool] = lambda: False

    async def settled(self) -> None:
        """Return when nothing is ready to run and nothing is under way elsewhere (`is_busy`)."""
        self._quiet = asyncio.get_running_loop().create_future()
        await self._quiet

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout == 0:
            return []
        if self._quiet is not None and not self.is_busy():
            self._quiet.set_result(None)
            self._quiet = None
            return []
        return super().select(timeout)


class DayStore(SQLiteStore):
    """A store that knows whether a commit is under way."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Durability.NORMAL)
        self._under_way = 0

    async def commit(self, writes: Sequence[Write]) -> Committed | Refused:
        self._under_way += 1
        try:
            return await super().commit(writes)
        finally:
            self._under_way -= 1

    def is_busy(self) -> bool:
        return self._under_way > 0


class DayWorld(World):
    """A backend whose handlers take what they are owed every few seconds."""

    slots_max = 100_000

    def __init__(self, store: Store, clock: VirtualClock, fleet: Fleet, handled: Callable[[Event], None]) -> None:
        super().__init__(store, clock, FakeCounters())
        self.fleet, self._handled = fleet, handled

    def subscribers(self) -> Fleet:
        return self.fleet

    async def start(self) -> None:
        await super().start()
        self._tasks.append(asyncio.create_task(self._handle_forever()))

    async def _handle_forever(self) -> None:
        while True:
            while owed := await self.store.deliveries_owed(HANDLED_AT_ONCE):
                for delivery in owed:
                    self._handled(decode(Event, delivery.event))
                await self.store.commit([SettleDelivery(delivery.id) for delivery in owed])
            await self.clock.sleep(HANDLE_EVERY_S)
