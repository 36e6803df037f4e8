"""The contents of a PostgreSQL database."""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sensu.clock import Clock
from sensu.errors import StoreError, StoreInUse
from sensu.rules.share import SLOTS
from sensu.rules.signs_of_life import BEAT_EVERY_S, Sight, seen
from sensu.store.database_url import DatabaseUrl
from sensu.store.moving.tables import (
    ACTIVITY,
    CHANGES,
    CONNECTIONS,
    MOVING,
    PAGE_ROWS,
    STATES,
    TABLES,
    Numbering,
    Row,
    Table,
    UsedNumbers,
)
from sensu.store.postgres.connection import Connector, SynchronousCommit, plain_errors
from sensu.store.postgres.coordination import PostgresCoordination
from sensu.store.postgres.group_rows import ENTRY_BYTES, HANDLING_BYTES
from sensu.store.postgres.schema import migrations

LONG_S = 3600.0
"""How long statements over whole tables may take."""

_OWN_STATES = f"substr(name, 1, 8) = 'members.' OR name = '{MOVING}'"
"""States that are only of use to the processes that use this database."""
_COMPUTED = {
    CHANGES: {"behind": "id"},
    CONNECTIONS: {"connected": "connected::int"},
    ACTIVITY: {
        "incidents": "max(incidents)",
        **{name: f"sum({name})::bigint" for name in ("changes", "events", "delivered", "failed")},
    },
}
_WITH_IDENTITY = {"dictionaries": "number", "events_gone": "id", "audit": "id", "connections": "id"}
_EMPTIED = (*(table.name for table in TABLES), "counts", "event_counts", "change_log")

_COUNTED = {
    "counts": "SELECT kind, namespace, count(*) AS number FROM resources GROUP BY kind, namespace",
    "event_counts": (
        "SELECT slot, namespace, severity, silenced, flapping, overdue, count(*) AS number FROM event_states"
        " GROUP BY slot, namespace, severity, silenced, flapping, overdue"
    ),
}
_BYTES = (
    f"SELECT (SELECT coalesce(sum(octet_length(body) + {ENTRY_BYTES}), 0)::bigint FROM results) AS results,"  # noqa: S608
    f" (SELECT coalesce(sum(octet_length(body) + {ENTRY_BYTES + HANDLING_BYTES}), 0)::bigint FROM changes) AS changes"
)
_BYTES_KEPT = (
    "SELECT coalesce(sum(results_bytes), 0)::bigint AS results, coalesce(sum(changes_bytes), 0)::bigint AS changes"
    " FROM seats"
)
_NUMBERS = """
SELECT greatest((SELECT revision FROM revision), (SELECT max(revision) FROM seats), (SELECT max(settled) FROM beats)),
    (SELECT value FROM numbers WHERE name = 'delivery'), (SELECT value FROM numbers WHERE name = 'forgotten')
"""


