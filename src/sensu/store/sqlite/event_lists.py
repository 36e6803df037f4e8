"""Lists of events by severity, change or name: pages at any offset, walks, counts, and what changed in them.

The start of a page is found in an index. A page in the second half of its part of the index is read backwards from the
end, so that at most half of it is skipped.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sensu.rules.severity import ALL, PASSING
from sensu.store.sqlite.damage import Damage
from sensu.store.sqlite.statements import slashed
from sensu.store.values import (
    CountedEvents,
    CountsByNamespace,
    EventChanges,
    EventKey,
    EventOrder,
    EventPosition,
    EventQuery,
    EventSearch,
    EventState,
    EventWalk,
    ListedEvent,
    SeverityNumbers,
    StoredHandling,
    position_of,
)

SORTED_SHARE = 10
"""A list with less than this fraction of a namespace's events is collected and sorted instead of read from an index."""

SEARCHED_AT_ONCE = 10_000
"""The number of names that a statement compares."""

_STATE = "s.id, s.namespace, s.entity, s.check_name, s.severity, s.since, s.silenced, s.flapping, s.overdue"
_STATE_COLUMNS = _STATE.count(",") + 1
_ORDER = {
    EventOrder.SEVERITY: "severity, since DESC, id",
    EventOrder.CHANGED: "since DESC, id",
    EventOrder.NAME: "entity, check_name",
}
_BACKWARDS = {
    EventOrder.SEVERITY: "severity DESC, since, id DESC",
    EventOrder.CHANGED: "since, id DESC",
    EventOrder.NAME: "entity DESC, check_name DESC",
}
_INDEX = {
    EventOrder.SEVERITY: "event_states_by_severity",
    EventOrder.CHANGED: "event_states_by_change",
    EventOrder.NAME: "event_states_by_name",
}
Row = tuple[Any, ...]


