"""Migrates a database to the schema of this version with numbered migrations.

The first line of a migration says whether programs of the version before can go on (`-- widen`), or not (`-- narrow`).
"""

from importlib.resources import files
from typing import Any, NamedTuple

import asyncpg

from sensu.errors import StoreError
from sensu.store.database_url import DatabaseUrl

SCHEMA_VERSION = """
CREATE TABLE IF NOT EXISTS schema_version (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL,
    needs_at_least integer NOT NULL
)
"""


class Migration(NamedTuple):
    """The SQL of a migration, and whether it ends the support of programs that do not know it."""

    sql: str
    narrow: bool


def migrations() -> dict[int, Migration]:
    """Every migration by its number."""
    folder = files("sensu.store.postgres") / "migrations"
    found: dict[int, Migration] = {}
    for script in (entry for entry in folder.iterdir() if entry.name.endswith(".sql")):
        number, sql = int(script.name.partition("_")[0]), script.read_text()
        kind = sql.partition("\n")[0]
        if number in found or kind not in ("-- widen", "-- narrow"):
            raise StoreError(f"the migration {script.name} has the number of another, or does not say what it is")
        found[number] = Migration(sql, kind == "-- narrow")
    return found


async def migrate(connection: Any, target: DatabaseUrl, known: dict[int, Migration]) -> None:
    """Apply the missing `known` migrations, each in a transaction; raises StoreError if the schema is too new."""
    newest = max(known)
    try:
        await connection.execute(SCHEMA_VERSION)
    except asyncpg.UniqueViolationError:
        """Another process made the table at the same time."""
    await connection.execute(
        "INSERT INTO schema_version (version, needs_at_least) VALUES (0, 0) ON CONFLICT (one) DO NOTHING"
    )
    for number in sorted(known):
        async with connection.transaction():
            row = await connection.fetchrow("SELECT version, needs_at_least FROM schema_version FOR UPDATE")
            if row["needs_at_least"] > newest:
                raise StoreError(
                    f"the database {target.shown} has schema version {row['version']}, written by a newer version of"
                    f" this program (this one knows up to {newest})"
                )
            if number > row["version"]:
                await connection.execute(known[number].sql)
                needed = number if known[number].narrow else row["needs_at_least"]
                await connection.execute("UPDATE schema_version SET version = $1, needs_at_least = $2", number, needed)
