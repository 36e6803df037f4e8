"""Numbers that are never used twice, which this process takes from the database in blocks."""

from typing import Any

from sensu.errors import StoreError


class Block:
    """Consecutive numbers; `last` is the last one that was taken."""

    def __init__(self, name: str, size: int) -> None:
        self._name, self._size = name, size
        self.last = self._end = 0

    @property
    def left(self) -> int:
        """How many numbers are left."""
        return self._end - self.last

    @property
    def is_half_used(self) -> bool:
        """Whether it is time for the next block."""
        return self.left < self._size // 2

    def take(self) -> int:
        """The next number; raises StoreError if none is left."""
        if self.last >= self._end:
            raise StoreError(f"no number is left for the next {self._name}: the database has to be reached first")
        self.last += 1
        return self.last

    async def refill(self, connection: Any) -> None:
        """Take the next block; what is left of this one stays if the next one continues it."""
        end = await connection.fetchval(
            "UPDATE numbers SET value = value + $2 WHERE name = $1 RETURNING value", self._name, self._size
        )
        if end - self._size != self._end:
            self.last = end - self._size
        self._end = end

    async def renew(self, connection: Any) -> None:
        """Take the next block, and leave out what is left of this one."""
        self.last = self._end
        await self.refill(connection)