class EventListQueries:
    """The queries of lists of events, on the connection of a `Reader`; each blocks for one short statement."""

    def __init__(self, connection: sqlite3.Connection, damage: Damage) -> None:
        self._connection = connection
        self._errors = damage.noted

    def _rows(self, sql: str, args: Sequence[Any]) -> list[Row]:
        with self._errors():
            return self._connection.execute(sql, args).fetchall()

    @contextmanager
    def _one_moment(self) -> Iterator[None]:
        """Make several statements read the same state."""
        with self._errors():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def counts(self, namespace: str | None) -> CountsByNamespace:
        """The counts of a namespace, or of each that has events."""
        where, args = ("", ()) if namespace is None else (" WHERE namespace = ?", (slashed(namespace),))
        sql = f"SELECT namespace, severity, silenced, flapping, overdue, number FROM event_counts{where}"  # noqa: S608
        by_namespace: dict[str, list[Row]] = {}
        for row in self._rows(sql, args):
            by_namespace.setdefault(row[0][:-1], []).append(row[1:])
        return {name: _counts(rows) for name, rows in by_namespace.items()}

    def page(self, query: EventQuery, offset: int, limit: int) -> Sequence[ListedEvent]:
        """The events of a list from `offset` on, with bodies."""
        with self._one_moment():
            counts = self.counts(query.namespace).get(query.namespace, CountedEvents())
            ids = self._ids(query, counts, offset, limit)
            return self._events(ids)

    def _ids(self, query: EventQuery, counts: CountedEvents, offset: int, limit: int) -> list[int]:
        if query.order is not EventOrder.SEVERITY:
            return self._ids_of_part(query, query.severities, counts, offset, limit)
        ids: list[int] = []
        for severity in sorted(query.severities):
            number = counts.of_severity(severity, query.silenced)
            if len(ids) < limit and offset < number:
                ids += self._ids_of_part(query, frozenset((severity,)), counts, offset, limit - len(ids))
            offset = max(0, offset - number)
        return ids

    def _ids_of_part(
        self, query: EventQuery, severities: frozenset[int], counts: CountedEvents, offset: int, limit: int
    ) -> list[int]:
        """The ids of a page of the events with these severities, read from the nearer end of the index."""
        number = sum(counts.of_severity(severity, query.silenced) for severity in severities)
        limit = min(limit, number - offset)
        if limit <= 0:
            return []
        backwards = offset > number // 2
        start = number - offset - limit if backwards else offset
        order = (_BACKWARDS if backwards else _ORDER)[query.order]
        where, args = _condition(query, severities)
        few = query.order is not EventOrder.SEVERITY and number * SORTED_SHARE < sum(counts.by_severity)
        index = _INDEX[EventOrder.SEVERITY if few else query.order]
        sql = f"SELECT id FROM event_states INDEXED BY {index} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
        ids = [row[0] for row in self._connection.execute(sql, (*args, limit, start))]
        return ids[::-1] if backwards else ids

    def of_ids(self, ids: Sequence[int]) -> Sequence[ListedEvent]:
        """The existing ones of these events, with bodies, in this order."""
        with self._errors():
            return self._events(ids)

    def of_keys(self, keys: Sequence[EventKey]) -> Sequence[ListedEvent]:
        """Those of the events that exist, with bodies."""
        places = ", ".join(["(?, ?, ?)"] * len(keys))
        sql = (
            f"SELECT s.id FROM (VALUES {places}) AS k CROSS JOIN event_states AS s"  # noqa: S608 - placeholders only
            " ON s.namespace = k.column1 AND s.entity = k.column2 AND s.check_name = k.column3"
        )
        args = [part for key in keys for part in (slashed(key.namespace), slashed(key.entity), key.check)]
        with self._errors():
            return self._events([row[0] for row in self._connection.execute(sql, args)])

    def _events(self, ids: Sequence[int]) -> Sequence[ListedEvent]:
        places = ", ".join("?" * len(ids))
        sql = (
            f"SELECT {_STATE}, e.body, c.id, coalesce(c.delivery, 0), c.handled FROM event_states AS s"  # noqa: S608
            " JOIN events AS e ON e.id = s.id LEFT JOIN changes AS c ON c.id = e.last_change"
            f" WHERE s.id IN ({places})"
        )
        found = {row[0]: row for row in self._connection.execute(sql, ids)}
        return [_listed(found[one]) for one in ids if one in found]

    def walk(self, query: EventQuery, after: EventPosition | None, limit: int) -> EventWalk:
        """The next `limit` events of a list after a position, without bodies."""
        if query.order is not EventOrder.SEVERITY:
            items = self._walked(query, query.severities, None if after is None else after.keys, limit)
        else:
            items, reached = [], -1 if after is None else int(after.keys[0])
            for severity in sorted(one for one in query.severities if one >= reached):
                keys = after.keys[1:] if after is not None and severity == reached else None
                items += self._walked(query, frozenset((severity,)), keys, limit - len(items))
                if len(items) == limit:
                    break
        return EventWalk(items, position_of(query.order, items[-1]) if len(items) == limit else None)

    def _walked(
        self, query: EventQuery, severities: frozenset[int], after: tuple[int | str, ...] | None, limit: int
    ) -> list[ListedEvent]:
        """The next events with these severities; each statement starts at the position in the index."""
        if after is None:
            return self._walked_where(query, severities, "", (), limit)
        if query.order is EventOrder.NAME:
            args = (slashed(str(after[0])), after[1])
            return self._walked_where(query, severities, " AND (entity, check_name) > (?, ?)", args, limit)
        items = self._walked_where(query, severities, " AND since = ? AND id > ?", after, limit)
        return items + self._walked_where(query, severities, " AND since < ?", after[:1], limit - len(items))

    def _walked_where(
        self, query: EventQuery, severities: frozenset[int], where: str, args: tuple[int | str, ...], limit: int
    ) -> list[ListedEvent]:
        if limit <= 0:
            return []
        condition, first = _condition(query, severities)
        sql = (
            f"SELECT {_STATE} FROM event_states AS s INDEXED BY {_INDEX[query.order]}"  # noqa: S608 - constant parts only
            f" WHERE {condition}{where} ORDER BY {_ORDER[query.order]} LIMIT ?"
        )
        return [_listed(row) for row in self._rows(sql, (*first, *args, limit))]

    def search(self, search: EventSearch, after: EventPosition | None) -> EventWalk:
        """The matching events among the next `SEARCHED_AT_ONCE`, in order of their names, without bodies."""
        query = search.query
        place, args = "namespace = ?", [slashed(query.namespace)]
        if search.entity:
            place, args = f"{place} AND entity = ?", [*args, slashed(search.entity)]
        if after is not None:
            place += " AND (entity, check_name) > (?, ?)"
            args += [slashed(str(after.keys[0])), str(after.keys[1])]
        scanned = f"FROM event_states INDEXED BY event_states_by_name WHERE {place} ORDER BY entity, check_name"
        sql = (
            f"SELECT {_STATE} FROM (SELECT id, entity, check_name, severity, silenced {scanned} LIMIT ?) AS n"  # noqa: S608
            " CROSS JOIN event_states AS s ON s.id = n.id"
            f" WHERE n.severity IN ({', '.join(map(str, sorted(query.severities)))})"
        )
        more: list[Any] = [SEARCHED_AT_ONCE]
        if query.silenced is not None:
            sql += f" AND n.silenced = {int(query.silenced)}"
        if search.check:
            sql, more = sql + " AND n.check_name = ?", [*more, search.check]
        if search.word:
            sql, more = sql + r" AND n.entity || n.check_name LIKE ? ESCAPE '\'", [*more, f"%{_escaped(search.word)}%"]
        items = [_listed(row) for row in self._rows(sql, (*args, *more))]
        last = self._rows(f"SELECT entity, check_name {scanned} LIMIT 1 OFFSET ?", (*args, SEARCHED_AT_ONCE - 1))
        return EventWalk(items, EventPosition((last[0][0][:-1], last[0][1])) if last else None)

    def silenced(self, namespace: str, after: int, limit: int) -> Sequence[ListedEvent]:
        """Events that are marked as silenced, with ids above `after`, with bodies."""
        sql = (
            "SELECT id FROM event_states INDEXED BY event_states_silenced"
            " WHERE namespace = ? AND silenced AND id > ? ORDER BY id LIMIT ?"
        )
        with self._errors():
            rows = self._connection.execute(sql, (slashed(namespace), after, limit)).fetchall()
            return self._events([row[0] for row in rows])

    def changes(self, namespace: str, after: int, limit: int) -> EventChanges:
        """The changes after the revision `after`."""
        args = (slashed(namespace), after, limit + 1)
        with self._one_moment():
            changed = self._connection.execute(
                "SELECT id, revision FROM event_states INDEXED BY event_states_by_revision"
                " WHERE namespace = ? AND revision > ? ORDER BY revision LIMIT ?",
                args,
            ).fetchall()
            gone = self._connection.execute(
                "SELECT entity, check_name, revision FROM events_gone AS g WHERE namespace = ? AND revision > ?"
                " AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.namespace = g.namespace AND e.entity = g.entity"
                " AND e.check_name = g.check_name) ORDER BY revision LIMIT ?",
                args,
            ).fetchall()
            revision = max([after, *(row[-1] for row in (*changed, *gone))])
            if len(changed) + len(gone) > limit or self._forgot(after):
                return EventChanges((), (), self._newest_revision(namespace, revision), more=True)
            events = self._events([row[0] for row in changed])
        return EventChanges(events, [EventKey(namespace, row[0][:-1], row[1]) for row in gone], revision)

    def _forgot(self, after: int) -> bool:
        """Whether deletions after a revision are no longer known."""
        oldest = self._connection.execute("SELECT id, revision FROM events_gone ORDER BY id LIMIT 1").fetchone()
        return oldest is not None and oldest[0] > 1 and after < oldest[1]

    def _newest_revision(self, namespace: str, known: int) -> int:
        args = (slashed(namespace),)
        rows = self._connection.execute(
            "SELECT max(revision) FROM event_states WHERE namespace = ?"
            " UNION ALL SELECT max(revision) FROM events_gone WHERE namespace = ?",
            args * 2,
        ).fetchall()
        return max([known, *(row[0] or 0 for row in rows)])

    def newest_revision(self, namespace: str) -> int:
        """The revision of the last change of a list of events, 0 if none is known."""
        with self._errors():
            return self._newest_revision(namespace, 0)

    def counts_of(self, namespace: str, entities: Sequence[str]) -> dict[str, SeverityNumbers]:
        """How many events of each severity these entities have."""
        places = ", ".join("?" * len(entities))
        sql = (
            "SELECT entity, severity, count(*) FROM event_states INDEXED BY event_states_by_name"  # noqa: S608
            f" WHERE namespace = ? AND entity IN ({places}) GROUP BY entity, severity"
        )
        return _by_entity(self._rows(sql, (slashed(namespace), *map(slashed, entities))))

    def failing(self, namespace: str) -> dict[str, SeverityNumbers]:
        """How many failing events of each severity each entity has that has any."""
        counts = self.counts(namespace).get(namespace)
        if counts is None:
            return {}
        few = (counts.total - counts.by_severity[PASSING]) * SORTED_SHARE < counts.total
        index = _INDEX[EventOrder.SEVERITY if few else EventOrder.NAME]
        sql = (
            f"SELECT entity, severity, count(*) FROM event_states INDEXED BY {index}"  # noqa: S608 - constant parts only
            " WHERE namespace = ? AND severity IN (0, 1, 2) GROUP BY entity, severity"
        )
        return _by_entity(self._rows(sql, (slashed(namespace),)))

    def counts_of_checks(
        self, namespace: str, after: tuple[str, str]
    ) -> tuple[Sequence[tuple[str, int, int]], tuple[str, str] | None]:
        """Of the next `SEARCHED_AT_ONCE` events after a name: check, severity and number; and the last name, if any.

        Names are those in the table, with a slash behind the entity.
        """
        scanned = (
            "FROM event_states INDEXED BY event_states_by_name"
            " WHERE namespace = ? AND (entity, check_name) > (?, ?) ORDER BY entity, check_name"
        )
        args = (slashed(namespace), *after)
        numbers = self._rows(
            f"SELECT check_name, severity, count(*) FROM (SELECT check_name, severity {scanned} LIMIT ?)"  # noqa: S608
            " GROUP BY check_name, severity",
            (*args, SEARCHED_AT_ONCE),
        )
        last = self._rows(f"SELECT entity, check_name {scanned} LIMIT 1 OFFSET ?", (*args, SEARCHED_AT_ONCE - 1))
        return [(row[0], row[1], row[2]) for row in numbers], (last[0][0], last[0][1]) if last else None

    def incidents_since(self, namespace: str, since: int, number_max: int) -> int:
        """The number of incidents of a namespace that began at or after `since`, counted up to `number_max`."""
        sql = (
            "SELECT count(*) FROM (SELECT 1 FROM event_states INDEXED BY event_states_by_severity"
            " WHERE namespace = ? AND severity IN (0, 1, 2) AND since >= ? LIMIT ?)"
        )
        found: int = self._rows(sql, (slashed(namespace), since, number_max))[0][0]
        return found


