"""Writes a group of commits as rows of the `writes` view, with as few statements as possible.

The number of rows of a statement is a power of two, so that few statements cover all sizes; the last one is padded
with rows that no trigger handles.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

import msgspec

from sensu.store.activity_values import MINUTE_S, QUARTER_S
from sensu.store.compression import Dictionary, StoredBodies
from sensu.store.group import CommitGroup
from sensu.store.queries import slashed
from sensu.store.sqlite.history import CUT_RESULTS, NOT_USED, Ends, trim_row
from sensu.store.values import Change, EventKey, EventState, Key

ROWS_MAX = 1024
"""The maximum number of rows of a statement; SQLite accepts 32,766 parameters."""

_UPDATE_EVENT, _OWE, _SETTLE, _INSERT_EVENT, _DELETE_EVENT = 1, 2, 3, 4, 5
_PUT_RESOURCE, _DELETE_RESOURCE, _GIVE_UP, _PUT_STATE, _RAISE_CEILING = 6, 7, 8, 9, 10
_APPEND_AUDIT, _TRIM_AUDIT = 11, 12
_LOG_CHANGE, _TRIM_CHANGE_LOG = 17, 18
_PUT_EVENT_STATE, _MARK_SILENCED, _NOTE_HANDLING = 20, 21, 22
_COUNT_ACTIVITY = {MINUTE_S: 23, QUARTER_S: 24}
_NOTE_CONNECTION, _TRIM_ACTIVITY, _ADD_DICTIONARY = 25, 26, 27

GONE_EVENTS_MAX = 10_000
"""The number of deleted events that are remembered for clients that follow lists of events."""

PROBE_BYTES = 64 * 1024
_PROBE = "store probe"
_WIDTH = 9
_PAGE_BYTES = 4096

_PARTS_NOT_USED = (NOT_USED,) * 5
_BODY_AND_PARTS = "column4, column5, column6, column7, column8, column9"

_NEW = EventState()

Row = tuple[Any, ...]


def event_rows(
    group: CommitGroup, bodies: StoredBodies, ids: dict[EventKey, int], take_id: Callable[[], int], ends: Ends
) -> list[Row]:
    """The rows for the group's events; updates `ids`, the ids of stored events, and allocates those of new ones."""
    rows: list[Row] = []
    begun_anew, revision = group.events_begun_anew, group.revision
    for key, put in group.events.items():
        row_id = ids.get(key)
        if row_id is not None and (put is None or key in begun_anew):
            rows.append((_DELETE_EVENT, ids.pop(key), None, None, revision, GONE_EVENTS_MAX, None, None, None))
            row_id = None
        if put is None:
            continue
        body, last, state = bodies.events[key], put.result, group.event_states.get(key)
        if row_id is None:
            ids[key] = row_id = take_id()
            rows.append((_INSERT_EVENT, row_id, put.due_at, body, *_event_place(key), None, None))
            state = state or _NEW
        elif last is None or last.changed or key in group.earlier_results:
            due = NOT_USED if put.due_at is None else put.due_at
            rows.append((_UPDATE_EVENT, row_id, due, body, *_PARTS_NOT_USED))
        else:
            rows.append(ends.update_row(row_id, put.due_at, body, last))
            last = None
        rows.extend(ends.append_row(row_id, result) for result in group.earlier_results.get(key, ()))
        if last is not None:
            rows.append(ends.append_row(row_id, last))
        if state is not None:
            rows.append(_state_row(row_id, state, revision))
    for key, silenced in group.marked_silenced.items():
        rows.append((_MARK_SILENCED, int(silenced), None, None, *_event_place(key), revision, None))
    return rows


def _state_row(row_id: int, state: EventState, revision: int) -> Row:
    """The row that stores the state of an event."""
    flags = state.silenced | state.flapping << 1 | state.overdue << 2
    return (_PUT_EVENT_STATE, row_id, None, None, state.severity, state.since, flags, revision, None)


def _event_place(key: EventKey) -> tuple[str, str, str]:
    return slashed(key.namespace), slashed(key.entity), key.check


