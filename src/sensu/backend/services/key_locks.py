"""Serialises writes of the same resources, so that each knows exactly what it replaces."""

import asyncio
from collections import deque
from collections.abc import Iterable
from types import TracebackType

from sensu.store.values import Key


class KeyLocks:
    """A lock for every key that is being written; there are at most as many as running requests."""

    def __init__(self) -> None:
        self._waiting: dict[Key, deque[asyncio.Future[None]]] = {}
        """Who waits for each key that is held, in order."""

    @property
    def idle(self) -> bool:
        """Whether no lock is held or awaited."""
        return not self._waiting

    def held(self, keys: Iterable[Key]) -> "_Held":
        """Hold the locks of all keys. They are acquired in sorted order, so that there are no deadlocks."""
        return _Held(self, sorted(set(keys)))

    async def take(self, key: Key) -> None:
        """Acquire the lock of a key."""
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = deque()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            await turn
        except BaseException:
            if not turn.cancelled():  # the lock was passed on just before
                self.release(key)
            raise

    def release(self, key: Key) -> None:
        """Release the lock of a key: the next one that waits has it."""
        waiting = self._waiting[key]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[key]


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
