"""Reads the facts about a PostgreSQL database for doctor; nothing is written."""

from typing import Any

import asyncpg

from sensu.resources.kinds import USER
from sensu.resources.user import User
from sensu.resources.wire import decode
from sensu.store.database_url import DatabaseUrl
from sensu.store.postgres.connection import Connector, SynchronousCommit, plain_errors
from sensu.store.postgres.schema import migrations
from sensu.store.survey import DatabaseSurvey


async def survey(target: DatabaseUrl, admin: str) -> DatabaseSurvey | None:
    """The facts, None if the database has no tables of a backend; raises StoreError if it cannot be read."""
    connector = Connector(target, SynchronousCommit.FULL, "doctor")
    await connector.look()
    connection = await connector.connect()
    try:
        with plain_errors(target):
            return await _read(connection, admin)
    finally:
        connection.terminate()


async def _read(connection: Any, admin: str) -> DatabaseSurvey | None:
    try:
        version = await connection.fetchval("SELECT version FROM schema_version")
    except asyncpg.UndefinedTableError:
        return None
    if not version:
        return None
    users = await connection.fetchval("SELECT count(*) FROM resources WHERE kind = $1", USER.qualified_name)
    query = "SELECT body FROM resources WHERE kind = $1 AND name = $2"
    body = await connection.fetchval(query, USER.qualified_name, admin)
    owed, dead = [
        await connection.fetchval(f"SELECT count(*) FROM deliveries_{state}")  # noqa: S608 - constants
        for state in ("owed", "dead")
    ]
    size = await connection.fetchval("SELECT pg_database_size(current_database())")
    admin_hash = decode(User, body).password_hash if body else ""
    return DatabaseSurvey(
        version,
        max(migrations()),
        size_bytes=size,
        users=users,
        admin_hash=admin_hash,
        owed=owed,
        dead=dead,
    )