def other_rows(group: CommitGroup, bodies: StoredBodies) -> list[Row]:
    """The rows for all else that the group writes."""
    rows: list[Row] = []
    for key, put in group.resources.items():
        place = (key.kind, slashed(key.namespace), key.name)
        if put is None:
            rows.append((_DELETE_RESOURCE, None, None, None, *place, None, None))
        else:
            write, revision = put
            rows.append((_PUT_RESOURCE, revision, None, write.body, *place, write.etag, write.shown))
    for owed in group.owed.values():
        what = (owed.id, owed.due_at, bodies.owed[owed.id], owed.namespace, owed.attempts, owed.rest)
        rows.append((_OWE, *what, owed.change, NOT_USED))
    for delivery_id, dead in group.settled.items():
        op = _GIVE_UP if dead else _SETTLE
        rows.append((op, delivery_id, NOT_USED, b"", dead, *_PARTS_NOT_USED[1:]))
    for (event_key, delivery), handled in group.handlings.items():
        rows.append((_NOTE_HANDLING, delivery, None, handled, *_event_place(event_key), group.revision, None))
    for name, value in group.states.items():
        rows.append((_PUT_STATE, None, None, value, name, None, None, None, None))
    for one, body in zip(group.audited, bodies.audited, strict=True):
        rows.append((_APPEND_AUDIT, None, one.at, body, None, None, None, None, None))
    trim = group.audit_trimmed
    if trim is not None:
        rows.append((_TRIM_AUDIT, trim.entries_max, trim.at_before, None, None, None, None, None, None))
    rows.extend(trim_row(one.changes, one.at_before, one.bytes_max, one.entries_max) for one in group.history_trimmed)
    for cut in group.history_cut:
        rows.append((CUT_RESULTS, None, cut.at_before, None, *_event_place(cut.key), None, None))
    rows.extend(_activity_rows(group))
    return rows


def _activity_rows(group: CommitGroup) -> Iterator[Row]:
    """The rows for activity and connections."""
    for (namespace, step_s), steps in group.activity.items():
        for at, one in steps.items():
            counts = (one.changes, one.events, one.delivered, one.failed)
            yield (_COUNT_ACTIVITY[step_s], at, one.incidents, None, slashed(namespace), *counts)
    for each in group.connections:
        place = (slashed(each.namespace), each.entity)
        yield (_NOTE_CONNECTION, each.at, None, None, *place, int(each.connected), each.backend, each.why)
    trim = group.activity_trimmed
    if trim is not None:
        bounds = (trim.quarters_before, trim.connections_before, trim.connections_max)
        yield (_TRIM_ACTIVITY, trim.minutes_before, None, None, *bounds, None, None)


def ceiling_row(name: str, value: int) -> Row:
    """The row that raises the ceiling of allocated numbers."""
    return (_RAISE_CEILING, value, None, None, name, None, None, None, None)


def dictionary_row(kind: str, dictionary: Dictionary) -> Row:
    """The row that adds a dictionary."""
    return (_ADD_DICTIONARY, dictionary.id, None, dictionary.body, kind, None, None, None, None)


def newest_dictionary(connection: sqlite3.Connection, kind: str) -> tuple[Dictionary | None, int]:
    """The newest dictionary of a kind, and how many there are."""
    sql = "SELECT id, body, (SELECT count(*) FROM dictionaries WHERE kind = ?) FROM dictionaries"
    row = connection.execute(f"{sql} WHERE kind = ? ORDER BY number DESC LIMIT 1", (kind, kind)).fetchone()
    return (None, 0) if row is None else (Dictionary(row[0], row[1]), row[2])


def log_row(number: int, change: Change) -> Row:
    """The row that reports a change to other processes."""
    key = change.key
    if isinstance(key, EventKey):
        place = ("", slashed(key.namespace), slashed(key.entity), key.check)
    else:
        place = (key.kind, slashed(key.namespace), key.name, "")
    return (_LOG_CHANGE, number, None, None, change.revision, *place)


def keys_logged(connection: sqlite3.Connection, first: int) -> list[Key]:
    """The resources in the change log from a number on."""
    sql = "SELECT json_group_array(json_array(kind, namespace, name)) FROM change_log WHERE id >= ? AND kind != ''"
    (text,) = connection.execute(sql, (first,)).fetchone()
    return [Key(kind, namespace[:-1], name) for kind, namespace, name in msgspec.json.decode(text)]


def trim_log_row(number: int) -> Row:
    """The row that trims the change log up to a number."""
    return (_TRIM_CHANGE_LOG, number, None, None, None, None, None, None, None)


