"""Serialises writes of the same resources, so that each knows exactly what it replaces."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from sensu.store.values import Key


class KeyLocks:
    """A lock for every key that is being written; there are at most as many as running requests."""

    def __init__(self) -> None:
        self._locks: dict[Key, asyncio.Lock] = {}
        self._users: dict[Key, int] = {}

    @property
    def idle(self) -> bool:
        """Whether no lock is held or awaited."""
        return not self._locks

    @asynccontextmanager
    async def held(self, keys: Iterable[Key]) -> AsyncIterator[None]:
        """Hold the locks of all keys. They are acquired in sorted order, so that there are no deadlocks."""
        async with AsyncExitStack() as stack:
            for key in sorted(set(keys)):
                await stack.enter_async_context(self._one(key))
            yield

    @asynccontextmanager
    async def _one(self, key: Key) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._users[key] = self._users.get(key, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]
