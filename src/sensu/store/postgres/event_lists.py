"""Lists of events by severity, change or name: pages at any offset, walks, counts, and what changed in them."""

from collections.abc import Sequence
from typing import Any

from sensu.store.postgres.bodies import BodiesReader
from sensu.store.postgres.connection import Readers, names_without_nul
from sensu.store.postgres.statements import columns, numbered
from sensu.store.queries import (
    GROUP,
    GROUP_COUNTS,
    ORDER,
    STATE,
    STATE_COLUMNS,
    Row,
    by_entity,
    counts_by_name,
    listed_event,
    page_parts,
    search_condition,
    search_scope,
    slashed,
    walk_steps,
)
from sensu.store.values import (
    CountedEvents,
    CountsByNamespace,
    EventChanges,
    EventKey,
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

_COUNTS = "SELECT namespace, severity, silenced, flapping, overdue, number FROM event_counts WHERE number != 0"
_EVENTS = numbered(
    f"SELECT {STATE}, e.body, c.id, coalesce(c.delivery, 0), c.handled FROM event_states AS s"  # noqa: S608
    " JOIN events AS e ON e.id = s.id LEFT JOIN changes AS c ON c.id = e.last_change WHERE s.id = ANY(?::bigint[])"
)
_GONE = (
    "SELECT entity, check_name, revision FROM events_gone AS g WHERE namespace = ? AND revision > ? AND revision <= ?"
    " AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.namespace = g.namespace AND e.entity = g.entity"
    " AND e.check_name = g.check_name) ORDER BY revision LIMIT ?"
)
_NEWEST = (
    "SELECT greatest((SELECT max(revision) FROM event_states WHERE namespace = ?),"
    " (SELECT max(revision) FROM events_gone WHERE namespace = ?), 0)"
)

_HAS_WORD = r"""lower(n.entity || n.check_name) LIKE lower(? COLLATE "C") ESCAPE '\'"""


class PostgresEventLists:
    """The queries of lists of events."""

    def __init__(self, readers: Readers, bodies: BodiesReader) -> None:
        self._readers, self._bodies = readers, bodies

    async def _rows(self, sql: str, args: Sequence[Any]) -> list[Row]:
        return await self._readers.fetch(numbered(sql), args)

    async def counts(self, namespace: str | None) -> CountsByNamespace:
        """The counts of a namespace, or of each that has events."""
        where, args = ("", ()) if namespace is None else (" AND namespace = ?", (slashed(namespace),))
        return counts_by_name(await self._rows(_COUNTS + where, args))

    async def page(self, query: EventQuery, offset: int, limit: int) -> Sequence[ListedEvent]:
        """The events of a list from `offset` on, with bodies."""
        async with self._readers.one_moment() as connection:
            sql = numbered(f"{_COUNTS} AND namespace = ?")
            counts = counts_by_name(await connection.fetch(sql, *names_without_nul([slashed(query.namespace)])))
            ids: list[int] = []
            for part in page_parts(query, counts.get(query.namespace, CountedEvents()), offset, limit):
                sql = f"SELECT id FROM event_states WHERE {part.where} ORDER BY {part.order} LIMIT ? OFFSET ?"  # noqa: S608
                found = [row[0] for row in await connection.fetch(numbered(sql), *names_without_nul(part.args))]
                ids += found[::-1] if part.backwards else found
            rows = await connection.fetch(_EVENTS, ids)
        return await self._in_order(ids, rows)

    async def of_ids(self, ids: Sequence[int]) -> Sequence[ListedEvent]:
        """The existing ones of these events, with bodies, in this order."""
        return await self._in_order(ids, await self._readers.fetch(_EVENTS, (list(ids),)))

    async def _in_order(self, ids: Sequence[int], rows: Sequence[Row]) -> list[ListedEvent]:
        found = {row[0]: row for row in await self._bodies.plain(rows, STATE_COLUMNS)}
        return [listed_event(found[one]) for one in ids if one in found]

    async def of_keys(self, keys: Sequence[EventKey]) -> Sequence[ListedEvent]:
        """Those of the events that exist, with bodies."""
        sql = (
            "SELECT s.id FROM unnest(?::text[], ?::text[], ?::text[]) AS k (namespace, entity, check_name)"
            " JOIN event_states AS s ON s.namespace = k.namespace AND s.entity = k.entity"
            " AND s.check_name = k.check_name"
        )
        places = [(slashed(key.namespace), slashed(key.entity), key.check) for key in keys]
        return await self.of_ids([row[0] for row in await self._rows(sql, columns(places))] if keys else [])

    async def walk(self, query: EventQuery, after: EventPosition | None, limit: int) -> EventWalk:
        """The next `limit` events of a list after a position, without bodies."""
        items: list[ListedEvent] = []
        for where, args in walk_steps(query, after):
            sql = f"SELECT {STATE} FROM event_states AS s WHERE {where} ORDER BY {ORDER[query.order]} LIMIT ?"  # noqa: S608
            items += [listed_event(row) for row in await self._rows(sql, (*args, limit - len(items)))]
            if len(items) == limit:
                break
        return EventWalk(items, position_of(query.order, items[-1]) if len(items) == limit else None)

    async def search(self, search: EventSearch, after: EventPosition | None) -> EventWalk:
        """The matching events among the next `SEARCHED_AT_ONCE`, in order of their names, without bodies."""
        place, args = search_scope(search, after)
        scanned = f"FROM event_states WHERE {place} ORDER BY entity, check_name"
        where, more = search_condition(search, _HAS_WORD)
        sql = (
            f"SELECT {STATE} FROM (SELECT id, entity, check_name, severity, silenced {scanned} LIMIT ?) AS n"  # noqa: S608
            f" JOIN event_states AS s ON s.id = n.id WHERE {where} ORDER BY s.entity, s.check_name"
        )
        items = [listed_event(row) for row in await self._rows(sql, (*args, SEARCHED_AT_ONCE, *more))]
        last = await self._rows(f"SELECT entity, check_name {scanned} LIMIT 1 OFFSET ?", (*args, SEARCHED_AT_ONCE - 1))
        return EventWalk(items, EventPosition((last[0][0][:-1], last[0][1])) if last else None)

    async def silenced(self, namespace: str, after: int, limit: int) -> Sequence[ListedEvent]:
        """Events that are marked as silenced, with ids above `after`, with bodies."""
        sql = "SELECT id FROM event_states WHERE namespace = ? AND silenced = 1 AND id > ? ORDER BY id LIMIT ?"
        return await self.of_ids([row[0] for row in await self._rows(sql, (slashed(namespace), after, limit))])

    async def changes(self, namespace: str, after: int, until: int, limit: int) -> EventChanges:
        """The changes after the revision `after` up to `until`."""
        args = names_without_nul((slashed(namespace), after, until, limit + 1))
        sql = (
            "SELECT id, revision FROM event_states WHERE namespace = $1 AND revision > $2 AND revision <= $3"
            " ORDER BY revision LIMIT $4"
        )
        async with self._readers.one_moment() as connection:
            changed = await connection.fetch(sql, *args)
            gone = await connection.fetch(numbered(_GONE), *args)
            forgotten = await connection.fetchval("SELECT value FROM numbers WHERE name = 'forgotten'")
            revision = max([after, *(row[-1] for row in (*changed, *gone))])
            if len(changed) + len(gone) > limit or after < forgotten:
                newest = await connection.fetchval(numbered(_NEWEST), args[0], args[0])
                return EventChanges((), (), max(revision, min(newest, until)), more=True)
            ids = [row[0] for row in changed]
            rows = await connection.fetch(_EVENTS, ids)
        events = await self._in_order(ids, rows)
        return EventChanges(events, [EventKey(namespace, row[0][:-1], row[1]) for row in gone], revision)

    async def newest_revision(self, namespace: str) -> int:
        """The revision of the last change of a list of events, 0 if none is known."""
        found: int = (await self._rows(_NEWEST, (slashed(namespace),) * 2))[0][0]
        return found

    async def counts_of(self, namespace: str, entities: Sequence[str]) -> dict[str, SeverityNumbers]:
        """How many events of each severity these entities have."""
        sql = (
            "SELECT entity, severity, count(*) FROM event_states WHERE namespace = ? AND entity = ANY(?::text[])"
            " GROUP BY entity, severity"
        )
        return by_entity(await self._rows(sql, (slashed(namespace), [slashed(one) for one in entities])))

    async def failing(self, namespace: str) -> dict[str, SeverityNumbers]:
        """How many failing events of each severity each entity has that has any."""
        sql = (
            "SELECT entity, severity, count(*) FROM event_states WHERE namespace = ? AND severity IN (0, 1, 2)"
            " GROUP BY entity, severity"
        )
        return by_entity(await self._rows(sql, (slashed(namespace),)))

    async def groups(self, search: EventSearch, by: GroupedBy) -> dict[str, CountedEvents]:
        """The counts of each check or each entity that a search finds."""
        place, args = search_scope(search, None)
        where, more = search_condition(search, _HAS_WORD)
        sql = f"SELECT {GROUP[by]}, {GROUP_COUNTS} FROM event_states AS n WHERE {place} AND {where} GROUP BY 1, 2, 3"  # noqa: S608
        return counts_by_name(await self._rows(sql, (*args, *more)))

    async def incidents_since(self, namespace: str, since: int, number_max: int) -> int:
        """The number of incidents of a namespace that began at or after `since`, counted up to `number_max`."""
        sql = (
            "SELECT count(*) FROM (SELECT 1 FROM event_states WHERE namespace = ? AND severity IN (0, 1, 2)"
            " AND since >= ? LIMIT ?) AS found"
        )
        found: int = (await self._rows(sql, (slashed(namespace), since, number_max)))[0][0]
        return found