def probe_row(number: int) -> Row:
    """A row that every group writes after a failure, even an empty group, to detect recovery."""
    return (_PUT_STATE, None, None, number.to_bytes(8, "big") * (PROBE_BYTES // 8), _PROBE, None, None, None, None)


def bytes_logged(rows: Sequence[Row]) -> int:
    """The approximate number of bytes that writing `rows` adds to the write-ahead log: whole pages and the bodies."""
    return sum(_PAGE_BYTES + (len(row[3]) if row[3] is not None else 0) for row in rows)


def write(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Write all rows or none of them."""
    if len(rows) <= ROWS_MAX:
        _insert(connection, rows)
        return
    connection.execute("BEGIN IMMEDIATE")
    for start in range(0, len(rows), ROWS_MAX):
        _insert(connection, rows[start : start + ROWS_MAX])
    connection.execute("COMMIT")


def _insert(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    size = _statement_size(len(rows))
    connection.execute(_insert_sql(size), _padded(rows, size, _WIDTH, NOT_USED))


def _statement_size(count: int) -> int:
    return 1 << (count - 1).bit_length()


def _padded(rows: Iterable[Row], size: int, width: int, padding: int | None = None) -> list[Any]:
    values = list(chain.from_iterable(rows))
    values.extend([padding] * (size * width - len(values)))
    return values


def _places(size: int, width: int) -> str:
    row = "(" + ", ".join("?" * width) + ")"
    return ", ".join([row] * size)


@cache
def _insert_sql(size: int) -> str:
    return (
        f"INSERT INTO writes SELECT column1, column2, nullif(column3, {NOT_USED}), {_BODY_AND_PARTS}"  # noqa: S608 - placeholders only
        f" FROM (VALUES {_places(size, _WIDTH)}) WHERE column1 >= 0"
    )


def find_event_ids(connection: sqlite3.Connection, keys: Sequence[EventKey]) -> dict[EventKey, int]:
    """The row ids of the existing events."""
    rows = [(i, slashed(key.namespace), slashed(key.entity), key.check) for i, key in enumerate(keys)]
    return {keys[i]: row_id for i, row_id in _found(connection, rows, _event_ids_sql)}


def find_etags(connection: sqlite3.Connection, keys: Sequence[Key]) -> dict[Key, str]:
    """The entity tags of the existing resources."""
    rows = [(i, key.kind, slashed(key.namespace), key.name) for i, key in enumerate(keys)]
    return {keys[i]: etag for i, etag in _found(connection, rows, _etags_sql)}


def _found(connection: sqlite3.Connection, rows: Sequence[Row], sql: Callable[[int], str]) -> list[tuple[int, Any]]:
    """The results of a query for `rows`, which SQLite returns as one JSON text, because each row would cost a wait."""
    found: list[tuple[int, Any]] = []
    for start in range(0, len(rows), ROWS_MAX):
        chunk = rows[start : start + ROWS_MAX]
        size = _statement_size(len(chunk))
        (text,) = connection.execute(sql(size), _padded(chunk, size, 4)).fetchone()
        found.extend(msgspec.json.decode(text))
    return found


@cache
def _event_ids_sql(size: int) -> str:
    return (
        f"SELECT json_group_array(json_array(k.column1, e.id)) FROM (VALUES {_places(size, 4)}) AS k"  # noqa: S608 - placeholders only
        " CROSS JOIN events AS e ON e.namespace = k.column2 AND e.entity = k.column3 AND e.check_name = k.column4"
    )


@cache
def _etags_sql(size: int) -> str:
    return (
        f"SELECT json_group_array(json_array(k.column1, r.etag)) FROM (VALUES {_places(size, 4)}) AS k"  # noqa: S608 - placeholders only
        " CROSS JOIN resources AS r ON r.kind = k.column2 AND r.namespace = k.column3 AND r.name = k.column4"
    )


def has_state(connection: sqlite3.Connection, name: str) -> bool:
    """Whether a value is stored under a name."""
    return connection.execute("SELECT 1 FROM states WHERE name = ?", (name,)).fetchone() is not None


def namespace_in_use(connection: sqlite3.Connection, namespace: str, kinds: Sequence[str]) -> bool:
    """Whether a namespace contains resources of any of the kinds."""
    sql = "SELECT 1 FROM resources WHERE kind = ? AND namespace = ? LIMIT 1"
    return any(connection.execute(sql, (kind, slashed(namespace))).fetchone() is not None for kind in kinds)
