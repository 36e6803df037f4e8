"""eventd's queue: bounded for those who offer, with a way to wait for room."""

import asyncio
from collections import deque

from sensu.backend.eventd.arrivals import Waiting

QUEUE_MAX = 1000
"""How many events wait at most; then agents are not read and API calls wait."""
GROUP_MAX = 256
"""How many events are decided and committed together at most."""


class Queue:
    """What waits to be decided, in order of arrival."""

    def __init__(self, queue_max: int = QUEUE_MAX, group_max: int = GROUP_MAX) -> None:
        self._waiting: deque[Waiting] = deque()
        self._queue_max = queue_max
        self._group_max = group_max
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, item: Waiting) -> bool:
        """Queue an item; false where the queue is full."""
        waiting = self._waiting
        if len(waiting) >= self._queue_max:
            self._room.clear()
            return False
        waiting.append(item)
        if len(waiting) == 1:
            self._arrived.set()
        return True

    def has_room(self) -> bool:
        """Whether an item can be offered."""
        return len(self._waiting) < self._queue_max

    async def wait_for_room(self) -> None:
        """Return when an item can be offered again."""
        while len(self._waiting) >= self._queue_max:
            self._room.clear()
            await self._room.wait()

    async def take(self) -> list[Waiting]:
        """The next items, as many as make a group; waits for at least one."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        waiting = self._waiting
        if len(waiting) <= self._group_max:
            group = list(waiting)
            waiting.clear()
        else:
            group = [waiting.popleft() for _ in range(self._group_max)]
        self._room.set()
        return group
