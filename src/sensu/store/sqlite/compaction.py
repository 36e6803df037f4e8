"""Compresses the events that were stored before there was a dictionary.

A row that gets smaller leaves its page half empty for as long as it is only updated, and a commit writes whole pages.
So rows are deleted and inserted again, which makes SQLite merge their pages.
"""

import sqlite3
from collections.abc import Sequence

from sensu.store.compression import Compression
from sensu.store.queries import Row

ROWS_AT_ONCE = 64
_DONE = "events_compressed"
"""The greatest row id that needs no compression, in the table of ceilings."""

_NEXT = (
    "SELECT body, id, namespace, entity, check_name, due_at, last_result, last_change FROM events"
    " WHERE id > (SELECT coalesce(max(value), 0) FROM ceilings WHERE name = ?) ORDER BY id LIMIT ?"
)
_DELETE = "DELETE FROM events WHERE id BETWEEN ? AND ?"
_INSERT = (
    "INSERT INTO events (body, id, namespace, entity, check_name, due_at, last_result, last_change)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_NOTE = "INSERT INTO ceilings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


class Compaction:
    """Goes through the events once, a few rows with each step; what is done is noted in the database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.is_done = False

    def step(self, compression: Compression) -> None:
        """Compress some rows; raises errors of the driver."""
        rows = self._connection.execute(_NEXT, (_DONE, ROWS_AT_ONCE)).fetchall()
        self.is_done = len(rows) < ROWS_AT_ONCE
        if not rows:
            return
        bodies = compression.of_events([row[0] for row in rows])
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._rewrite([(body, *row[1:]) for body, row in zip(bodies, rows, strict=True)])
        except sqlite3.Error:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _rewrite(self, rows: Sequence[Row]) -> None:
        first, last = rows[0][1], rows[-1][1]
        self._connection.execute(_DELETE, (first, last))
        self._connection.executemany(_INSERT, rows)
        self._connection.execute(_NOTE, (_DONE, last))
