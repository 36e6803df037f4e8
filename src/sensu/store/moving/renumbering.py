"""Gives the entries of histories the ids that another engine needs.

SQLite numbers each history by the bytes before an entry, PostgreSQL both together in the order of time. The order of
entries is kept, and so are the chains of the entries of an event. Tables are translated in the order of `TABLES`.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from sensu.store.moving.tables import CHANGES, EVENTS, RESULTS, Numbering, Row, Table
from sensu.store.sqlite.history import ENTRY_BYTES, HANDLING_BYTES

_CHANGES_BITS = 31
"""In one sequence for both histories, this many bits number the state changes between two results."""


class _Ids:
    """The ids of a history before and after; both grow."""

    def __init__(self) -> None:
        self.before, self.after = array("q"), array("q")

    def add(self, before: int, after: int) -> int:
        self.before.append(before)
        self.after.append(after)
        return after

    def of(self, before: int | None) -> int | None:
        """The id of an entry; None if it was trimmed."""
        if before is None:
            return None
        place = bisect_left(self.before, before)
        found = place < len(self.before) and self.before[place] == before
        return self.after[place] if found else None

    def number_up_to(self, before: int) -> int:
        """How many entries have ids up to one."""
        return bisect_right(self.before, before)

    @property
    def last(self) -> int:
        return self.after[-1] if self.after else 0


class Renumbering:
    """Translates the pages of tables from one numbering of histories to another."""

    def __init__(self, source: Numbering, target: Numbering) -> None:
        self._target = target
        self._results, self._changes = _Ids(), _Ids()
        self._between = (0, 0)
        self._translators: dict[Table, Callable[[Row], Row]] = (
            {} if source is target else {RESULTS: self._result, CHANGES: self._change, EVENTS: self._event}
        )

    def page(self, table: Table, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows of a page as the target has them."""
        translate = self._translators.get(table)
        return rows if translate is None else [translate(row) for row in rows]

    def _result(self, row: Row) -> Row:
        entry, previous, at, body = row
        if self._target is Numbering.POSITIONS:
            number = self._results.last + len(body) + ENTRY_BYTES
        else:
            number = (len(self._results.before) + 1) << _CHANGES_BITS
        return self._results.add(entry, number), self._results.of(previous), at, body

    def _change(self, row: Row) -> Row:
        entry, previous, at, behind, delivery, body, handled = row
        results = self._results.number_up_to(behind)
        if self._target is Numbering.POSITIONS:
            number = self._changes.last + len(body) + ENTRY_BYTES + HANDLING_BYTES
            behind = self._results.after[results - 1] if results else 0
        else:
            after, so_far = self._between
            self._between = (results, so_far + 1 if results == after else 1)
            number = behind = (results << _CHANGES_BITS) + self._between[1]
        return self._changes.add(entry, number), self._changes.of(previous), at, behind, delivery, body, handled

    def _event(self, row: Row) -> Row:
        *place, due_at, last_result, last_change, body = row
        return (*place, due_at, self._results.of(last_result), self._changes.of(last_change), body)
