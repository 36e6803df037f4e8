"""The resources that daemons keep in memory."""

import asyncio
import logging
from typing import Any

import pytest

from sensu.resources import wire
from sensu.resources.check import CheckConfig
from sensu.resources.entity import Entity, EntityConfig
from sensu.resources.kinds import CHECK, ENTITY, Kind
from sensu.resources.metadata import ObjectMeta
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import DeleteResource, Key, PutResource
from tests.store.conftest import commit


def write(kind: Kind, name: str, body: bytes = b"", namespace: str = "default", **more: Any) -> PutResource:
    made = kind.shape(metadata=ObjectMeta(name=name, namespace=namespace), **more)  # type: ignore[call-arg]
    return PutResource(Key(kind.qualified_name, namespace, name), body or wire.encode(made), "e")


def found(cache: ResourceCache, namespace: str | None = None) -> list[str]:
    return [f"{check.metadata.namespace}/{check.metadata.name}" for check in cache.list(CHECK, namespace)]


async def test_loaded_resources_are_read_without_a_query(store: Any) -> None:
    """After loading, resources come from memory, decoded, in the store's order, more of them than a page holds."""
    await store.commit([write(CHECK, f"c{i:04}", interval=i) for i in range(1, 1200)])
    await commit(store, write(CHECK, "x", namespace="a"), write(CHECK, "x", namespace="a-b"))
    cache = ResourceCache(store)
    await cache.load([CHECK, ENTITY])
    assert cache.get(CHECK, "default", "c0007").interval == 7
    assert isinstance(cache.get(CHECK, "default", "c0007"), CheckConfig)
    assert cache.get(CHECK, "default", "no") is None
    assert cache.get(CHECK, "no", "c0007") is None
    assert found(cache) == ["a-b/x", "a/x"] + [f"default/c{i:04}" for i in range(1, 1200)]
    assert found(cache, "a") == ["a/x"]
    assert found(cache, "no") == []
    assert cache.list(ENTITY) == ()
    with pytest.raises(KeyError):
        cache.get(Kind("Other", "others"), "default", "x")


async def test_the_cache_follows_the_store(store: Any) -> None:
    """When a commit returns, the cache shows it, in `get` and in lists that were read before."""
    cache = ResourceCache(store)
    await cache.load([CHECK])
    assert found(cache) == []
    await commit(store, write(CHECK, "b", interval=1), write(CHECK, "a"))
    assert found(cache) == found(cache, "default") == ["default/a", "default/b"]
    await commit(store, write(CHECK, "b", interval=2))
    assert cache.get(CHECK, "default", "b").interval == 2
    assert cache.list(CHECK)[1].interval == 2
    await commit(store, DeleteResource(Key(CHECK.qualified_name, "default", "a")))
    assert found(cache) == ["default/b"]
    await commit(store, DeleteResource(Key(CHECK.qualified_name, "default", "b")))
    assert found(cache) == found(cache, "default") == []
    cache.close()
    await commit(store, write(CHECK, "c"))
    assert found(cache) == []


async def test_changes_while_loading_are_not_lost(store: Any) -> None:
    """What is written while the cache reads its pages is in it afterwards, and what is removed is not."""
    await store.commit([write(CHECK, f"c{i:04}", interval=1) for i in range(2000)])
    cache = ResourceCache(store)

    async def meanwhile() -> None:
        for i in range(0, 2000, 20):
            changed = write(CHECK, f"c{i:04}", interval=2)
            gone = DeleteResource(Key(CHECK.qualified_name, "default", f"c{i + 1:04}"))
            await commit(store, changed, gone, write(CHECK, f"new{i}"))

    await asyncio.gather(cache.load([CHECK]), meanwhile())
    stored = [item.body for item in (await store.list(CHECK.qualified_name, None)).items]
    assert [wire.encode(check) for check in cache.list(CHECK)] == stored


async def test_entities_are_seen_as_their_configuration(store: Any) -> None:
    """The cache holds what people configure of an entity; its state, which changes all the time, is no change."""
    await commit(store, write(ENTITY, "web1", subscriptions=("linux",), last_seen=1))
    cache = ResourceCache(store)
    await cache.load([ENTITY])
    heard: list[Any] = []
    cache.subscribe(ENTITY, lambda key, entity: heard.append((key.name, entity)))
    assert isinstance(cache.get(ENTITY, "default", "web1"), EntityConfig)
    before = cache.list(ENTITY)
    await commit(store, write(ENTITY, "web1", subscriptions=("linux",), last_seen=2))
    assert cache.list(ENTITY) is before
    assert heard == []
    await commit(store, write(ENTITY, "web1", subscriptions=("linux", "db"), last_seen=2))
    assert [(name, entity.subscriptions) for name, entity in heard] == [("web1", ("linux", "db"))]
    whole = ResourceCache(store, shapes={})
    await whole.load([ENTITY])
    assert isinstance(whole.get(ENTITY, "default", "web1"), Entity)


async def test_subscribers_hear_changes(store: Any) -> None:
    """A subscriber hears of its kind's new, changed and removed resources until it stops; a broken one harms nobody."""
    cache = ResourceCache(store)
    await cache.load([CHECK, ENTITY])
    heard: list[Any] = []

    def broken(key: Key, resource: Any) -> None:
        raise RuntimeError("broken on purpose")

    cache.subscribe(CHECK, broken)
    stop = cache.subscribe(CHECK, lambda key, check: heard.append((key.name, check and check.interval)))
    await commit(store, write(CHECK, "a", interval=1), write(ENTITY, "e"))
    await commit(store, write(CHECK, "a", interval=1))
    await commit(store, write(CHECK, "a", interval=2))
    await commit(store, DeleteResource(Key(CHECK.qualified_name, "default", "a")))
    assert heard == [("a", 1), ("a", 2), ("a", None)]
    stop()
    stop()
    await commit(store, write(CHECK, "b"))
    assert len(heard) == 3


async def test_a_broken_body_is_skipped(store: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A stored body that cannot be read is logged with its place and treated as not there; a good one heals it."""
    await commit(store, write(CHECK, "a", b"{not json"), write(CHECK, "b", b'{"interval": "x"}'), write(CHECK, "c"))
    cache = ResourceCache(store)
    await cache.load([CHECK])
    heard: list[Any] = []
    cache.subscribe(CHECK, lambda key, check: heard.append((key.name, check is None)))
    with caplog.at_level(logging.ERROR):
        assert found(cache) == ["default/c"]
        assert cache.get(CHECK, "default", "a") is None
    assert [record.fields["name"] for record in caplog.records] == ["a", "b"]  # type: ignore[attr-defined]
    await commit(store, write(CHECK, "a"))
    await commit(store, write(CHECK, "c", b"broken"))
    assert found(cache) == ["default/a"]
    assert heard == [("a", False), ("c", True)]
