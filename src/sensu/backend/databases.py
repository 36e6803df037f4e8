"""Opens databases as wholes, for the commands that copy them."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from sensu.backend.init_command import give_to_owner
from sensu.clock import Clock
from sensu.errors import ConfigurationError, StoreError
from sensu.store.database_url import SCHEMES, target_of
from sensu.store.moving.sqlite import SQLiteContents, SQLiteDatabase
from sensu.store.moving.tables import Database, Snapshot
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.store import DATABASE, SQLiteStore

SQLITE = "sqlite"


@dataclass(frozen=True)
class DatabasePlace:
    """Where a database is: the URL of a PostgreSQL database, or the folder of a SQLite database."""

    url: str = ""
    folder: Path = Path()
    where: str = "--store"


def place_of(text: str, where: str) -> DatabasePlace:
    """Read the URL of a database of either kind; raises a ConfigurationError that names `where` it is from."""
    scheme, _, rest = text.partition(":")
    if scheme in SCHEMES:
        target_of(text, where)
        return DatabasePlace(url=text, where=where)
    if scheme != SQLITE or not rest.removeprefix("//"):
        raise ConfigurationError(
            f"invalid value for {where}: must be postgresql://…, or sqlite: and the state directory of a backend"
        )
    return DatabasePlace(folder=Path(rest.removeprefix("//")), where=where)


@contextlib.asynccontextmanager
async def own_database(place: DatabasePlace, clock: Clock, *, may_be_new: bool) -> AsyncIterator[Database]:
    """Open a database that no backend uses meanwhile, with the schema of this version; raises StoreError."""
    opened = _own_postgres(place, clock) if place.url else _own_sqlite(place, may_be_new)
    async with opened as database:
        yield database


@contextlib.asynccontextmanager
async def _own_sqlite(place: DatabasePlace, may_be_new: bool) -> AsyncIterator[Database]:
    if not may_be_new and not (place.folder / DATABASE).exists():
        raise StoreError(f"there is no database {place.folder / DATABASE}")
    store = SQLiteStore(place.folder, Durability.FULL)
    await store.open()
    database = SQLiteDatabase(place.folder)
    try:
        database.open()
        yield database
    finally:
        database.close()
        await store.close()
        give_to_owner(place.folder)


@contextlib.asynccontextmanager
async def _own_postgres(place: DatabasePlace, clock: Clock) -> AsyncIterator[Database]:
    with driver_required(place.where):
        from sensu.store.moving.postgres import PostgresDatabase, require_alone  # noqa: PLC0415 - only with the extra
        from sensu.store.postgres.store import PostgresStore  # noqa: PLC0415
    target = target_of(place.url, place.where)
    store = PostgresStore(target, clock=clock)
    await store.open()
    database = PostgresDatabase(target, store.coordination.seat)
    try:
        await require_alone(store.coordination, clock)
        await database.open()
        yield database
    finally:
        await database.close()
        await store.close()


@contextlib.asynccontextmanager
async def contents_of(place: DatabasePlace) -> AsyncIterator[Snapshot]:
    """Open a database for reading, as it is at this moment, while backends may use it; raises StoreError."""
    if not place.url:
        contents = SQLiteContents(place.folder)
        try:
            contents.open()
            yield contents
        finally:
            contents.close()
            give_to_owner(place.folder)
        return
    with driver_required(place.where):
        from sensu.store.moving.postgres import PostgresContents  # noqa: PLC0415 - only with the extra
    server = PostgresContents(target_of(place.url, place.where))
    try:
        await server.open()
        yield server
    finally:
        await server.close()


@contextlib.contextmanager
def driver_required(where: str) -> Iterator[None]:
    """Explain which package is missing when the driver of PostgreSQL is imported; raises ConfigurationError."""
    try:
        yield
    except ImportError as err:
        raise ConfigurationError(
            f"{where} requires the Python package {err.name}: install sensu with the extra postgres (sensu[postgres])"
        ) from err
