"""What doctor learns of a database: the same of SQLite's file and of PostgreSQL, before and while a store uses it."""

from pathlib import Path

import pytest

from sensu.backend.auth.seeds import seed_writes
from sensu.store.contract import Store
from sensu.store.database_url import target_of
from sensu.store.postgres import survey as of_server
from sensu.store.postgres.connection import SynchronousCommit
from sensu.store.postgres.store import PostgresStore
from sensu.store.sqlite import survey as of_file
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.store import DATABASE, SQLiteStore
from sensu.store.survey import DatabaseSurvey
from tests import postgres_server


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_database_is_surveyed(kind: str, tmp_path: Path) -> None:
    """There is nothing before the first start; then there are users and the schema, also while the store is open."""
    url = postgres_server.shared().new_schema() if kind == "postgres" else ""

    async def survey() -> DatabaseSurvey | None:
        return await of_server.survey(target_of(url), "ann") if url else of_file.survey(tmp_path / DATABASE, "ann")

    assert await survey() is None
    store: Store
    store = PostgresStore(target_of(url), SynchronousCommit.NORMAL) if url else SQLiteStore(tmp_path, Durability.NORMAL)
    await store.open()
    try:
        await store.commit(seed_writes("ann", "$2b$10$hash", "", None, 1_700_000_000.0))
        found = await survey()
    finally:
        await store.close()
    assert found is not None
    assert found.version == found.known > 0
    assert (found.users, found.admin_hash, found.damage) == (2, "$2b$10$hash", "ok")
    assert (found.owed, found.dead) == (0, 0)
    assert found.size_bytes > 0
    closed = await survey()
    assert closed is not None
    assert closed.users == 2