class PostgresContents:
    """All rows of a database, as of the moment of the first read."""

    numbering = Numbering.TIMES

    def __init__(self, target: DatabaseUrl) -> None:
        self._target = target
        self._connector = Connector(target, SynchronousCommit.NORMAL, f"copy {secrets.token_hex(4)}")
        self._connection: Any = None

    @property
    def shown(self) -> str:
        """The URL without a password."""
        return self._target.shown

    async def open(self) -> None:
        """Connect; raises StoreError."""
        await self._connector.look()
        self._connection = await self._connector.connect()
        with plain_errors(self._target):
            await self._require_schema()
            await self._read_one_moment()

    async def close(self) -> None:
        """Release the connection."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _require_schema(self) -> None:
        found = await self._connection.fetchval("SELECT to_regclass('schema_version')::text")
        version = found and await self._connection.fetchval("SELECT version FROM schema_version")
        if version != max(migrations()):
            raise StoreError(
                f"the database {self._target.shown} has schema version {version or 'none'}, and this program reads"
                f" {max(migrations())}: run sensu-backend upgrade first"
            )

    async def _read_one_moment(self) -> None:
        await self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        await self._connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")

    async def rows(self, table: Table) -> AsyncGenerator[Sequence[Row], None]:
        """The rows of a table, in order and in pages; raises StoreError."""
        computed = _COMPUTED.get(table, {})
        columns = ", ".join(computed.get(name, name) for name in table.columns)
        order = ", ".join(table.key)
        only = f" WHERE NOT ({_OWN_STATES})" if table is STATES else ""
        group = f" GROUP BY {order}" if table is ACTIVITY else ""
        sql = f"SELECT {columns} FROM {table.name}{only}{group} ORDER BY {order}"  # noqa: S608
        with plain_errors(self._target):
            cursor = await self._connection.cursor(sql, timeout=LONG_S)
            while page := await cursor.fetch(PAGE_ROWS, timeout=LONG_S):
                yield [tuple(row) for row in page]

    async def numbers(self) -> UsedNumbers:
        """The greatest numbers in use; raises StoreError."""
        with plain_errors(self._target):
            revision, delivery, forgotten = await self._connection.fetchrow(_NUMBERS)
        return UsedNumbers(revision, delivery * SLOTS + SLOTS - 1, forgotten)

    async def is_incomplete(self) -> bool:
        """Whether a copy into this database has not been finished; raises StoreError."""
        with plain_errors(self._target):
            return await self._connection.fetchval("SELECT 1 FROM states WHERE name = $1", MOVING) is not None

    async def used_tables(self) -> Sequence[str]:
        """The names of the tables that have rows; raises StoreError."""
        sql = "SELECT EXISTS (SELECT 1 FROM {})"
        with plain_errors(self._target):
            return [table.name for table in TABLES if await self._connection.fetchval(sql.format(table.name))]


class PostgresDatabase(PostgresContents):
    """A database that this process alone uses, on which it has a seat."""

    def __init__(self, target: DatabaseUrl, seat: int) -> None:
        super().__init__(target)
        self._seat = seat

    async def open(self) -> None:
        """Connect; raises StoreError."""
        await self._connector.look()
        self._connection = await self._connector.connect()

    async def rows(self, table: Table) -> AsyncGenerator[Sequence[Row], None]:
        """The rows of a table, in order and in pages; raises StoreError."""
        with plain_errors(self._target):
            await self._read_one_moment()
        try:
            async for page in super().rows(table):
                yield page
        finally:
            if self._connection is not None:
                with plain_errors(self._target):
                    await self._connection.execute("ROLLBACK")

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Any]:
        with plain_errors(self._target):
            async with self._connection.transaction():
                yield self._connection

    async def begin(self) -> None:
        """Delete everything, and mark the database as incomplete; raises StoreError."""
        async with self._transaction() as connection:
            await connection.execute(f"TRUNCATE {', '.join(_EMPTIED)}", timeout=LONG_S)
            await connection.execute("UPDATE seats SET results_bytes = 0, changes_bytes = 0")
            await connection.execute("INSERT INTO states (name, value) VALUES ($1, '')", MOVING)

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows; raises StoreError."""
        columns = list(table.columns)
        if table is CHANGES:
            place = columns.index("behind")
            columns.pop(place)
            rows = [(*row[:place], *row[place + 1 :]) for row in rows]
        elif table is CONNECTIONS:
            place = columns.index("connected")
            rows = [(*row[:place], bool(row[place]), *row[place + 1 :]) for row in rows]
        elif table is ACTIVITY:
            columns.append("seat")
            rows = [(*row, self._seat) for row in rows]
        with plain_errors(self._target):
            await self._connection.copy_records_to_table(table.name, records=rows, columns=columns)

    async def finish(self, numbers: UsedNumbers) -> None:
        """Everything is written: count, and go on with greater numbers; raises StoreError."""
        async with self._transaction() as connection:
            for name, counted in _COUNTED.items():
                await connection.execute(f"INSERT INTO {name} {counted}", timeout=LONG_S)
            for name, column in _WITH_IDENTITY.items():
                sql = f"SELECT setval(pg_get_serial_sequence('{name}', '{column}'), max({column})) FROM {name}"  # noqa: S608
                await connection.execute(sql)
            results, changes = await connection.fetchrow(_BYTES, timeout=LONG_S)
            sql = "UPDATE seats SET results_bytes = $2, changes_bytes = $3 WHERE id = $1"
            await connection.execute(sql, self._seat, results, changes)
            await connection.execute(
                "UPDATE revision SET revision = greatest(revision, $1), previous = greatest(revision, $1),"
                " trimmed = greatest(revision, $1)",
                numbers.revision,
            )
            newest = await connection.fetchval("SELECT coalesce(max(id), 0) FROM events")
            used = {"event": newest, "delivery": numbers.delivery // SLOTS + 1, "forgotten": numbers.forgotten}
            for name, value in used.items():
                sql = "UPDATE numbers SET value = greatest(value, $2) WHERE name = $1"
                await connection.execute(sql, name, value)

    async def wrong_counts(self) -> Sequence[str]:
        """The tables that follow from others and do not agree with them; raises StoreError."""
        with plain_errors(self._target):
            wrong: list[str] = []
            for name, counted in _COUNTED.items():
                kept = await self._connection.fetch(f"SELECT * FROM {name} WHERE number != 0", timeout=LONG_S)  # noqa: S608
                if set(map(tuple, kept)) != set(map(tuple, await self._connection.fetch(counted, timeout=LONG_S))):
                    wrong.append(name)
            sizes = [await self._connection.fetchrow(sql, timeout=LONG_S) for sql in (_BYTES, _BYTES_KEPT)]
            return wrong if sizes[0] == sizes[1] else [*wrong, "seats"]

    async def complete(self) -> None:
        """Let backends use the database; raises StoreError."""
        async with self._transaction() as connection:
            await connection.execute("SET LOCAL synchronous_commit = 'on'")
            await connection.execute("DELETE FROM states WHERE name = $1", MOVING)

    async def require_unchanged(self) -> None:
        """Raise StoreError if another process has used the database since this one took its seat."""
        with plain_errors(self._target):
            newest = await self._connection.fetchval("SELECT value FROM numbers WHERE name = 'seat'")
        if newest != self._seat:
            raise StoreError(f"a backend was started meanwhile on the database {self.shown}: stop it and start over")


async def require_alone(coordination: PostgresCoordination, clock: Clock) -> None:
    """Return when no other process uses the database, after the seats of those that ended were taken away.

    Raises StoreInUse as soon as another one gives a sign of life.
    """
    await coordination.fence_ended()
    sights: dict[int, Sight] = {}
    while True:
        view = await coordination.beat()
        others = {one.id: one for one in view.seats.values() if one.id != coordination.seat}
        for one in others.values():
            if one.id in sights and sights[one.id].beat != one.beat:
                raise StoreInUse(f"the database is in use by the backend {one.contact.name or one.id}: stop it first")
        sights = seen(sights, [(one.id, one.beat) for one in others.values()], clock.monotonic())
        for seat in [seat for seat, sight in sights.items() if sight.is_silent]:
            await coordination.fence(seat, "no sign of life was seen while the database was copied")
        if not others:
            return
        await clock.sleep(BEAT_EVERY_S)
