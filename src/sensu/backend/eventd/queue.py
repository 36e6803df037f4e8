"""eventd's bounded queue, with a way to wait for room.

Events that their senders do not send again are kept at its head while the store is unavailable (`keep`).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from sensu.backend.eventd.arrivals import Waiting

QUEUE_MAX = 1000
"""Maximum waiting events; when full, agents are not read and API calls wait."""
GROUP_MAX = 256
"""Maximum events that are decided and committed together."""
KEPT_MAX = 1000
"""With this many kept events, agents are not read; events already in the queue may still be kept."""


class Queue:
    """Items that wait for a decision, in order of arrival."""

    def __init__(self, queue_max: int = QUEUE_MAX, group_max: int = GROUP_MAX) -> None:
        self._waiting: deque[Waiting] = deque()
        self._kept: deque[Waiting] = deque()
        self._queue_max = queue_max
        self._group_max = group_max
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._kept) + len(self._waiting)

    def offer(self, item: Waiting) -> bool:
        """Queue an item; False if the queue is full."""
        waiting = self._waiting
        if len(waiting) >= self._queue_max:
            self._room.clear()
            return False
        waiting.append(item)
        if len(waiting) == 1:
            self._arrived.set()
        return True

    def has_room(self) -> bool:
        """Whether agents can be read."""
        return len(self._waiting) < self._queue_max and len(self._kept) < KEPT_MAX

    async def wait_for_room(self) -> None:
        """Return when agents can be read again."""
        while not self.has_room():
            self._room.clear()
            await self._room.wait()

    async def put(self, item: Waiting) -> None:
        """Queue an item whose sender can wait, once there is room."""
        while not self.offer(item):
            await self._room.wait()

    def keep(self, items: Sequence[Waiting]) -> None:
        """Put items that were taken back at the head, in their order."""
        self._kept.extendleft(reversed(items))

    def withdraw(self, which: Callable[[Waiting], bool]) -> list[Waiting]:
        """Remove and return the items that match, and keep the others."""
        waiting, self._waiting = self._waiting, deque()
        found: list[Waiting] = []
        for item in waiting:
            (found if which(item) else self._kept).append(item)
        self._room.set()
        return found

    async def take(self) -> list[Waiting]:
        """The next items, up to the size of a group; waits for at least one."""
        if self._kept:
            group = [self._kept.popleft() for _ in range(min(len(self._kept), self._group_max))]
            self._room.set()
            return group
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
