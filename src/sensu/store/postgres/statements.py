"""Builds the statements that write a group of commits.

All that a usual group writes is one statement: a list of data-modifying queries over arrays, of which each is left out
if it has no rows. Most groups have the same few queries, so that the server knows nearly every statement already. What
depends on the effects of that statement follows in statements of its own, in the same transaction.

A statement is undone as a whole if the seat of this process is not as it should be, or if a row that it replaces is not
as the writer knows it: then it divides by zero.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sensu.store.compression import Dictionary, StoredBodies
from sensu.store.group import CommitGroup
from sensu.store.owed_sizes import OwedSizes
from sensu.store.postgres.group_rows import GroupRows
from sensu.store.queries import slashed
from sensu.store.values import Key, PutResource

DIVISION_BY_ZERO = "22012"
DEAD_LETTERS_MAX = 10_000
GONE_EVENTS_MAX = 10_000
"""The number of deleted events that are remembered for clients that follow lists of events."""

_FENCE = (
    "UPDATE seats SET commits = commits + 1, revision = ?, results_bytes = results_bytes + ?,"
    " changes_bytes = changes_bytes + ?"
    " WHERE id = ? AND commits = ? AND gone_at IS NULL RETURNING 1"
)
_RAISE = (
    "UPDATE revision SET previous = revision, revision = greatest(revision, ?) + ?"
    " RETURNING previous, revision - ?::bigint AS shift"
)
"""Takes revisions for a group that changes resources; `shift` is by how much they exceed those that the writer gave."""
_SHIFT, _SHIFTED = "<shift>", " + (SELECT shift FROM raised)"
"""Where a statement writes a revision."""
_LOG = (
    "INSERT INTO change_log (revision, part, kind, namespace, name)"
    " SELECT u.revision<shift>, u.part, u.kind, u.namespace, u.name"
    " FROM unnest(?::bigint[], ?::integer[], ?::text[], ?::text[], ?::text[])"
    " AS u (revision, part, kind, namespace, name)"
)
_UPDATE_EVENTS = (
    "UPDATE events AS e SET due_at = u.due_at, body = u.body, last_result = u.last_result, last_change = u.last_change"
    " FROM unnest(?::bigint[], ?::float8[], ?::bytea[], ?::bigint[], ?::bigint[])"
    " AS u (id, due_at, body, last_result, last_change) WHERE e.id = u.id RETURNING 1"
)
_INSERT_EVENTS = (
    "INSERT INTO events (id, slot, namespace, entity, check_name, due_at, body, last_result, last_change)"
    " SELECT * FROM unnest(?::bigint[], ?::smallint[], ?::text[], ?::text[], ?::text[], ?::float8[], ?::bytea[],"
    " ?::bigint[], ?::bigint[])"
)
_INSERT_RESULTS = (
    "INSERT INTO results (id, previous, at, body)"
    " SELECT * FROM unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::bytea[])"
)
_INSERT_CHANGES = (
    "INSERT INTO changes (id, previous, at, delivery, body, handled)"
    " SELECT * FROM unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bytea[], ?::bytea[])"
)
_DELETE_EVENTS = "DELETE FROM events WHERE id = ANY(?::bigint[]) RETURNING namespace, entity, check_name"
_COUNTED = "slot, namespace, severity, silenced, flapping, overdue"
_INSERT_STATES = (
    "INSERT INTO event_states (revision, id, slot, namespace, entity, check_name, severity, since, silenced,"  # noqa: S608
    " flapping, overdue) SELECT ?::bigint<shift>, u.*"
    " FROM unnest(?::bigint[], ?::smallint[], ?::text[], ?::text[], ?::text[], ?::smallint[],"
    " ?::bigint[], ?::smallint[], ?::smallint[], ?::smallint[]) AS u"
    f" RETURNING {_COUNTED}"
)
_STATES_BEFORE = "SELECT id, severity, silenced, flapping, overdue FROM event_states WHERE id = ANY(?::bigint[])"
_UPDATE_STATES = (
    "UPDATE event_states AS s SET severity = coalesce(u.severity, s.severity),"
    " since = CASE WHEN u.severity != s.severity THEN u.since ELSE s.since END,"
    " silenced = coalesce(u.silenced, s.silenced), flapping = coalesce(u.flapping, s.flapping),"
    " overdue = coalesce(u.overdue, s.overdue), revision = ?::bigint<shift>"
    " FROM unnest(?::bigint[], ?::smallint[], ?::bigint[], ?::smallint[], ?::smallint[], ?::smallint[], ?::boolean[])"
    " AS u (id, severity, since, silenced, flapping, overdue, always), states_before AS b"
    " WHERE s.id = u.id AND b.id = u.id"
    " AND (u.always OR u.silenced != s.silenced)"
    " RETURNING s.slot, s.namespace, s.severity, s.silenced, s.flapping, s.overdue, b.severity AS severity_before,"
    " b.silenced AS silenced_before, b.flapping AS flapping_before, b.overdue AS overdue_before"
)
_COUNT_STATES = (
    f"INSERT INTO event_counts AS c ({_COUNTED}, number)"  # noqa: S608 - constant parts only
    f" SELECT {_COUNTED}, sum(number) FROM ({{}}) AS moved GROUP BY {_COUNTED} HAVING sum(number) != 0"
    f" ON CONFLICT ({_COUNTED}) DO UPDATE SET number = c.number + excluded.number"
)
_BEGUN = f"SELECT {_COUNTED}, 1 AS number FROM states_begun"  # noqa: S608 - constant parts only
_MOVED = (
    f"SELECT {_COUNTED}, 1 AS number FROM states_moved UNION ALL SELECT slot, namespace, severity_before,"  # noqa: S608
    " silenced_before, flapping_before, overdue_before, -1 FROM states_moved"
)
_ENDED = f"SELECT {_COUNTED}, -1 AS number FROM states_ended"  # noqa: S608 - constant parts only

_INSERT_RESOURCES = (
    "INSERT INTO resources (kind, namespace, name, etag, revision, body, shown)"
    " SELECT u.kind, u.namespace, u.name, u.etag, u.revision<shift>, u.body, u.shown"
    " FROM unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[], ?::bytea[], ?::bytea[])"
    " AS u (kind, namespace, name, etag, revision, body, shown)"
)
_REPLACE_RESOURCES = (
    "UPDATE resources AS r SET etag = u.etag, revision = u.revision<shift>, body = u.body, shown = u.shown"
    " FROM unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[], ?::bytea[], ?::bytea[], ?::text[])"
    " AS u (kind, namespace, name, etag, revision, body, shown, etag_before)"
    " WHERE r.kind = u.kind AND r.namespace = u.namespace AND r.name = u.name AND r.etag = u.etag_before RETURNING 1"
)
_DELETE_RESOURCES = (
    "DELETE FROM resources AS r USING unnest(?::text[], ?::text[], ?::text[], ?::text[])"
    " AS u (kind, namespace, name, etag_before)"
    " WHERE r.kind = u.kind AND r.namespace = u.namespace AND r.name = u.name AND r.etag = u.etag_before RETURNING 1"
)
_COUNT_RESOURCES = (
    "INSERT INTO counts AS c (kind, namespace, number) SELECT * FROM unnest(?::text[], ?::text[], ?::bigint[])"
    " ON CONFLICT (kind, namespace) DO UPDATE SET number = c.number + excluded.number"
)
_OWE = (
    "INSERT INTO deliveries_owed (id, namespace, due_at, attempts, change, rest, event)"
    " SELECT * FROM unnest(?::bigint[], ?::text[], ?::float8[], ?::bigint[], ?::bigint[], ?::bytea[], ?::bytea[])"
    " ON CONFLICT (id) DO UPDATE SET namespace = excluded.namespace, due_at = excluded.due_at,"
    " attempts = excluded.attempts, change = excluded.change, rest = excluded.rest, event = excluded.event"
)
_SETTLE = "DELETE FROM deliveries_owed WHERE id = ANY(?::bigint[])"
_FORGET_DEAD = "DELETE FROM deliveries_dead WHERE id = ANY(?::bigint[])"
_PUT_STATES = (
    "INSERT INTO states (name, value) SELECT * FROM unnest(?::text[], ?::bytea[])"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_PUT_STATES_ONCE = (
    "INSERT INTO states (name, value) SELECT * FROM unnest(?::text[], ?::bytea[]) ON CONFLICT (name) DO NOTHING"
)
_ADD_DICTIONARIES = (
    "INSERT INTO dictionaries (kind, id, body) SELECT * FROM unnest(?::text[], ?::bigint[], ?::bytea[])"
    " ON CONFLICT (id) DO NOTHING"
)
NEWEST_DICTIONARY = (
    "SELECT id, body, (SELECT count(*) FROM dictionaries WHERE kind = $1) FROM dictionaries"
    " WHERE kind = $1 ORDER BY number DESC LIMIT 1"
)
_APPEND_AUDIT = (
    "INSERT INTO audit (at, body) SELECT at, body FROM unnest(?::float8[], ?::bytea[]) WITH ORDINALITY"
    " AS u (at, body, number) ORDER BY number"
)

_GIVE_UP = (
    "WITH given_up AS (DELETE FROM deliveries_owed AS o USING unnest(?::bigint[], ?::text[]) AS u (id, why)"
    " WHERE o.id = u.id RETURNING o.id, namespace, due_at, attempts, change, rest, event, u.why)"
    " INSERT INTO deliveries_dead (id, namespace, due_at, attempts, change, rest, event, why)"
    " SELECT * FROM given_up ON CONFLICT (id) DO UPDATE SET namespace = excluded.namespace, due_at = excluded.due_at,"
    " attempts = excluded.attempts, change = excluded.change, rest = excluded.rest, event = excluded.event,"
    " why = excluded.why"
)
_TRIM_DEAD = (
    "DELETE FROM deliveries_dead WHERE id <= (SELECT id FROM deliveries_dead ORDER BY id DESC LIMIT 1 OFFSET ?)"
)
_FORGET_GONE = (
    "WITH forgotten AS (DELETE FROM events_gone WHERE id <= (SELECT max(id) FROM events_gone) - ? RETURNING revision)"
    " UPDATE numbers SET value = greatest(value, (SELECT max(revision) FROM forgotten)) WHERE name = 'forgotten'"
)
_COUNT_ACTIVITY = (
    "INSERT INTO activity AS a (namespace, step, at, seat, incidents, changes, events, delivered, failed)"
    " SELECT * FROM unnest(?::text[], ?::smallint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],"
    " ?::bigint[], ?::bigint[])"
    " ON CONFLICT (namespace, step, at, seat) DO UPDATE SET incidents = greatest(a.incidents, excluded.incidents),"
    " changes = a.changes + excluded.changes, events = a.events + excluded.events,"
    " delivered = a.delivered + excluded.delivered, failed = a.failed + excluded.failed"
)
_NOTE_CONNECTIONS = (
    "INSERT INTO connections (namespace, entity, at, connected, backend, why)"
    " SELECT namespace, entity, at, connected, backend, why"
    " FROM unnest(?::text[], ?::text[], ?::bigint[], ?::boolean[], ?::text[], ?::text[]) WITH ORDINALITY"
    " AS u (namespace, entity, at, connected, backend, why, number) ORDER BY number"
)
_TRIM_ACTIVITY = "DELETE FROM activity WHERE at < CASE step WHEN 60 THEN ?::bigint ELSE ?::bigint END"
_TRIM_CONNECTIONS = "DELETE FROM connections WHERE at < ? OR id <= (SELECT max(id) FROM connections) - ?::bigint"
_TRIM_AUDIT = "DELETE FROM audit WHERE at < ? OR id <= (SELECT id FROM audit ORDER BY id DESC LIMIT 1 OFFSET ?)"


class Statement:
    """Queries that are sent as one statement, with their arguments."""

    def __init__(self, *, raises: bool = False) -> None:
        """`raises` says that it takes its revisions from the row that orders changes of resources."""
        self.raises = raises
        self._queries: list[tuple[str, str]] = []
        self._arguments: list[Any] = []
        self._checks: list[str] = []
        self._expected: list[Any] = []
        self.moved_states: list[str] = []
        """The queries for the counts of states that the statement changes."""

    def __bool__(self) -> bool:
        return bool(self._queries)

    def add(self, name: str, sql: str, *arguments: Any) -> None:
        """Add a query."""
        self._queries.append((name, sql.replace(_SHIFT, _SHIFTED if self.raises else "")))
        self._arguments.extend(arguments)

    def require(self, name: str, rows: int) -> None:
        """Undo everything unless the query returns this number of rows."""
        self._checks.append(name)
        self._expected.append(rows)

    @property
    def sql(self) -> str:
        """The text, with numbered parameters."""
        return _joined(tuple(self._queries), tuple(self.moved_states), tuple(self._checks), self.raises)

    @property
    def arguments(self) -> Sequence[Any]:
        """The arguments in order."""
        return (*self._arguments, *self._expected)


@lru_cache(maxsize=1024)
def _joined(queries: tuple[tuple[str, str], ...], moved: tuple[str, ...], checks: tuple[str, ...], raises: bool) -> str:
    if moved:
        queries = (*queries, ("states_counted", _COUNT_STATES.format(" UNION ALL ".join(moved))))
    parts = ", ".join(f"{name} AS ({sql})" for name, sql in queries)
    counts = [f"1 / ((SELECT count(*) FROM {name}) = ?::bigint)::int" for name in checks]  # noqa: S608
    told = ["(SELECT shift FROM raised) AS shift", "(SELECT previous FROM raised) AS previous"] if raises else []
    return numbered(f"WITH {parts} SELECT {', '.join([*counts, *told] or ['1'])}")


@lru_cache(maxsize=1024)
def numbered(sql: str) -> str:
    """A statement whose parameters `?` are numbered as PostgreSQL wants them."""
    first, *others = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))


def fence(statement: Statement, seat: int, commits: int, rows: GroupRows) -> None:
    """Count the commit in the seat, or undo it; and note how much larger the histories get."""
    statement.add("fence", _FENCE, rows.revision, rows.results_bytes, rows.changes_bytes, seat, commits)
    statement.require("fence", 1)


def count_commit(statement: Statement, seat: int, commits: int, revision: int) -> None:
    """Count a commit in the seat, or undo it."""
    statement.add("fence", _FENCE, revision, 0, 0, seat, commits)
    statement.require("fence", 1)


def raise_revision(statement: Statement, group: CommitGroup, revision_before: int) -> None:
    """Take the revisions of a group that changes resources, and log which ones."""
    raised_by = group.revision - revision_before
    statement.add("raised", _RAISE, revision_before, raised_by, group.revision)
    logged = [
        (revision, part, key.kind, slashed(key.namespace), key.name)
        for part, (key, revision) in enumerate(group.logged.items())
    ]
    statement.add("logged", _LOG, *columns(logged))


def write_events(statement: Statement, rows: GroupRows) -> None:
    """Write events, their states and their histories."""
    if rows.updated:
        statement.add("events_replaced", _UPDATE_EVENTS, *columns(rows.updated))
        statement.require("events_replaced", len(rows.updated))
    if rows.begun:
        statement.add("events_begun", _INSERT_EVENTS, *columns(rows.begun))
    if rows.results:
        statement.add("results_appended", _INSERT_RESULTS, *columns(rows.results))
    if rows.changes:
        statement.add("changes_appended", _INSERT_CHANGES, *columns(rows.changes))
    if rows.states_begun:
        statement.add("states_begun", _INSERT_STATES, rows.revision, *columns(rows.states_begun))
        statement.moved_states.append(_BEGUN)
    if rows.states_moved:
        moved = columns(rows.states_moved)
        statement.add("states_before", _STATES_BEFORE, moved[0])
        statement.add("states_moved", _UPDATE_STATES, rows.revision, *moved)
        statement.moved_states.append(_MOVED)


def delete_events(statement: Statement, rows: GroupRows) -> None:
    """Delete events with their states, and remember that they are gone."""
    statement.add("gone", _DELETE_EVENTS, rows.gone)
    statement.require("gone", len(rows.gone))
    remember = "INSERT INTO events_gone (namespace, entity, check_name, revision)"
    statement.add("told", f"{remember} SELECT namespace, entity, check_name, ?::bigint<shift> FROM gone", rows.revision)  # noqa: S608
    ended = f"DELETE FROM event_states WHERE id = ANY(?::bigint[]) RETURNING {_COUNTED}"  # noqa: S608
    statement.add("states_ended", ended, rows.gone)
    statement.moved_states.append(_ENDED)


def write_resources(statement: Statement, group: CommitGroup, etags: dict[Key, str | None]) -> None:
    """Write resources; `etags` are those before the group."""
    new: list[tuple[Any, ...]] = []
    replaced: list[tuple[Any, ...]] = []
    deleted: list[tuple[Any, ...]] = []
    counts: dict[tuple[str, str], int] = {}
    for key, put in group.resources.items():
        before, place = etags[key], (key.kind, slashed(key.namespace), key.name)
        if put is None:
            if before is not None:
                deleted.append((*place, before))
                counts[place[:2]] = counts.get(place[:2], 0) - 1
        elif before is None:
            new.append(_resource(place, put))
            counts[place[:2]] = counts.get(place[:2], 0) + 1
        else:
            replaced.append((*_resource(place, put), before))
    if new:
        statement.add("resources_new", _INSERT_RESOURCES, *columns(new))
    if replaced:
        statement.add("resources_replaced", _REPLACE_RESOURCES, *columns(replaced))
        statement.require("resources_replaced", len(replaced))
    if deleted:
        statement.add("resources_deleted", _DELETE_RESOURCES, *columns(deleted))
        statement.require("resources_deleted", len(deleted))
    changed = [(*place, number) for place, number in counts.items() if number]
    if changed:
        statement.add("resources_counted", _COUNT_RESOURCES, *columns(changed))


def _resource(place: tuple[str, str, str], put: tuple[PutResource, int]) -> tuple[Any, ...]:
    write, revision = put
    return (*place, write.etag, revision, write.body, write.shown)


def write_activity(statement: Statement, group: CommitGroup, seat: int) -> None:
    """Write activity and connections."""
    counted = [
        (slashed(namespace), step_s, at, seat, one.incidents, one.changes, one.events, one.delivered, one.failed)
        for (namespace, step_s), steps in group.activity.items()
        for at, one in steps.items()
    ]
    if counted:
        statement.add("activity_counted", _COUNT_ACTIVITY, *columns(counted))
    if group.connections:
        noted = [(slashed(c.namespace), c.entity, c.at, c.connected, c.backend, c.why) for c in group.connections]
        statement.add("connections_noted", _NOTE_CONNECTIONS, *columns(noted))


def write_others(statement: Statement, group: CommitGroup, bodies: StoredBodies, pending: OwedSizes) -> None:
    """Write deliveries, states and audit entries."""
    if group.owed:
        owed = [(o.id, o.namespace, o.due_at, o.attempts, o.change, o.rest) for o in group.owed.values()]
        statement.add("owed", _OWE, *columns(owed), list(bodies.owed.values()))
    settled = [one for one, why in group.settled.items() if not why]
    if settled:
        statement.add("settled", _SETTLE, settled)
    maybe_dead = [one for one in (*group.owed, *settled) if one not in pending]
    if maybe_dead:
        statement.add("dead_no_more", _FORGET_DEAD, maybe_dead)
    if group.states:
        statement.add("states_put", _PUT_STATES, list(group.states), list(group.states.values()))
    if group.states_once:
        values = list(group.states_once), list(group.states_once.values())
        statement.add("states_begun_once", _PUT_STATES_ONCE, *values)
    if group.audited:
        statement.add("audited", _APPEND_AUDIT, [one.at for one in group.audited], bodies.audited)


def write_dictionaries(statement: Statement, trained: Sequence[tuple[str, Dictionary]]) -> None:
    """Write new dictionaries."""
    if trained:
        rows = [(kind, dictionary.id, dictionary.body) for kind, dictionary in trained]
        statement.add("dictionaries_added", _ADD_DICTIONARIES, *columns(rows))


def give_up(group: CommitGroup) -> list[tuple[str, Sequence[Any]]]:
    """The statement that moves deliveries to the dead letters, if any."""
    dead = {one: why.replace("\x00", "\ufffd") for one, why in group.settled.items() if why}
    return [(numbered(_GIVE_UP), (list(dead), list(dead.values())))] if dead else []


def trim_audit(group: CommitGroup) -> list[tuple[str, Sequence[Any]]]:
    """The statement that trims the audit log, if the group says so."""
    trim = group.audit_trimmed
    return [] if trim is None else [(numbered(_TRIM_AUDIT), (trim.at_before, trim.entries_max))]


def trim_activity(group: CommitGroup) -> list[tuple[str, Sequence[Any]]]:
    """The statements that trim activity and connections, if the group says so."""
    trim = group.activity_trimmed
    if trim is None:
        return []
    return [
        (numbered(_TRIM_ACTIVITY), (trim.minutes_before, trim.quarters_before)),
        (numbered(_TRIM_CONNECTIONS), (trim.connections_before, trim.connections_max)),
    ]


def trimming(dead_letters: bool, gone_events: bool) -> list[tuple[str, Sequence[Any]]]:
    """The statements that keep the bounds of dead letters and of remembered deletions."""
    found: list[tuple[str, Sequence[Any]]] = []
    if dead_letters:
        found.append((numbered(_TRIM_DEAD), (DEAD_LETTERS_MAX,)))
    if gone_events:
        found.append((numbered(_FORGET_GONE), (GONE_EVENTS_MAX,)))
    return found


def columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The columns of rows, as arrays."""
    return [list(column) for column in zip(*rows, strict=True)]
