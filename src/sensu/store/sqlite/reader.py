"""The queries of a store, on a connection of the event loop; each statement reads one bounded page."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sensu.rules.share import SLOTS, Slots
from sensu.store.activity_values import ActivityCounts, NoteConnection
from sensu.store.compression import HEADER_BYTES_MAX, PlainBodies, UnknownDictionary, plain_size
from sensu.store.queries import (
    ACTIVITY,
    CONNECTIONS,
    connections_of,
    events_after,
    resources_after,
    slashed,
    stored_event,
)
from sensu.store.sqlite import history
from sensu.store.sqlite.damage import Damage
from sensu.store.sqlite.event_lists import EventListQueries
from sensu.store.values import (
    AuditEntry,
    Change,
    CountedDeliveries,
    EventKey,
    HistoryPage,
    HistoryPosition,
    HistorySize,
    Key,
    OweDelivery,
    Stored,
    StoredEvent,
    StoredHandling,
)

PAGE_ROWS = 256
PAGE_BYTES_MAX = 1024 * 1024
"""The maximum size of the bodies in a page, whatever its number of rows, so that no page blocks the loop for long."""

KEYS_MAX = 200
DEADLINE_ROWS = 5000
_ID_MAX = (1 << 63) - 1

_RESOURCE = "SELECT namespace, name, body, shown, etag, revision FROM resources WHERE kind = ?"
_EVENTS = ""
"""The kind of events in the table of counts."""
_CHANGE = "CASE WHEN c.id IS NULL THEN 0 ELSE coalesce(c.delivery, 1) END"
_EVENT = "SELECT namespace, entity, check_name, body, due_at FROM events"

_CHANGES_LOGGED = """
SELECT l.id, l.revision, l.kind, l.namespace, l.name, l.check_name, coalesce(r.body, e.body), r.shown
FROM (SELECT * FROM change_log WHERE id > ? ORDER BY id LIMIT ?) AS l
LEFT JOIN resources AS r ON r.kind = l.kind AND r.namespace = l.namespace AND r.name = l.name
LEFT JOIN events AS e ON l.kind = '' AND e.namespace = l.namespace AND e.entity = l.name AND e.check_name = l.check_name
ORDER BY l.id
"""

RowList = Sequence[tuple[Any, ...]]
T = TypeVar("T")


class Reader:
    """Reads committed state; every method blocks for one short statement."""

    def __init__(self, connection: sqlite3.Connection, damage: Damage) -> None:
        self._connection = connection
        self._errors = damage.noted
        self._bodies = PlainBodies()
        self.lists = EventListQueries(connection, damage, self._plain)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _rows(self, sql: str, args: Sequence[Any]) -> RowList:
        with self._errors():
            return self._connection.execute(sql, args).fetchall()

    def _one(self, sql: str, args: Sequence[Any]) -> Any:
        try:
            return self._connection.execute(sql, args).fetchone()
        except sqlite3.Error:
            with self._errors():
                raise

    def _plain(self, rows: RowList, body: int) -> RowList:
        """The rows with the body in that column as it was written; reads dictionaries that are not known yet."""
        return self._with_dictionaries(lambda: self._bodies.in_rows(rows, body))

    def _with_dictionaries(self, read: Callable[[], T]) -> T:
        while True:
            try:
                return read()
            except UnknownDictionary as unknown:
                row = self._one("SELECT body FROM dictionaries WHERE id = ?", (unknown.id,))
                self._bodies.add(unknown.id, None if row is None else row[0])

    def _page(self, sql: str, args: Sequence[Any], body: int, limit: int) -> tuple[RowList, bool]:
        """The first rows of a query, and whether more exist; `body` is the column whose size limits the page."""
        rows, more = self._stored_page(sql, args, body, limit)
        return self._plain(rows, body), more

    def _stored_page(self, sql: str, args: Sequence[Any], body: int, limit: int) -> tuple[RowList, bool]:
        rows: list[tuple[Any, ...]] = []
        size = 0
        with self._errors():
            cursor = self._connection.execute(sql + " LIMIT ?", (*args, limit + 1))
            try:
                for row in cursor:
                    if len(rows) >= limit or size >= PAGE_BYTES_MAX:
                        return rows, True
                    rows.append(row)
                    size += plain_size(row[body], len(row[body]))
            finally:
                cursor.close()
        return rows, False

    def get(self, key: Key) -> Stored | None:
        """The resource, or None."""
        row = self._one(_RESOURCE + " AND namespace = ? AND name = ?", (key.kind, slashed(key.namespace), key.name))
        return None if row is None else Stored(key, row[2], row[3], row[4], row[5])

    def resources(
        self, kind: str, namespace: str | None, after: tuple[str, str] | None, limit: int
    ) -> tuple[list[Stored], bool]:
        """The next page of a list of at most `limit`."""
        where, args = resources_after(namespace, after)
        sql = f"{_RESOURCE}{where} ORDER BY kind, namespace, name"
        rows, more = self._page(sql, (kind, *args), 2, min(limit, PAGE_ROWS))
        return [Stored(Key(kind, row[0][:-1], row[1]), *row[2:]) for row in rows], more

    def bodies(
        self, kind: str, namespace: str | None, after: tuple[str, str] | None
    ) -> tuple[list[bytes], tuple[str, str] | None]:
        """The public JSON of the next page of a list, and the position after which the following page starts."""
        where, args = resources_after(namespace, after)
        sql = (
            "SELECT coalesce(shown, body), namespace, name FROM resources"  # noqa: S608 - constant parts only
            f" WHERE kind = ?{where} ORDER BY kind, namespace, name"
        )
        rows, more = self._page(sql, (kind, *args), 0, PAGE_ROWS)
        return [row[0] for row in rows], (rows[-1][1][:-1], rows[-1][2]) if more else None

    def count(self, kind: str, namespace: str | None) -> int:
        """How many resources of a kind there are."""
        return self._counted(kind, namespace)

    def _counted(self, kind: str, namespace: str | None) -> int:
        sql = "SELECT coalesce(sum(number), 0) FROM counts WHERE kind = ?"
        if namespace is None:
            count: int = self._one(sql, (kind,))[0]
        else:
            count = self._one(sql + " AND namespace = ?", (kind, slashed(namespace)))[0]
        return count

    def counts(self, namespace: str | None) -> Mapping[str, int]:
        """The number of resources of each kind that has any."""
        if namespace is None:
            return dict(self._rows("SELECT kind, sum(number) FROM counts WHERE kind != '' GROUP BY kind", ()))
        sql = "SELECT kind, number FROM counts WHERE kind != '' AND namespace = ?"
        return dict(self._rows(sql, (slashed(namespace),)))

    def get_event(self, key: EventKey) -> StoredEvent | None:
        """The event, or None."""
        row = self._one(
            "SELECT body, due_at FROM events WHERE namespace = ? AND entity = ? AND check_name = ?",
            (slashed(key.namespace), slashed(key.entity), key.check),
        )
        return None if row is None else StoredEvent(key, *self._plain([row], 0)[0])

    def get_events(self, keys: Sequence[EventKey]) -> dict[EventKey, StoredEvent]:
        """The existing ones of at most `KEYS_MAX` events."""
        places = ", ".join(["(?, ?, ?)"] * len(keys))
        sql = (
            f"SELECT e.namespace, e.entity, e.check_name, e.body, e.due_at, {_CHANGE} FROM (VALUES {places}) AS k"  # noqa: S608
            " CROSS JOIN events AS e ON e.namespace = k.column1 AND e.entity = k.column2 AND e.check_name = k.column3"
            " LEFT JOIN changes AS c ON c.id = e.last_change"
        )
        args = [part for key in keys for part in (slashed(key.namespace), slashed(key.entity), key.check)]
        return {event.key: event for event in map(stored_event, self._plain(self._rows(sql, args), 3))}

    def events(
        self, namespace: str | None, entity: str | None, check: str | None, after: EventKey | None, limit: int
    ) -> tuple[list[StoredEvent], bool]:
        """The next page of a list of at most `limit`."""
        where, args = events_after(namespace, entity, after)
        if check is not None:
            where, args = f"{where or ' WHERE TRUE'} AND check_name = ?", (*args, check)
        sql = f"{_EVENT}{where} ORDER BY namespace, entity, check_name"
        rows, more = self._page(sql, args, 3, min(limit, PAGE_ROWS))
        return [stored_event(row) for row in rows], more

    def event_bodies(
        self, namespace: str | None, entity: str | None, after: EventKey | None
    ) -> tuple[Sequence[bytes], EventKey | None]:
        """The JSON of the next page of a list, and the position after which the following page starts."""
        where, args = events_after(namespace, entity, after)
        sql = (
            "SELECT body, namespace, entity, check_name FROM events"  # noqa: S608 - constant parts only
            f"{where} ORDER BY namespace, entity, check_name"
        )
        rows, more = self._stored_page(sql, args, 0, PAGE_ROWS)
        last = EventKey(rows[-1][1][:-1], rows[-1][2][:-1], rows[-1][3]) if more else None
        stored = [row[0] for row in rows]
        return self._with_dictionaries(lambda: self._bodies.of(stored)), last

    def count_events(self, namespace: str | None, entity: str | None) -> int:
        """How many events there are."""
        if entity is None:
            return self._counted(_EVENTS, namespace)
        where, args = events_after(namespace, entity, None)
        count: int = self._one(f"SELECT count(*) FROM events{where}", args)[0]  # noqa: S608 - constant parts only
        return count

    def events_due(self) -> Iterator[list[tuple[EventKey, float]]]:
        """All events with a deadline, in chunks."""
        last = self._one("SELECT coalesce(max(id), 0) FROM events", ())[0]
        sql = "SELECT namespace, entity, check_name, due_at FROM events WHERE id > ? AND id <= ? AND due_at IS NOT NULL"
        for start in range(0, last, DEADLINE_ROWS):
            rows = self._rows(sql, (start, start + DEADLINE_ROWS))
            yield [(EventKey(row[0][:-1], row[1][:-1], row[2]), row[3]) for row in rows]

    def deliveries_owed(self, after: int, limit: int, slots: Slots) -> list[OweDelivery]:
        """Pending deliveries of these slots with ids above `after`."""
        where, args = _of_slots(slots)
        sql = (
            "SELECT id, namespace, event, due_at, attempts, rest, change FROM deliveries_owed"  # noqa: S608 - constant parts only
            f" WHERE id > ?{where} ORDER BY id LIMIT ?"
        )
        return [OweDelivery(*row) for row in self._plain(self._rows(sql, (after, *args, limit)), 2)]

    def delivery_sizes(self, slots: Slots) -> dict[int, tuple[str, int]]:
        """The namespace and the size of the event of each pending delivery of these slots, by its id."""
        where, args = _of_slots(slots)
        columns = f"id, namespace, length(event), substr(event, 1, {HEADER_BYTES_MAX})"
        rows = self._rows(f"SELECT {columns} FROM deliveries_owed WHERE id > 0{where}", args)  # noqa: S608
        return {row[0]: (row[1], plain_size(row[3], row[2])) for row in rows}

    def dead_letters(self, after: int, limit: int) -> list[tuple[OweDelivery, str]]:
        """Deliveries that were given up, with the reason of each."""
        sql = (
            "SELECT id, namespace, event, due_at, attempts, rest, change, why FROM deliveries_dead"
            " WHERE id > ? ORDER BY id LIMIT ?"
        )
        return [(OweDelivery(*row[:7]), row[7]) for row in self._plain(self._rows(sql, (after, limit)), 2)]

    def delivery_counts(self, namespace: str | None) -> Mapping[str, CountedDeliveries]:
        """The counts of a namespace or (None) of all."""
        where, args = ("", ()) if namespace is None else (" WHERE namespace = ?", (namespace,))
        rows = self._rows(f"SELECT namespace, owed, dead FROM delivery_counts{where}", args)  # noqa: S608
        return {name: CountedDeliveries(owed, dead) for name, owed, dead in rows}

    def get_state(self, name: str) -> bytes | None:
        """The value stored under a name."""
        row = self._one("SELECT value FROM states WHERE name = ?", (name,))
        return None if row is None else row[0]

    def audit(self, before: int, limit: int) -> list[AuditEntry]:
        """The newest entries of the audit log with ids below `before`."""
        sql = "SELECT id, at, body FROM audit WHERE id < ? ORDER BY id DESC"
        rows, _ = self._page(sql, (before or _ID_MAX,), 2, min(limit, PAGE_ROWS))
        return [AuditEntry(*row) for row in rows]

    def activity(self, namespace: str, step_s: int, start: int, end: int) -> list[ActivityCounts]:
        """What happened in a namespace, in steps."""
        return [ActivityCounts(*row) for row in self._rows(ACTIVITY, (slashed(namespace), step_s, start, end))]

    def connections(self, namespace: str, entity: str, start: int, end: int, limit: int) -> Sequence[NoteConnection]:
        """Connects and disconnects of an agent."""
        rows = self._rows(CONNECTIONS, (slashed(namespace), entity, start, end, limit))
        return connections_of(namespace, entity, rows)

    def count_audit(self) -> int:
        """How many entries the audit log has."""
        count: int = self._one("SELECT count(*) FROM audit", ())[0]
        return count

    def changes_logged(self, after: int) -> tuple[list[Change], int]:
        """Part of the change log after an entry, each key once, in its present state; and the last entry covered."""
        rows = self._plain(self._rows(_CHANGES_LOGGED, (after, PAGE_ROWS)), 6)
        newest: dict[Key | EventKey, Change] = {}
        for _, revision, kind, namespace, name, check, body, shown in rows:
            key = Key(kind, namespace[:-1], name) if kind else EventKey(namespace[:-1], name[:-1], check)
            newest.pop(key, None)
            newest[key] = Change(revision, key, body, shown)
        return list(newest.values()), rows[-1][0] if rows else after

    def revision_logged(self, number: int) -> int | None:
        """The revision of an entry of the change log."""
        row = self._one("SELECT revision FROM change_log WHERE id <= ? ORDER BY id DESC LIMIT 1", (number,))
        return None if row is None else row[0]

    def history_position(self, key: EventKey) -> HistoryPosition | None:
        """The position at which the history of an event begins, None if the event does not exist."""
        row = self._one(
            "SELECT last_result, last_change FROM events WHERE namespace = ? AND entity = ? AND check_name = ?",
            (slashed(key.namespace), slashed(key.entity), key.check),
        )
        return None if row is None else HistoryPosition(*row)

    def history(self, position: HistoryPosition, limit: int) -> HistoryPage:
        """The newest entries of a history from `position` on."""
        with self._errors():
            return history.read(self._connection, position, min(limit, PAGE_ROWS))

    def handling(self, key: EventKey, delivery: int) -> StoredHandling | None:
        """What is kept of the handling of the state change that a delivery belongs to."""
        place = (slashed(key.namespace), slashed(key.entity), key.check)
        with self._errors():
            return history.handling(self._connection, place, delivery)

    def size_bytes(self) -> int:
        """The size of the database."""
        sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        with self._errors():
            return int(self._connection.execute(sql).fetchone()[0])

    def history_size(self, changes: bool) -> HistorySize:
        """The size of a history log."""
        with self._errors():
            return history.size(self._connection, changes)


def _of_slots(slots: Slots) -> tuple[str, Sequence[int]]:
    """The condition that follows others, and its arguments."""
    if len(slots) == SLOTS:
        return "", ()
    return f" AND id % {SLOTS} IN ({', '.join('?' * len(slots))})", sorted(slots)
