"""The queries of a store; each reads one bounded page."""

from collections.abc import Mapping, Sequence

from sensu.rules.share import ALL_SLOTS, SLOTS, Slots
from sensu.store.activity_values import ActivityCounts, NoteConnection
from sensu.store.compression import HEADER_BYTES_MAX, plain_size, rows_within
from sensu.store.postgres import history
from sensu.store.postgres.bodies import BodiesReader
from sensu.store.postgres.connection import Readers
from sensu.store.postgres.event_lists import PostgresEventLists
from sensu.store.postgres.statements import columns, numbered
from sensu.store.queries import (
    ACTIVITY,
    CONNECTIONS,
    Row,
    connections_of,
    events_after,
    resources_after,
    slashed,
    stored_event,
)
from sensu.store.values import (
    AuditEntry,
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
"""The maximum size of the bodies in a page, whatever its number of rows: the page ends with the row that exceeds it."""

KEYS_MAX = 200
_UNSAFE = {
    "autovacuum": "the server has autovacuum = off, so that the database grows without limit",
    "fsync": "the server has fsync = off, so that a crash of its host loses commits and can damage the database",
    "full_page_writes": "the server has full_page_writes = off, so that a crash of its host can damage the database",
}
_ID_MAX = (1 << 63) - 1

_RESOURCE = "SELECT namespace, name, body, shown, etag, revision FROM resources WHERE kind = ?"
_EVENT = "SELECT namespace, entity, check_name, body, due_at FROM events"
_PAGE = """
SELECT * FROM (
    SELECT p.*, count(*) OVER () AS rows_found,
        sum(octet_length(p.{body})) OVER (ROWS UNBOUNDED PRECEDING) - octet_length(p.{body}) AS bytes_before
    FROM ({sql} LIMIT ?) AS p
) AS q WHERE bytes_before < {bytes_max}
"""
_OF_KEYS = (
    "SELECT e.namespace, e.entity, e.check_name, e.body, e.due_at, coalesce(greatest(c.delivery, 1), 0)"
    " FROM unnest(?::text[], ?::text[], ?::text[]) AS k (namespace, entity, check_name)"
    " JOIN events AS e ON e.namespace = k.namespace AND e.entity = k.entity AND e.check_name = k.check_name"
    " LEFT JOIN changes AS c ON c.id = e.last_change"
)


class PostgresReader:
    """Reads committed state; the methods raise StoreError."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._bodies = BodiesReader(readers)
        self.lists = PostgresEventLists(readers, self._bodies)

    async def _rows(self, sql: str, *args: object) -> list[Row]:
        return await self._readers.fetch(numbered(sql), args)

    async def _page(self, sql: str, args: Sequence[object], body: str, limit: int) -> tuple[Sequence[Row], bool]:
        """The first rows of a query, and whether more exist; `body` is the column whose size limits the page."""
        page = _PAGE.format(sql=sql, body=body, bytes_max=PAGE_BYTES_MAX)
        rows = await self._rows(page, *args, limit + 1)
        if not rows:
            return [], False
        place = list(rows[0].keys()).index(body)  # type: ignore[attr-defined]
        sizes = [plain_size(row[place], len(row[place])) for row in rows[:limit]]
        number = rows_within(sizes, PAGE_BYTES_MAX)
        more = rows[0]["rows_found"] > number  # type: ignore[call-overload]
        return await self._bodies.plain([tuple(row)[:-2] for row in rows[:number]], place), more

    async def get(self, key: Key) -> Stored | None:
        """The resource, or None."""
        rows = await self._rows(
            _RESOURCE + " AND namespace = ? AND name = ?", key.kind, slashed(key.namespace), key.name
        )
        return Stored(key, *rows[0][2:6]) if rows else None

    async def resources(
        self, kind: str, namespace: str | None, after: tuple[str, str] | None, limit: int
    ) -> tuple[list[Stored], bool]:
        """The next page of a list of at most `limit`."""
        where, args = resources_after(namespace, after)
        sql = f"{_RESOURCE}{where} ORDER BY kind, namespace, name"
        rows, more = await self._page(sql, (kind, *args), "body", min(limit, PAGE_ROWS))
        return [Stored(Key(kind, row[0][:-1], row[1]), *row[2:]) for row in rows], more

    async def bodies(
        self, kind: str, namespace: str | None, after: tuple[str, str] | None
    ) -> tuple[list[bytes], tuple[str, str] | None]:
        """The public JSON of the next page of a list, and the position after which the following page starts."""
        where, args = resources_after(namespace, after)
        sql = (
            "SELECT coalesce(shown, body) AS body, namespace, name FROM resources"  # noqa: S608 - constant parts only
            f" WHERE kind = ?{where} ORDER BY kind, namespace, name"
        )
        rows, more = await self._page(sql, (kind, *args), "body", PAGE_ROWS)
        return [row[0] for row in rows], (rows[-1][1][:-1], rows[-1][2]) if more else None

    async def count(self, kind: str, namespace: str | None) -> int:
        """How many resources of a kind there are."""
        where, args = ("", ()) if namespace is None else (" AND namespace = ?", (slashed(namespace),))
        sql = f"SELECT coalesce(sum(number), 0)::bigint FROM counts WHERE kind = ?{where}"  # noqa: S608
        found: int = (await self._rows(sql, kind, *args))[0][0]
        return found

    async def counts(self, namespace: str | None) -> Mapping[str, int]:
        """The number of resources of each kind that has any."""
        where, args = ("", ()) if namespace is None else (" WHERE namespace = ?", (slashed(namespace),))
        sql = f"SELECT kind, sum(number)::bigint FROM counts{where} GROUP BY kind HAVING sum(number) != 0"  # noqa: S608
        return {row[0]: row[1] for row in await self._rows(sql, *args)}

    async def get_event(self, key: EventKey) -> StoredEvent | None:
        """The event, or None."""
        rows = await self._rows(f"{_EVENT} WHERE namespace = ? AND entity = ? AND check_name = ?", *_place(key))
        return stored_event((await self._bodies.plain(rows, 3))[0]) if rows else None

    async def get_events(self, keys: Sequence[EventKey]) -> dict[EventKey, StoredEvent]:
        """The existing ones of at most `KEYS_MAX` events."""
        rows = await self._rows(_OF_KEYS, *columns([_place(key) for key in keys])) if keys else []
        return {event.key: event for event in map(stored_event, await self._bodies.plain(rows, 3))}

    async def events(
        self, namespace: str | None, entity: str | None, check: str | None, after: EventKey | None, limit: int
    ) -> tuple[list[StoredEvent], bool]:
        """The next page of a list of at most `limit`."""
        where, args = events_after(namespace, entity, after)
        if check is not None:
            where, args = f"{where or ' WHERE TRUE'} AND check_name = ?", (*args, check)
        sql = f"{_EVENT}{where} ORDER BY namespace, entity, check_name"
        rows, more = await self._page(sql, args, "body", min(limit, PAGE_ROWS))
        return [stored_event(row) for row in rows], more

    async def event_bodies(
        self, namespace: str | None, entity: str | None, after: EventKey | None
    ) -> tuple[list[bytes], EventKey | None]:
        """The JSON of the next page of a list, and the position after which the following page starts."""
        where, args = events_after(namespace, entity, after)
        sql = f"{_EVENT}{where} ORDER BY namespace, entity, check_name"
        rows, more = await self._page(sql, args, "body", PAGE_ROWS)
        return [row[3] for row in rows], stored_event(rows[-1]).key if more else None

    async def count_events(self, namespace: str | None, entity: str | None) -> int:
        """How many events there are."""
        if entity is None:
            where, args = ("", ()) if namespace is None else (" WHERE namespace = ?", (slashed(namespace),))
            sql = f"SELECT coalesce(sum(number), 0)::bigint FROM event_counts{where}"  # noqa: S608
        else:
            where, args = events_after(namespace, entity, None)  # type: ignore[assignment]
            sql = f"SELECT count(*) FROM events{where}"  # noqa: S608 - constant parts only
        found: int = (await self._rows(sql, *args))[0][0]
        return found

    async def events_due(self, slot: int) -> list[tuple[EventKey, float]]:
        """All events of a slot with a deadline."""
        sql = "SELECT namespace, entity, check_name, due_at FROM events WHERE slot = ? AND due_at IS NOT NULL"
        rows = await self._rows(sql, slot)
        return [(EventKey(row[0][:-1], row[1][:-1], row[2]), row[3]) for row in rows]

    async def deliveries_owed(self, after: int, limit: int, slots: Slots) -> list[OweDelivery]:
        """Pending deliveries of these slots with ids above `after`."""
        where, args = ("", ()) if slots == ALL_SLOTS else (f" AND id % {SLOTS} = ANY(?::bigint[])", (sorted(slots),))
        sql = (
            "SELECT id, namespace, event, due_at, attempts, rest, change FROM deliveries_owed"  # noqa: S608
            f" WHERE id > ?{where} ORDER BY id LIMIT ?"
        )
        rows = await self._rows(sql, after, *args, limit)
        return [OweDelivery(*row) for row in await self._bodies.plain(rows, 2)]

    async def delivery_sizes(self, slots: Slots = ALL_SLOTS) -> dict[int, tuple[str, int]]:
        """The namespace and the size of the event of each pending delivery of these slots, by its id."""
        what = f"id, namespace, octet_length(event), substring(event FROM 1 FOR {HEADER_BYTES_MAX})"
        sql = f"SELECT {what} FROM deliveries_owed WHERE id % {SLOTS} = ANY(?::bigint[])"  # noqa: S608
        rows = await self._rows(sql, sorted(slots))
        return {row[0]: (row[1], plain_size(row[3], row[2])) for row in rows}

    async def dead_letters(self, after: int, limit: int) -> list[tuple[OweDelivery, str]]:
        """Deliveries that were given up, with the reason of each."""
        sql = (
            "SELECT id, namespace, event, due_at, attempts, rest, change, why FROM deliveries_dead"
            " WHERE id > ? ORDER BY id LIMIT ?"
        )
        rows = await self._bodies.plain(await self._rows(sql, after, limit), 2)
        return [(OweDelivery(*row[:7]), row[7]) for row in rows]

    async def owed_by_namespace(self) -> Mapping[str, int]:
        """The number of pending deliveries of each namespace that has any, of all slots."""
        rows = await self._rows("SELECT namespace, count(*) FROM deliveries_owed GROUP BY namespace")
        return {row[0]: row[1] for row in rows}

    async def delivery_counts(self, owed: Mapping[str, int], namespace: str | None) -> Mapping[str, CountedDeliveries]:
        """The counts of a namespace or (None) of all, from those of pending deliveries."""
        where, args = ("", ()) if namespace is None else (" WHERE namespace = ?", (namespace,))
        rows = await self._rows(f"SELECT namespace, count(*) FROM deliveries_dead{where} GROUP BY namespace", *args)  # noqa: S608
        dead: dict[str, int] = {row[0]: row[1] for row in rows}
        names = dead.keys() | (owed.keys() if namespace is None else {namespace} & owed.keys())
        return {name: CountedDeliveries(owed.get(name, 0), dead.get(name, 0)) for name in names}

    async def get_state(self, name: str) -> bytes | None:
        """The value stored under a name."""
        rows = await self._rows("SELECT value FROM states WHERE name = ?", name)
        return rows[0][0] if rows else None

    async def unsafe_settings(self, survives_crashes: bool) -> list[str]:
        """What the settings of the server endanger; commits count only if they are meant to survive its crashes."""
        sql = "SELECT name FROM pg_settings WHERE name = ANY(?::text[]) AND setting = 'off' ORDER BY name"
        names = list(_UNSAFE) if survives_crashes else ["autovacuum"]
        return [_UNSAFE[row[0]] for row in await self._rows(sql, names)]

    async def audit(self, before: int, limit: int) -> list[AuditEntry]:
        """The newest entries of the audit log with ids below `before`."""
        sql = "SELECT id, at, body FROM audit WHERE id < ? ORDER BY id DESC"
        rows, _ = await self._page(sql, (before or _ID_MAX,), "body", min(limit, PAGE_ROWS))
        return [AuditEntry(*row) for row in rows]

    async def activity(self, namespace: str, step_s: int, start: int, end: int) -> list[ActivityCounts]:
        """What happened in a namespace, in steps."""
        rows = await self._rows(ACTIVITY, slashed(namespace), step_s, start, end)
        return [ActivityCounts(*(int(number) for number in row)) for row in rows]

    async def connections(
        self, namespace: str, entity: str, start: int, end: int, limit: int
    ) -> Sequence[NoteConnection]:
        """Connects and disconnects of an agent."""
        rows = await self._rows(CONNECTIONS, slashed(namespace), entity, start, end, limit)
        return connections_of(namespace, entity, rows)

    async def count_audit(self) -> int:
        """How many entries the audit log has."""
        found: int = (await self._rows("SELECT count(*) FROM audit"))[0][0]
        return found

    async def history_position(self, key: EventKey) -> HistoryPosition | None:
        """The position at which the history of an event begins, None if the event does not exist."""
        sql = "SELECT last_result, last_change FROM events WHERE namespace = ? AND entity = ? AND check_name = ?"
        rows = await self._rows(sql, *_place(key))
        return HistoryPosition(*rows[0]) if rows else None

    async def history(self, position: HistoryPosition, limit: int) -> HistoryPage:
        """The newest entries of a history from `position` on."""
        return await history.read(self._readers, position, min(limit, PAGE_ROWS))

    async def handling(self, key: EventKey, delivery: int) -> StoredHandling | None:
        """What is kept of the handling of the state change that a delivery belongs to."""
        return await history.handling(self._readers, _place(key), delivery)

    async def size_bytes(self) -> int:
        """The size of the database."""
        return int((await self._rows("SELECT pg_database_size(current_database())"))[0][0])

    async def history_size(self, changes: bool) -> HistorySize:
        """The size of a history."""
        return await history.size(self._readers, changes)


def _place(key: EventKey) -> tuple[str, str, str]:
    return slashed(key.namespace), slashed(key.entity), key.check
