"""Lists of events by severity, change or name: pages at any offset, walks, counts, and what changed in them.

The start of a page is found in an index. A page in the second half of its part of the index is read backwards from the
end, so that at most half of it is skipped.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sensu.rules.severity import PASSING
from sensu.store.queries import (
    GROUP,
    GROUP_COUNTS,
    ORDER,
    SORTED_SHARE,
    STATE,
    STATE_COLUMNS,
    by_entity,
    counts_by_name,
    listed_event,
    page_parts,
    search_condition,
    search_scope,
    slashed,
    walk_steps,
)
from sensu.store.sqlite.damage import Damage
from sensu.store.values import (
    CountedEvents,
    CountsByNamespace,
    EventChanges,
    EventKey,
    EventOrder,
    EventPosition,
    EventQuery,
    EventSearch,
    EventWalk,
    GroupedBy,
    ListedEvent,
    SeverityNumbers,
    position_of,
)

SEARCHED_AT_ONCE = 10_000
"""The number of names that a statement compares."""

_INDEX = {
    EventOrder.SEVERITY: "event_states_by_severity",
    EventOrder.CHANGED: "event_states_by_change",
    EventOrder.NAME: "event_states_by_name",
}
Row = tuple[Any, ...]
WithPlainBodies = Callable[[Sequence[Row], int], Sequence[Row]]


class EventListQueries:
    """The queries of lists of events, on the connection of a `Reader`; each blocks for one short statement."""

    def __init__(self, connection: sqlite3.Connection, damage: Damage, plain: WithPlainBodies) -> None:
        """`plain` returns rows with the body in a column as it was written."""
        self._connection, self._plain = connection, plain
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
        return counts_by_name(self._rows(sql, args))

    def page(self, query: EventQuery, offset: int, limit: int) -> Sequence[ListedEvent]:
        """The events of a list from `offset` on, with bodies."""
        with self._one_moment():
            counts = self.counts(query.namespace).get(query.namespace, CountedEvents())
            ids = self._ids(query, counts, offset, limit)
            return self._events(ids)

    def _ids(self, query: EventQuery, counts: CountedEvents, offset: int, limit: int) -> list[int]:
        ids: list[int] = []
        for part in page_parts(query, counts, offset, limit):
            index = _INDEX[EventOrder.SEVERITY if part.few else query.order]
            sql = (
                f"SELECT id FROM event_states INDEXED BY {index} WHERE {part.where} ORDER BY {part.order}"  # noqa: S608
                " LIMIT ? OFFSET ?"
            )
            found = [row[0] for row in self._connection.execute(sql, part.args)]
            ids += found[::-1] if part.backwards else found
        return ids

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
            f"SELECT {STATE}, e.body, c.id, coalesce(c.delivery, 0), c.handled FROM event_states AS s"  # noqa: S608
            " JOIN events AS e ON e.id = s.id LEFT JOIN changes AS c ON c.id = e.last_change"
            f" WHERE s.id IN ({places})"
        )
        rows = self._plain(self._connection.execute(sql, ids).fetchall(), STATE_COLUMNS)
        found = {row[0]: row for row in rows}
        return [listed_event(found[one]) for one in ids if one in found]

    def walk(self, query: EventQuery, after: EventPosition | None, limit: int) -> EventWalk:
        """The next `limit` events of a list after a position, without bodies."""
        items: list[ListedEvent] = []
        for where, args in walk_steps(query, after):
            sql = (
                f"SELECT {STATE} FROM event_states AS s INDEXED BY {_INDEX[query.order]}"  # noqa: S608 - constant parts only
                f" WHERE {where} ORDER BY {ORDER[query.order]} LIMIT ?"
            )
            items += [listed_event(row) for row in self._rows(sql, (*args, limit - len(items)))]
            if len(items) == limit:
                break
        return EventWalk(items, position_of(query.order, items[-1]) if len(items) == limit else None)

    def search(self, search: EventSearch, after: EventPosition | None) -> EventWalk:
        """The matching events among the next `SEARCHED_AT_ONCE`, in order of their names, without bodies."""
        place, args = search_scope(search, after)
        scanned = f"FROM event_states INDEXED BY event_states_by_name WHERE {place} ORDER BY entity, check_name"
        where, more = search_condition(search, r"n.entity || n.check_name LIKE ? ESCAPE '\'")
        sql = (
            f"SELECT {STATE} FROM (SELECT id, entity, check_name, severity, silenced {scanned} LIMIT ?) AS n"  # noqa: S608
            f" CROSS JOIN event_states AS s ON s.id = n.id WHERE {where}"
        )
        items = [listed_event(row) for row in self._rows(sql, (*args, SEARCHED_AT_ONCE, *more))]
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
        return by_entity(self._rows(sql, (slashed(namespace), *map(slashed, entities))))

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
        return by_entity(self._rows(sql, (slashed(namespace),)))

    def groups(
        self, search: EventSearch, by: GroupedBy, after: tuple[str, str] | None
    ) -> tuple[list[Row], tuple[str, str] | None]:
        """Rows of groups (`counts_by_name`) of the next `SEARCHED_AT_ONCE` events, and the last name looked at, if any.

        A few events are found by their severities at once.
        """
        place, args = search_scope(search, None if after is None else EventPosition(after))
        where, more = search_condition(search, r"n.entity || n.check_name LIKE ? ESCAPE '\'")
        select = f"SELECT {GROUP[by]}, {GROUP_COUNTS}"
        counts = self.counts(search.query.namespace).get(search.query.namespace, CountedEvents())
        if after is None and counts.of(search.query) <= SEARCHED_AT_ONCE:
            index = "event_states AS n INDEXED BY event_states_by_severity"
            rows = self._rows(f"{select} FROM {index} WHERE {place} AND {where} GROUP BY 1, 2, 3", (*args, *more))
            return rows, None
        scanned = f"FROM event_states INDEXED BY event_states_by_name WHERE {place} ORDER BY entity, check_name"
        rows = self._rows(
            f"{select} FROM (SELECT entity, check_name, severity, silenced {scanned} LIMIT ?) AS n"
            f" WHERE {where} GROUP BY 1, 2, 3",
            (*args, SEARCHED_AT_ONCE, *more),
        )
        last = self._rows(f"SELECT entity, check_name {scanned} LIMIT 1 OFFSET ?", (*args, SEARCHED_AT_ONCE - 1))
        return rows, (last[0][0][:-1], last[0][1]) if last else None

    def incidents_since(self, namespace: str, since: int, number_max: int) -> int:
        """The number of incidents of a namespace that began at or after `since`, counted up to `number_max`."""
        sql = (
            "SELECT count(*) FROM (SELECT 1 FROM event_states INDEXED BY event_states_by_severity"
            " WHERE namespace = ? AND severity IN (0, 1, 2) AND since >= ? LIMIT ?)"
        )
        found: int = self._rows(sql, (slashed(namespace), since, number_max))[0][0]
        return found
