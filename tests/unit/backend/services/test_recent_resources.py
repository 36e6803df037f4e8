"""Resources that were changed lately are known without reading them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sensu.backend.services.recent_resources import BODY_BYTES_MAX, REMEMBERED_MAX, RecentResources
from sensu.backend.stored_form import delete, put
from sensu.resources.kinds import CHECK, NAMESPACE
from sensu.resources.namespace import Namespace
from sensu.store.sqlite.store import SQLiteStore
from sensu.store.values import Key, Stored, Write
from sensu.testing.factories import make_check_config

KEY = Key(CHECK.stored_as, "default", "http")


class CountingStore(SQLiteStore):
    """Counts the reads of single resources, each of which can be held up."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.reads = 0
        self.answers = asyncio.Event()
        self.answers.set()

    async def get(self, key: Key) -> Stored | None:
        """Read it, and answer when that is allowed."""
        self.reads += 1
        found = await super().get(key)
        await self.answers.wait()
        return found


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[CountingStore]:
    opened = CountingStore(tmp_path / "state")
    await opened.open()
    await opened.commit([put(NAMESPACE, Namespace(name="default"))])
    yield opened
    await opened.close()


def check(command: str = "true") -> Write:
    return put(CHECK, make_check_config("http", command=command))


async def test_a_resource_is_read_once_and_followed(store: CountingStore) -> None:
    """After the first read, a resource is what the last change made it, without another read."""
    recent = RecentResources(store)
    assert await recent.get(KEY) is None
    for command in ("true", "false"):
        await store.commit([check(command)])
        assert await recent.get(KEY) == await SQLiteStore.get(store, KEY)
    await store.commit([delete(CHECK, "default", "http")])
    assert await recent.get(KEY) is None
    assert store.reads == 1
    recent.forget([KEY])
    await recent.get(KEY)
    assert store.reads == 2


async def test_a_change_during_the_first_read_is_not_missed(store: CountingStore) -> None:
    """What a read finds is not remembered if the resource changes before the read answers."""
    recent = RecentResources(store)
    store.answers.clear()
    reading = asyncio.create_task(recent.get(KEY))
    await asyncio.sleep(0)
    await store.commit([check()])
    store.answers.set()
    await reading
    assert await recent.get(KEY) == await SQLiteStore.get(store, KEY)


async def test_what_is_remembered_is_bounded(store: CountingStore) -> None:
    """Large resources are read each time, and of many small ones the older half is."""
    recent = RecentResources(store)
    await store.commit([check("x" * BODY_BYTES_MAX)])
    for _ in range(3):
        await recent.get(KEY)
    assert store.reads == 3
    for number in range(REMEMBERED_MAX + 1):
        await recent.get(Key(CHECK.stored_as, "default", f"c{number}"))
    before = store.reads
    await recent.get(Key(CHECK.stored_as, "default", "c0"))
    assert store.reads == before + 1
