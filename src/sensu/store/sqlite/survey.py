"""Reads the facts about a database file for doctor, also while a backend uses it; nothing is written."""

import sqlite3
from pathlib import Path
from typing import Any

from sensu.clock import SystemClock
from sensu.resources.kinds import USER
from sensu.resources.user import User
from sensu.resources.wire import decode
from sensu.store.sqlite.connection import plain_errors
from sensu.store.sqlite.schema import migrations
from sensu.store.survey import DatabaseSurvey

CHECK_S = 5.0
STEPS_BETWEEN_LOOKS = 100_000
OWED_SINCE, COUNTED_SINCE = 1, 8
"""The versions of the schema with the tables of resources and of counts of deliveries."""


def survey(path: Path, admin: str) -> DatabaseSurvey | None:
    """The facts, None if there is no file; raises StoreError if it cannot be read."""
    if not path.exists():
        return None
    log = path.with_name(f"{path.name}-wal")
    log_bytes = log.stat().st_size if log.exists() else 0
    # Without a log nobody writes, and SQLite need not make the files by which several programs agree.
    how = "mode=ro" if log_bytes else "mode=ro&immutable=1"
    with plain_errors(path):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, isolation_level=None)
        try:
            return _read(connection, path, admin, log_bytes)
        finally:
            connection.close()


def _read(connection: sqlite3.Connection, path: Path, admin: str, log_bytes: int) -> DatabaseSurvey:
    version = int(_one(connection, "PRAGMA user_version"))
    users, admin_hash, owed, dead = 0, "", 0, 0
    if version >= OWED_SINCE:
        users = int(_one(connection, "SELECT count(*) FROM resources WHERE kind = ?", USER.qualified_name))
        query = "SELECT body FROM resources WHERE kind = ? AND name = ?"
        body = _one(connection, query, USER.qualified_name, admin)
        admin_hash = decode(User, body).password_hash if body else ""
    if version >= COUNTED_SINCE:
        owed, dead = (
            int(_one(connection, f"SELECT coalesce(sum({column}), 0) FROM delivery_counts"))  # noqa: S608 - constants
            for column in ("owed", "dead")
        )
    damage = _checked(connection)
    return DatabaseSurvey(
        version, max(migrations()), damage, path.stat().st_size, log_bytes, users, admin_hash, owed, dead
    )


def _one(connection: sqlite3.Connection, query: str, *values: str) -> Any:
    row = connection.execute(query, values).fetchone()
    return None if row is None else row[0]


def _checked(connection: sqlite3.Connection) -> str:
    """What a quick check finds, empty if it does not end in time."""
    clock = SystemClock()
    until = clock.monotonic() + CHECK_S
    connection.set_progress_handler(lambda: clock.monotonic() > until, STEPS_BETWEEN_LOOKS)
    try:
        return str(_one(connection, "PRAGMA quick_check(1)"))
    except sqlite3.OperationalError as err:
        if err.sqlite_errorname == "SQLITE_INTERRUPT":
            return ""
        raise
