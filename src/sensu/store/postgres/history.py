"""The two histories of a database: reading, trimming, and how events were handled."""

from collections.abc import Mapping, Sequence
from typing import Any

from sensu.store.group import CommitGroup
from sensu.store.postgres.connection import Readers
from sensu.store.postgres.group_rows import ENTRY_BYTES, HANDLING_BYTES, KnownEvent
from sensu.store.postgres.statements import columns, numbered
from sensu.store.queries import Row, merged_history
from sensu.store.values import EventKey, HistoryPage, HistoryPosition, HistorySize, StoredHandling, TrimHistory

_CHAIN = """
WITH RECURSIVE chain AS (
    SELECT {columns} FROM {log} AS e WHERE e.id = ?
    UNION ALL
    SELECT {columns} FROM chain AS c JOIN {log} AS e ON e.id = c.previous
)
SELECT * FROM chain LIMIT ?
"""
_RESULTS = numbered(
    _CHAIN.format(
        log="results", columns="e.id, e.previous, e.at, e.body, 0 AS behind, 0 AS delivery, NULL::bytea AS handled"
    )
)
_CHANGES = numbered(
    _CHAIN.format(log="changes", columns="e.id, e.previous, e.at, e.body, e.id AS behind, e.delivery, e.handled")
)

_HANDLING = numbered("""
WITH RECURSIVE chain AS (
    SELECT greatest(c.delivery, 1) AS delivery, c.previous, c.handled FROM events AS e
        JOIN changes AS c ON c.id = e.last_change WHERE e.namespace = ? AND e.entity = ? AND e.check_name = ?
    UNION ALL
    SELECT greatest(c.delivery, 1), c.previous, c.handled FROM chain AS h JOIN changes AS c ON c.id = h.previous
        WHERE h.delivery > ?
)
SELECT delivery, handled FROM chain WHERE delivery <= ? LIMIT 1
""")

_NOTE = numbered("""
WITH noted AS (
    SELECT DISTINCT ON (f.id) f.id, u.handled
    FROM unnest(?::bigint[], ?::bigint[], ?::bytea[]) WITH ORDINALITY AS u (change, delivery, handled, number)
    CROSS JOIN LATERAL (
        WITH RECURSIVE chain AS (
            SELECT c.id, c.previous, greatest(c.delivery, 1) AS delivery FROM changes AS c WHERE c.id = u.change
            UNION ALL
            SELECT c.id, c.previous, greatest(c.delivery, 1) FROM chain AS h JOIN changes AS c ON c.id = h.previous
                WHERE h.delivery > u.delivery
        )
        SELECT id FROM chain WHERE delivery <= u.delivery LIMIT 1
    ) AS f
    ORDER BY f.id, u.number DESC
)
UPDATE changes AS c SET handled = noted.handled FROM noted WHERE c.id = noted.id
""")

_TRIM = """
WITH oldest AS (
    SELECT id, at, size, sum(size) OVER (ORDER BY id) AS up_to FROM (
        SELECT id, at, octet_length(body) + {entry} AS size FROM {log} ORDER BY id LIMIT ?
    ) AS o
), gone AS (
    DELETE FROM {log} AS l USING oldest AS o WHERE l.id = o.id AND l.id < (SELECT max(id) FROM {log})
        AND (o.at < ? OR (SELECT sum({log}_bytes) FROM seats) - o.up_to + o.size > ?) RETURNING o.size
)
UPDATE seats SET {log}_bytes = {log}_bytes - (SELECT coalesce(sum(size), 0)::bigint FROM gone) WHERE id = ?
"""
_TRIM_RESULTS = numbered(_TRIM.format(log="results", entry=ENTRY_BYTES))
_TRIM_CHANGES = numbered(_TRIM.format(log="changes", entry=ENTRY_BYTES + HANDLING_BYTES))

_CUT = numbered(f"""
WITH RECURSIVE chain AS (
    SELECT id, previous, at FROM results WHERE id = ?
    UNION ALL
    SELECT r.id, r.previous, r.at FROM chain AS c JOIN results AS r ON r.id = c.previous
), gone AS (
    DELETE FROM results WHERE id IN (SELECT id FROM chain WHERE at < ?) AND id < (SELECT max(id) FROM results)
        RETURNING octet_length(body) + {ENTRY_BYTES} AS size
)
UPDATE seats SET results_bytes = results_bytes - (SELECT coalesce(sum(size), 0)::bigint FROM gone) WHERE id = ?
""")  # noqa: S608 - constant parts only


async def read(readers: Readers, position: HistoryPosition, limit: int) -> HistoryPage:
    """The newest `limit` entries from `position` on, of both histories as one."""
    results = await _chain(readers, _RESULTS, position.result, limit)
    changes = await _chain(readers, _CHANGES, position.change, limit)
    return merged_history(results, changes, position, limit)


async def _chain(readers: Readers, sql: str, position: int | None, limit: int) -> list[Row]:
    return [] if position is None else await readers.fetch(sql, (position, limit))


async def size(readers: Readers, changes: bool) -> HistorySize:
    """The size of a history."""
    log = "changes" if changes else "results"
    sql = f"SELECT at, (SELECT sum({log}_bytes) FROM seats)::bigint FROM {log} ORDER BY id LIMIT 1"  # noqa: S608
    rows = await readers.fetch(sql)
    return HistorySize(rows[0][1], rows[0][0]) if rows else HistorySize(0, None)


async def handling(readers: Readers, place: tuple[str, str, str], delivery: int) -> StoredHandling | None:
    """What is kept with the newest state change of an event whose number is not above `delivery`."""
    rows = await readers.fetch(_HANDLING, (*place, delivery, delivery))
    return StoredHandling(*rows[0]) if rows else None


def note_handlings(group: CommitGroup, known: Mapping[EventKey, KnownEvent]) -> list[tuple[str, Sequence[Any]]]:
    """The statement that keeps how events were handled, if the group says so of events that exist."""
    noted = [
        (known[key].change, delivery, handled)
        for (key, delivery), handled in group.handlings.items()
        if key in known and known[key].change is not None
    ]
    return [(_NOTE, columns(noted))] if noted else []


def trim(group: CommitGroup, known: Mapping[EventKey, KnownEvent], seat: int) -> list[tuple[str, Sequence[Any]]]:
    """The statements that drop entries, if the group says so."""
    found: list[tuple[str, Sequence[Any]]] = []
    for one in group.history_trimmed:
        found.append((_TRIM_CHANGES if one.changes else _TRIM_RESULTS, _bounds(one, seat)))
    for cut in group.history_cut:
        if cut.key in known and known[cut.key].result is not None:
            found.append((_CUT, (known[cut.key].result, cut.at_before, seat)))
    return found


def _bounds(trimmed: TrimHistory, seat: int) -> tuple[Any, ...]:
    return (trimmed.entries_max, trimmed.at_before, trimmed.bytes_max, seat)
