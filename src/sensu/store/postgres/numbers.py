"""Numbers that are never used twice, which this process takes from the database in blocks."""

from typing import Any

from sensu.errors import StoreError
from sensu.rules.number_blocks import least

_NOW = "SELECT extract(epoch FROM clock_timestamp())::float8"
_TAKE = "UPDATE numbers SET value = greatest(value, $3) + $2 WHERE name = $1 RETURNING value"


class Block:
    """Consecutive numbers; `last` is the last one that was taken."""

    def __init__(self, name: str, size: int, *, shown: bool = False) -> None:
        """With `shown`, others remember numbers that a failover has lost, so that no later block may repeat them."""
        self._name, self._size, self._shown = name, size, shown
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
        above = least(await connection.fetchval(_NOW)) if self._shown else 0
        end = await connection.fetchval(_TAKE, self._name, self._size, above)
        if end - self._size != self._end:
            self.last = end - self._size
        self._end = end

    async def renew(self, connection: Any) -> None:
        """Take the next block, and leave out what is left of this one."""
        self.last = self._end
        await self.refill(connection)
