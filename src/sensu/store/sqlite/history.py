"""The two history logs of a database: appending entries, and finding those of an event."""

import sqlite3
from typing import Any

from sensu.store.queries import merged_history
from sensu.store.values import HistoryPage, HistoryPosition, HistorySize, Result, StoredHandling

ENTRY_BYTES = 24
"""The approximate size of an entry without its body."""
HANDLING_BYTES = 160
"""What the handling of a state change takes, about."""

UPDATE_EVENT_WITH_RESULT, APPEND_RESULT, APPEND_CHANGE = 0, 13, 14
TRIM_RESULTS, TRIM_CHANGES, CUT_RESULTS = 15, 16, 19

NOT_USED = -1
"""The value of unused columns and of missing deadlines in frequent operations: binding a null takes the driver longer
than writing a row, because it looks for an adapter first."""

Row = tuple[Any, ...]

_CHAIN = """
WITH RECURSIVE chain (id, previous, at, body, behind, delivery, handled) AS (
    SELECT id, previous, at, body, {only_of_changes} FROM {log} AS e WHERE id = ?
    UNION ALL
    SELECT e.id, e.previous, e.at, e.body, {only_of_changes} FROM chain AS c JOIN {log} AS e ON e.id = c.previous
    LIMIT ?
)
SELECT id, previous, at, body, behind, delivery, handled FROM chain
"""
_RESULTS = _CHAIN.format(log="results", only_of_changes="0, 0, NULL")
_CHANGES = _CHAIN.format(log="changes", only_of_changes="e.behind, coalesce(e.delivery, 0), e.handled")


class Ends:
    """The positions of the newest entries of both logs, which the writer advances."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._result = _newest(connection, "results")
        self._change = _newest(connection, "changes")

    @property
    def positions(self) -> tuple[int, int]:
        """The newest positions, of results and of changes."""
        return self._result, self._change

    @positions.setter
    def positions(self, newest: tuple[int, int]) -> None:
        self._result, self._change = newest

    def update_row(self, event_id: int, due_at: float | None, body: bytes, result: Result) -> Row:
        """The row that replaces an event and appends a result that is not a state change."""
        self._result += len(result.body) + ENTRY_BYTES
        due = NOT_USED if due_at is None else due_at
        place = (self._result, result.at, result.body)
        return (UPDATE_EVENT_WITH_RESULT, event_id, due, body, *place, NOT_USED, NOT_USED)

    def append_row(self, event_id: int, result: Result) -> Row:
        """The row that appends to the history of an event."""
        size = len(result.body) + ENTRY_BYTES
        if result.changed:
            self._change += size + (0 if result.handled is not None else HANDLING_BYTES)
            what = (self._change, result.at, result.body, self._result, result.delivery or None)
            row: Row = (APPEND_CHANGE, event_id, None, result.handled, *what)
        else:
            self._result += size
            row = (APPEND_RESULT, event_id, None, None, self._result, result.at, result.body, None, None)
        return row


def _newest(connection: sqlite3.Connection, log: str) -> int:
    newest: int = connection.execute(f"SELECT coalesce(max(id), 0) FROM {log}").fetchone()[0]  # noqa: S608 - constants only
    return newest


def read(connection: sqlite3.Connection, position: HistoryPosition, limit: int) -> HistoryPage:
    """The newest `limit` entries from `position` on, of both logs as one."""
    results = _chain(connection, _RESULTS, position.result, limit)
    changes = _chain(connection, _CHANGES, position.change, limit)
    return merged_history(results, changes, position, limit)


def _chain(connection: sqlite3.Connection, sql: str, position: int | None, limit: int) -> list[Row]:
    return [] if position is None else connection.execute(sql, (position, limit)).fetchall()


def size(connection: sqlite3.Connection, changes: bool) -> HistorySize:
    """The size of a log."""
    log = "changes" if changes else "results"
    oldest = connection.execute(f"SELECT id, at FROM {log} ORDER BY id LIMIT 1").fetchone()  # noqa: S608 - constants only
    return HistorySize(0, None) if oldest is None else HistorySize(_newest(connection, log) - oldest[0], oldest[1])


def trim_row(changes: bool, at_before: float, bytes_max: int, entries_max: int) -> Row:
    """The row that trims a log."""
    op = TRIM_CHANGES if changes else TRIM_RESULTS
    return (op, bytes_max, at_before, None, entries_max, None, None, None, None)


_HANDLING = """
WITH RECURSIVE chain (delivery, previous, handled) AS (
    SELECT coalesce(c.delivery, 1), c.previous, c.handled FROM events AS e JOIN changes AS c ON c.id = e.last_change
        WHERE e.namespace = ? AND e.entity = ? AND e.check_name = ?
    UNION ALL
    SELECT coalesce(c.delivery, 1), c.previous, c.handled FROM chain AS h JOIN changes AS c ON c.id = h.previous
        WHERE h.delivery > ?
)
SELECT delivery, handled FROM chain WHERE delivery <= ? LIMIT 1
"""


def handling(connection: sqlite3.Connection, place: tuple[str, str, str], delivery: int) -> StoredHandling | None:
    """What is kept with the newest state change of an event whose number is not above `delivery`."""
    row = connection.execute(_HANDLING, (*place, delivery, delivery)).fetchone()
    return None if row is None else StoredHandling(*row)
