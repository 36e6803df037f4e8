from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sensu.backend.stored_entities import StoredEntities, entity_key
from sensu.backend.stored_form import delete, put
from sensu.resources.kinds import ENTITY, NAMESPACE
from sensu.resources.namespace import Namespace
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.store import SQLiteStore
from sensu.testing.factories import make_entity

A, B = entity_key("default", "a"), entity_key("default", "b")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    store = SQLiteStore(tmp_path, Durability.NORMAL)
    await store.open()
    await store.commit([put(NAMESPACE, Namespace(name="default")), put(ENTITY, make_entity("a"))])
    yield store
    await store.close()


@pytest.fixture
def entities(store: SQLiteStore) -> Iterator[StoredEntities]:
    entities = StoredEntities(store, entities_max=2, bytes_max=10_000)
    entities.open()
    yield entities
    entities.close()


async def test_an_entity_is_known_whole_and_followed(store: SQLiteStore, entities: StoredEntities) -> None:
    """What was loaded is what the store has, through changes and removal, with the tag that a change must name."""
    await entities.load([A, B])
    found, stored = entities.get(A), await store.get(A)
    assert found and stored
    assert (found.entity.metadata.name, found.etag) == ("a", stored.etag)
    assert entities.get(B) is None
    await store.commit([put(ENTITY, make_entity("a", labels={"x": "1"})), put(ENTITY, make_entity("b"))])
    changed = entities.get(A)
    assert changed and changed.entity.metadata.labels == {"x": "1"}
    assert entities.get(B)
    await store.commit([delete(ENTITY, "default", "a")])
    assert entities.get(A) is None


async def test_only_so_many_entities_are_remembered(store: SQLiteStore, entities: StoredEntities) -> None:
    """The entities that were asked for longest ago are forgotten, and must be loaded again."""
    await entities.load([A, B])
    await entities.load([A, entity_key("default", "c")])
    assert entities.get(A)
    with pytest.raises(KeyError):
        entities.get(B)


async def test_what_entities_take_is_bounded(store: SQLiteStore, entities: StoredEntities) -> None:
    """However large entities are, only so many bytes of them are remembered; what was just loaded stays."""
    large = make_entity("b", labels={"x": "1" * 20_000})
    await store.commit([put(ENTITY, large)])
    await entities.load([A])
    await entities.load([B])
    assert entities.get(B)
    with pytest.raises(KeyError):
        entities.get(A)
    await entities.load([A])
    assert entities.get(A)
    with pytest.raises(KeyError):
        entities.get(B)
