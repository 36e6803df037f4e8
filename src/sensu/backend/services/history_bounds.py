"""History limits of namespaces, which can be lower than the backend's."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

from sensu.backend.stored_form import key_of
from sensu.clock import Clock
from sensu.resources.kinds import NAMESPACE
from sensu.resources.namespace import Namespace
from sensu.resources.wire import decode
from sensu.rules.history import fits_from
from sensu.store.contract import Store
from sensu.store.values import CutHistory, EventKey, HistoryPosition

EVENTS_AT_ONCE = 64
READ_AT_ONCE = 256
PAUSE_S = 0.01
"""The pause between parts, so that events are processed meanwhile."""
ENTRY_BYTES = 24
"""The approximate size of an entry without its body."""
_NO_TIME = float("-inf")


class HistoryBounds:
    """Applies the limits of namespaces to their histories."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def oldest_at(self, namespace: str) -> float:
        """The time from which results of a namespace are shown, in Unix seconds."""
        stored = await self._store.get(key_of(NAMESPACE, "", namespace))
        return _NO_TIME if stored is None else self._oldest_at(decode(Namespace, stored.body))

    def _oldest_at(self, namespace: Namespace) -> float:
        return self._clock.now() - namespace.history_retention if namespace.history_retention else _NO_TIME

    async def cut(self) -> None:
        """Trim the history of every namespace that has its own limits; raises StoreError."""
        page = await self._store.list(NAMESPACE.qualified_name, None)
        for namespace in (decode(Namespace, stored.body) for stored in page.items):
            if namespace.history_retention or namespace.history_bytes_max:
                await self._cut(namespace)

    async def _cut(self, namespace: Namespace) -> None:
        oldest_at = self._oldest_at(namespace)
        if namespace.history_bytes_max:
            sizes = await self._sizes(namespace.name, oldest_at)
            oldest_at = max(oldest_at, fits_from(sizes, namespace.history_bytes_max))
        if oldest_at == _NO_TIME:
            return
        async for keys in self._events(namespace.name):
            await self._store.commit([CutHistory(key, oldest_at) for key in keys])

    async def _sizes(self, namespace: str, oldest_at: float) -> Counter[int]:
        """The bytes of results received in each second."""
        sizes: Counter[int] = Counter()
        async for keys in self._events(namespace):
            for key in keys:
                await self._measure(key, oldest_at, sizes)
        return sizes

    async def _measure(self, key: EventKey, oldest_at: float, sizes: Counter[int]) -> None:
        position: HistoryPosition | None = None
        while True:
            page = await self._store.history(key, READ_AT_ONCE, position)
            if page is None:
                return
            for item in page.items:
                if not item.changed:
                    sizes[int(item.at)] += len(item.body) + ENTRY_BYTES
            position = page.older
            if position is None or page.items[-1].at < oldest_at:
                return
            await asyncio.sleep(0)

    async def _events(self, namespace: str) -> AsyncIterator[list[EventKey]]:
        after: EventKey | None = None
        while True:
            page = await self._store.list_events(namespace, after=after, limit=EVENTS_AT_ONCE)
            if page.items:
                after = page.items[-1].key
                yield [stored.key for stored in page.items]
            if not page.more:
                return
            await self._clock.sleep(PAUSE_S)