def _by_entity(rows: Sequence[Row]) -> dict[str, SeverityNumbers]:
    found: dict[str, list[int]] = {}
    for entity, severity, number in rows:
        found.setdefault(entity[:-1], [0, 0, 0, 0])[severity] = number
    return {entity: (one[0], one[1], one[2], one[3]) for entity, one in found.items()}


def _condition(query: EventQuery, severities: frozenset[int]) -> tuple[str, tuple[Any, ...]]:
    where, args = "namespace = ?", (slashed(query.namespace),)
    if severities != ALL or query.order is EventOrder.SEVERITY:
        where += f" AND severity IN ({', '.join(map(str, sorted(severities)))})"
    if query.silenced is not None:
        where += f" AND silenced = {int(query.silenced)}"
    return where, args


def _escaped(word: str) -> str:
    """A word with the wildcards of LIKE escaped."""
    return re.sub(r"([\\%_])", r"\\\1", word)


def _listed(row: Row) -> ListedEvent:
    """An event of a list; `row` ends with its body and its last state change, or with its state."""
    key = EventKey(row[1][:-1], row[2][:-1], row[3])
    state = EventState(row[4], row[5], bool(row[6]), bool(row[7]), bool(row[8]))
    if len(row) == _STATE_COLUMNS:
        return ListedEvent(row[0], key, state)
    body, change, delivery, handled = row[_STATE_COLUMNS:]
    return ListedEvent(row[0], key, state, body, None if change is None else StoredHandling(delivery, handled))


def _counts(rows: Sequence[Row]) -> CountedEvents:
    by_severity, silenced = [0, 0, 0, 0], [0, 0, 0, 0]
    flapping = overdue = 0
    for severity, is_silenced, is_flapping, is_overdue, number in rows:
        by_severity[severity] += number
        silenced[severity] += number if is_silenced else 0
        flapping += number if is_flapping else 0
        overdue += number if is_overdue else 0
    first, second, third, fourth = by_severity
    return CountedEvents((first, second, third, fourth), tuple(silenced), flapping, overdue)  # type: ignore[arg-type]
