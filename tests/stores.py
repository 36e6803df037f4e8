"""The stores that tests run over: SQLite, or PostgreSQL where the variable TEST_STORE says `postgres`."""

import asyncio
import functools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sensu.store.contract import Store
from sensu.store.database_url import target_of
from sensu.store.postgres.connection import SynchronousCommit
from sensu.store.postgres.store import PostgresStore
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.store import SQLiteStore
from tests import postgres_server

ON_POSTGRES = os.environ.get("TEST_STORE", "sqlite") == "postgres"


class WatchedStore(PostgresStore):
    """A store that knows how many of its queries are under way, which virtual time waits for."""

    reading = 0

    async def open(self) -> None:
        await super().open()
        assert self._open_readers is not None
        connection = self._open_readers.connection

        @asynccontextmanager
        async def watched() -> AsyncIterator[Any]:
            self.reading += 1
            try:
                async with connection() as one:
                    yield one
            finally:
                self.reading -= 1

        self._open_readers.connection = watched  # type: ignore[method-assign]


def store_in(folder: Path) -> Store:
    """A store for tests; each one that is made for a folder has the same content."""
    if ON_POSTGRES:
        return WatchedStore(target_of(_schema_of(folder)), SynchronousCommit.NORMAL)
    return SQLiteStore(folder, Durability.NORMAL)


async def reads_done(store: Store) -> None:
    """Return when the store is not being read."""
    while getattr(store, "reading", 0):  # noqa: ASYNC110 - the number is of no use to anybody else
        await asyncio.sleep(0.0005)


@functools.cache
def _schema_of(folder: Path) -> str:
    return postgres_server.shared().new_schema()
