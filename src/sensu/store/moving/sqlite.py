"""The contents of a SQLite database."""

import sqlite3
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sensu.errors import StoreError
from sensu.rules.share import slot_of
from sensu.store.moving.tables import (
    EVENT_STATES,
    EVENTS,
    MOVING,
    PAGE_ROWS,
    STATES,
    TABLES,
    Numbering,
    Row,
    Table,
    UsedNumbers,
)
from sensu.store.sqlite.connection import Durability, open_reader, open_writer, plain_errors
from sensu.store.sqlite.schema import migrations
from sensu.store.sqlite.store import DATABASE
from sensu.store.sqlite.writer import DELIVERY, REVISION, WAL_BYTES_MAX

_COMPUTED = {"slot": "slot_of(namespace, entity)", "delivery": "coalesce(delivery, 0)"}
_NOT_STORED = {EVENTS: ("slot",), EVENT_STATES: ("slot",)}
_OWN_STATES = f"substr(name, 1, 8) = 'members.' OR name = '{MOVING}'"
"""States that are only of use to the processes that use this database."""

_WRONG_COUNTS = {
    "counts": (
        "SELECT kind, namespace, number FROM counts",
        "SELECT kind, namespace, count(*) FROM resources GROUP BY kind, namespace"
        " UNION ALL SELECT '', namespace, count(*) FROM events GROUP BY namespace",
    ),
    "event_counts": (
        "SELECT namespace, severity, silenced, flapping, overdue, number FROM event_counts WHERE number != 0",
        "SELECT namespace, severity, silenced, flapping, overdue, count(*) FROM event_states"
        " GROUP BY namespace, severity, silenced, flapping, overdue",
    ),
    "delivery_counts": (
        "SELECT namespace, owed, dead FROM delivery_counts",
        "SELECT namespace, sum(owed), sum(dead) FROM ("
        "SELECT namespace, 1 AS owed, 0 AS dead FROM deliveries_owed"
        " UNION ALL SELECT namespace, 0, 1 FROM deliveries_dead) GROUP BY namespace",
    ),
}


class SQLiteContents:
    """All rows of the database in a folder, as of the moment of the first read."""

    numbering = Numbering.POSITIONS

    def __init__(self, folder: Path) -> None:
        self._path = folder / DATABASE
        self._connection: sqlite3.Connection | None = None

    @property
    def shown(self) -> str:
        """The path of the database."""
        return str(self._path)

    def open(self) -> None:
        """Open the database for reading; raises StoreError."""
        if not self._path.exists():
            raise StoreError(f"there is no database {self._path}")
        self._connection = open_reader(self._path)
        self._prepare(self._connection)
        with self._errors() as connection:
            version, newest = connection.execute("PRAGMA user_version").fetchone()[0], max(migrations())
            if version != newest:
                raise StoreError(
                    f"the database {self._path} has schema version {version}, and this program reads {newest}:"
                    " run sensu-backend upgrade first"
                )
            connection.execute("BEGIN")

    def close(self) -> None:
        """Close the database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.create_function("slot_of", 2, _slot, deterministic=True)

    @contextmanager
    def _errors(self) -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            raise StoreError("the database is closed")
        with plain_errors(self._path):
            yield self._connection

    async def rows(self, table: Table) -> AsyncGenerator[Sequence[Row], None]:
        """The rows of a table, in order and in pages; raises StoreError."""
        columns = ", ".join(_COMPUTED.get(name, name) for name in table.columns)
        only = f" WHERE NOT ({_OWN_STATES})" if table is STATES else ""
        sql = f"SELECT {columns} FROM {table.name}{only} ORDER BY {', '.join(table.key)}"  # noqa: S608
        with self._errors() as connection:
            cursor = connection.execute(sql)
        while True:
            with self._errors():
                page = cursor.fetchmany(PAGE_ROWS)
            if not page:
                return
            yield page

    async def numbers(self) -> UsedNumbers:
        """The greatest numbers in use; raises StoreError."""
        with self._errors() as connection:
            ceilings = dict(connection.execute("SELECT name, value FROM ceilings").fetchall())
            gone = connection.execute("SELECT id, revision FROM events_gone ORDER BY id LIMIT 1").fetchone()
        forgotten = gone[1] if gone is not None and gone[0] > 1 else 0
        return UsedNumbers(ceilings.get(REVISION, 0), ceilings.get(DELIVERY, 0), forgotten)

    async def is_incomplete(self) -> bool:
        """Whether a copy into this database has not been finished; raises StoreError."""
        with self._errors() as connection:
            return connection.execute("SELECT 1 FROM states WHERE name = ?", (MOVING,)).fetchone() is not None

    async def used_tables(self) -> Sequence[str]:
        """The names of the tables that have rows; raises StoreError."""
        with self._errors() as connection:
            sql = "SELECT 1 FROM {} LIMIT 1"
            return [table.name for table in TABLES if connection.execute(sql.format(table.name)).fetchone()]


class SQLiteDatabase(SQLiteContents):
    """The database in a folder that this process alone uses."""

    def open(self) -> None:
        """Open the database for reading and writing; raises StoreError."""
        self._connection = open_writer(self._path, Durability.FULL, WAL_BYTES_MAX)
        self._prepare(self._connection)
        with self._errors() as connection:
            connection.execute("PRAGMA wal_autocheckpoint = 1000")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    async def begin(self) -> None:
        """Delete everything, and mark the database as incomplete; raises StoreError."""
        with self._transaction() as connection:
            for table in (*(table.name for table in TABLES), "ceilings", "change_log"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of tables
            connection.execute("INSERT INTO states (name, value) VALUES (?, x'')", (MOVING,))
        with self._errors() as connection:
            connection.execute("PRAGMA synchronous = NORMAL")

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows; raises StoreError."""
        places = [n for n, name in enumerate(table.columns) if name not in _NOT_STORED.get(table, ())]
        columns = ", ".join(table.columns[place] for place in places)
        sql = f"INSERT INTO {table.name} ({columns}) VALUES ({', '.join('?' * len(places))})"  # noqa: S608
        if len(places) < len(table.columns):
            rows = [tuple(row[place] for place in places) for row in rows]
        with self._transaction() as connection:
            connection.executemany(sql, rows)

    async def finish(self, numbers: UsedNumbers) -> None:
        """Everything is written; raises StoreError."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT INTO ceilings (name, value) VALUES (?, ?)",
                [(REVISION, numbers.revision), (DELIVERY, numbers.delivery)],
            )

    async def wrong_counts(self) -> Sequence[str]:
        """The tables that follow from others and do not agree with them; raises StoreError."""
        wrong: list[str] = []
        for name, (kept, counted) in _WRONG_COUNTS.items():
            with self._errors() as connection:
                if set(connection.execute(kept).fetchall()) != set(connection.execute(counted).fetchall()):
                    wrong.append(name)
        return wrong

    async def complete(self) -> None:
        """Let backends use the database; raises StoreError."""
        with self._errors() as connection:
            connection.execute("PRAGMA synchronous = FULL")
        with self._transaction() as connection:
            connection.execute("DELETE FROM states WHERE name = ?", (MOVING,))
        with self._errors() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    async def require_unchanged(self) -> None:
        """Nothing to do: the lock on the folder kept others away."""


def _slot(namespace: str, entity: str) -> int:
    return slot_of(namespace[:-1], entity[:-1])
