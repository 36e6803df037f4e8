"""Serialises writes of the same resources, so that each knows exactly what it replaces."""

import asyncio
from collections.abc import Iterable
from types import TracebackType

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

    def held(self, keys: Iterable[Key]) -> "_Held":
        """Hold the locks of all keys. They are acquired in sorted order, so that there are no deadlocks."""
        return _Held(self, sorted(set(keys)))

    async def take(self, key: Key) -> None:
        """Acquire the lock of a key."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._users[key] = self._users.get(key, 0) + 1
        try:
            await lock.acquire()
        except BaseException:
            self._leave(key)
            raise

    def release(self, key: Key) -> None:
        """Release the lock of a key."""
        self._locks[key].release()
        self._leave(key)

    def _leave(self, key: Key) -> None:
        self._users[key] -= 1
        if not self._users[key]:
            del self._users[key], self._locks[key]


class _Held:
    """Holds locks from entering to leaving."""

    def __init__(self, locks: KeyLocks, keys: list[Key]) -> None:
        self._locks, self._keys = locks, keys
        self._taken: list[Key] = []

    async def __aenter__(self) -> None:
        try:
            for key in self._keys:
                await self._locks.take(key)
                self._taken.append(key)
        except BaseException:
            self._release()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, err: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._release()

    def _release(self) -> None:
        for key in self._taken:
            self._locks.release(key)
