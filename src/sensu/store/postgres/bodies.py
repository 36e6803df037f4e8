"""Reads bodies that may be compressed."""

from collections.abc import Sequence

from sensu.store.compression import PlainBodies, UnknownDictionary
from sensu.store.postgres.connection import Readers
from sensu.store.queries import Row


class BodiesReader:
    """Returns bodies as they were written; reads dictionaries that are not known yet."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._bodies = PlainBodies()

    async def plain(self, rows: Sequence[Row], body: int) -> Sequence[Row]:
        """The rows with the body in a column as it was written; raises StoreError."""
        while True:
            try:
                return self._bodies.in_rows(rows, body)
            except UnknownDictionary as unknown:
                found = await self._readers.fetch("SELECT body FROM dictionaries WHERE id = $1", (unknown.id,))
                self._bodies.add(unknown.id, found[0][0] if found else None)
