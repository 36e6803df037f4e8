"""The stores that the conformance suite runs over, and short ways to make writes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sensu.rules.share import Share
from sensu.store.contract import Store
from sensu.store.database_url import target_of
from sensu.store.postgres.store import PostgresStore
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.store import SQLiteStore, shared_database
from sensu.store.values import Committed, EventKey, Key, PutEvent, PutResource, Refused, Write
from tests import postgres_server
from tests.stores import release

CHECK = "core/v2.CheckConfig"
NAMESPACE = "core/v2.Namespace"


def pytest_runtest_logfinish() -> None:
    """Lets later tests use the tables of this one."""
    release()


@dataclass
class Medium:
    """Where a store keeps its things; every `store()` is a new client of the same things."""

    store: Callable[[], Store]
    shared: Callable[[int], Sequence[Store]]
    """So many stores that share their things, as if each were in a process of its own."""
    source: str
    """Python that makes such a store as `store`, for other processes."""

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Any]:
        """An open store, closed on leaving."""
        async with self._all_opened([self.store()]) as (store,):
            yield store

    def together(self, members: int) -> AbstractAsyncContextManager[Sequence[Store]]:
        """As many open stores that share their things, closed on leaving."""
        return self._all_opened(self.shared(members))

    async def ask(self, question: Callable[[Any], Awaitable[Any]]) -> Any:
        """The answer of a store that is open for this question alone."""
        async with self.opened() as store:
            return await question(store)

    @asynccontextmanager
    async def _all_opened(self, stores: Sequence[Store]) -> AsyncIterator[Sequence[Store]]:
        async with AsyncExitStack() as stack:
            for store in stores:
                await store.open()
                stack.push_async_callback(store.close)
            yield stores


def sqlite(folder: Path) -> Medium:
    imports = "from pathlib import Path\nfrom sensu.store.sqlite.store import SQLiteStore\n"
    source = f"{imports}store = SQLiteStore(Path({str(folder)!r}))\n"

    def shared(members: int) -> Sequence[Store]:
        folder.mkdir(parents=True, exist_ok=True)
        database = shared_database(folder, Durability.NORMAL)
        shares = (Share(member, members) for member in range(members))
        stores = [SQLiteStore(folder, Durability.NORMAL, use=database.sharing(share)) for share in shares]
        owner = stores[-1].close

        async def close_last() -> None:
            await owner()
            database.close()

        stores[-1].close = close_last  # type: ignore[method-assign]
        return stores

    return Medium(lambda: SQLiteStore(folder), shared, source)


def postgres(_: Path) -> Medium:
    url = postgres_server.shared().tables()
    imports = "from sensu.store.database_url import target_of\nfrom sensu.store.postgres.store import PostgresStore\n"
    source = f"{imports}store = PostgresStore(target_of({url!r}))\n"

    def shared(members: int) -> Sequence[Store]:
        pytest.skip("a database in PostgreSQL is used by one process")

    return Medium(lambda: PostgresStore(target_of(url)), shared, source)


@pytest.fixture(params=[pytest.param(sqlite, id="sqlite"), pytest.param(postgres, id="postgres")])
def medium(request: pytest.FixtureRequest, tmp_path: Path) -> Medium:
    return request.param(tmp_path / "state")


@pytest.fixture
async def store(medium: Medium) -> AsyncIterator[Any]:
    """An open store."""
    async with medium.opened() as opened:
        yield opened


def check_key(name: str, namespace: str = "default") -> Key:
    return Key(CHECK, namespace, name)


def put(name: str, body: bytes = b"{}", namespace: str = "default", **more: Any) -> PutResource:
    return PutResource(check_key(name, namespace), body, more.pop("etag", f"etag of {body!r}"), **more)


def put_namespace(name: str) -> PutResource:
    return PutResource(Key(NAMESPACE, "", name), b"{}", "etag")


def event(
    entity: str, check: str, body: bytes = b"{}", namespace: str = "default", due_at: float | None = None
) -> PutEvent:
    return PutEvent(EventKey(namespace, entity, check), body, due_at)


async def commit(store: Store, *writes: Write) -> Committed | Refused:
    return await store.commit(writes)


async def gathered(pages: Any) -> list[bytes]:
    return [body async for page in pages for body in page]


async def names(store: Store, kind: str = CHECK, namespace: str | None = None) -> Sequence[str]:
    page = await store.list(kind, namespace)
    return [f"{item.key.namespace}/{item.key.name}" for item in page.items]
