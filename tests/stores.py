"""The stores that tests run over: SQLite, or PostgreSQL where the variable TEST_STORE says `postgres`."""

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from sensu.errors import StoreError
from sensu.store.contract import Store
from sensu.store.database_url import target_of
from sensu.store.postgres.connection import SynchronousCommit
from sensu.store.postgres.store import PostgresStore
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.store import SQLiteStore
from sensu.store.values import PutState
from tests import postgres_server

TABLES = ("events", "resources")
ON_POSTGRES = os.environ.get("TEST_STORE", "sqlite") == "postgres"


class WatchedStore(PostgresStore):
    """A store that knows how many of its queries are under way, which virtual time waits for."""

    reading = 0
    schema = ""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being written."""
        return not self._waiting_writes and self._open_writer is not None

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
        url = _schema_of(folder)
        store = WatchedStore(target_of(url), SynchronousCommit.NORMAL)
        store.schema = url.partition("search_path=")[2]
        return store
    return SQLiteStore(folder, Durability.NORMAL)


@contextmanager
def unreadable(store: Any) -> Iterator[None]:
    """Meanwhile, no resource and no event can be read from an open store."""
    if ON_POSTGRES:
        server, schema = postgres_server.shared(), store.schema
        away = "; ".join(f"ALTER TABLE {schema}.{{}} RENAME TO {{}}" for _ in TABLES)
        server.execute(away.format("events", "events_away", "resources", "resources_away"))
        yield
        server.execute(away.format("events_away", "events", "resources_away", "resources"))
    else:
        connection = store._reader._connection
        connection.set_authorizer(lambda action, table, *_: int(action == 20 and table in TABLES))
        yield
        connection.set_authorizer(None)


async def reads_done(store: Store) -> None:
    """Return when the store is not being read."""
    while getattr(store, "reading", 0):  # noqa: ASYNC110 - the number is of no use to anybody else
        await asyncio.sleep(0.0005)


async def writes_done(store: Store) -> None:
    """Return when what is being written is stored or refused, and its followers know it."""
    if getattr(store, "is_idle", False):  # a commit to a server takes longer than most tests' own
        return
    with suppress(StoreError):
        await store.commit([PutState("test.barrier", b"")])


def release() -> None:
    """The stores of this test are not used any more."""
    _schema_of.cache_clear()
    if postgres_server.shared.cache_info().currsize:
        postgres_server.shared().release()


@functools.cache
def _schema_of(folder: Path) -> str:
    return postgres_server.shared().tables()
