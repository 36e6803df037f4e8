"""Reads: single resources and events, lists, pages, counts."""

import asyncio
import os
from typing import Any

import pytest

from sensu.store.values import (
    DeleteEvent,
    DeleteResource,
    EventKey,
    EventOrder,
    EventQuery,
    EventSearch,
    Key,
    Must,
    PutResource,
    PutState,
)
from tests.store.conftest import CHECK, Medium, check_key, commit, event, gathered, names, put, put_namespace

NAMES = ["default/10", "default/9", "default/A", "default/a", "default/a-b", "default/a.b", "default/aa", "default/é"]


async def test_a_resource_comes_back_as_it_was_put(store: Any) -> None:
    """A resource keeps body, shown body and ETag byte for byte; readers get the shown body where there is one."""
    await commit(store, put("a", b'{"password": "x"}', shown=b"{}", etag="e1"), put("b", b"\x00\xff"))
    a, b = await store.get(check_key("a")), await store.get(check_key("b"))
    assert (a.key, a.body, a.shown, a.public, a.etag) == (check_key("a"), b'{"password": "x"}', b"{}", b"{}", "e1")
    assert (b.body, b.shown, b.public) == (b"\x00\xff", None, b"\x00\xff")
    await commit(store, put("a", b"new"))
    assert (await store.get(check_key("a"))).public == b"new"
    assert await store.get(check_key("c")) is None
    assert await store.get(Key("core/v2.Asset", "default", "a")) is None


async def test_lists_stand_in_byte_order(store: Any) -> None:
    """Resources come in byte order of `namespace/name`, so `a-b` before `a`, upper case before lower, 10 before 9."""
    for name in reversed(NAMES):
        await commit(store, put(name.partition("/")[2]))
    await commit(store, put("x", namespace="a"), put("x", namespace="a-b"), put("x", namespace="a.b"))
    expected = sorted([*NAMES, "a/x", "a-b/x", "a.b/x"], key=str.encode)
    assert await names(store) == expected
    assert await names(store, namespace="default") == sorted(NAMES, key=str.encode)
    assert await names(store, namespace="a") == ["a/x"]
    assert await names(store, namespace="missing") == []


async def test_cluster_wide_kinds_are_listed_by_name(store: Any) -> None:
    """Resources without a namespace come in byte order of their names."""
    await commit(store, *(put_namespace(name) for name in ("default", "a", "a-b", "B")))
    assert await names(store, "core/v2.Namespace") == ["/B", "/a", "/a-b", "/default"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 300, 0])
@pytest.mark.parametrize("namespace", [None, "default"])
async def test_pages_join_to_the_whole_list(store: Any, limit: int, namespace: str | None) -> None:
    """Pages of any size, one after the other, hold every resource once; only the last says that there is no more."""
    await store.commit([put(f"c{i:03}") for i in range(400)] + [put("x", namespace=n) for n in ("a", "a-b", "z")])
    whole = await names(store, namespace=namespace)
    seen, after, pages = [], None, 0
    while True:
        page = await store.list(CHECK, namespace, after=after, limit=limit)
        seen += [f"{item.key.namespace}/{item.key.name}" for item in page.items]
        pages += 1
        assert not limit or len(page.items) <= limit
        if not page.more:
            break
        after = (page.items[-1].key.namespace, page.items[-1].key.name)
    assert seen == whole
    assert pages == (-(-len(whole) // limit) if limit else 1)


async def test_a_page_starts_after_what_is_gone(store: Any) -> None:
    """A list goes on behind a resource that was deleted meanwhile."""
    await commit(store, put("a"), put("b"), put("c"))
    await commit(store, DeleteResource(check_key("b")))
    page = await store.list(CHECK, "default", after=("default", "b"), limit=5)
    assert [item.key.name for item in page.items] == ["c"]
    assert not page.more


async def test_bodies_are_what_readers_get(store: Any) -> None:
    """The bodies of a list are the public ones, in order, in several pages where there are many or large ones."""
    await store.commit([put(f"c{i:03}", b"%d" % i, shown=b"shown" if i == 7 else None) for i in range(600)])
    expected = [b"shown" if i == 7 else b"%d" % i for i in range(600)]
    assert await gathered(store.bodies(CHECK, None)) == expected
    assert await gathered(store.bodies(CHECK, "default")) == expected
    assert await gathered(store.bodies(CHECK, "other")) == []
    pages = [page async for page in store.bodies(CHECK, None)]
    assert max(map(len, pages)) < 600


async def test_large_bodies_make_small_pages(store: Any) -> None:
    """A page of large bodies holds few of them, and none is lost."""
    await store.commit([put(f"c{i:02}", b"x" * 600_000) for i in range(12)])
    pages = [len(page) async for page in store.bodies(CHECK, None)]
    assert sum(pages) == 12
    assert max(pages) <= 4
    assert len((await store.list(CHECK, None)).items) == 12
    page = await store.list(CHECK, None, limit=10)
    assert (len(page.items), page.more) == (10, True)


async def test_other_work_runs_while_a_list_is_read(store: Any) -> None:
    """Reading a long list lets others run between its pages."""
    await store.commit([event(f"e{i:04}", "c", b"x" * 100) for i in range(3000)])
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    for read in (store.list_events(None), gathered(store.event_bodies(None)), store.events_due()):
        before = turns
        await read
        assert turns > before
    task.cancel()


async def test_counts(store: Any) -> None:
    """Resources are counted by kind and namespace, events by namespace and entity; kinds without any are left out."""
    await commit(store, put_namespace("default"), put("a"), put("b"), put("a", namespace="dev"))
    await commit(store, PutResource(Key("core/v2.Asset", "dev", "x"), b"{}", "e"))
    await commit(store, event("web1", "http"), event("web1", "disk"), event("web", "http", namespace="dev"))
    assert [await store.count(CHECK, n) for n in (None, "default", "dev", "no")] == [3, 2, 1, 0]
    assert dict(await store.counts("dev")) == {CHECK: 1, "core/v2.Asset": 1}
    assert dict(await store.counts(None)) == {CHECK: 3, "core/v2.Asset": 1, "core/v2.Namespace": 1}
    assert dict(await store.counts("no")) == {}
    assert [await store.count_events(n) for n in (None, "default", "dev", "no")] == [3, 2, 1, 0]
    assert [await store.count_events("default", e) for e in ("web1", "web")] == [2, 0]


async def test_counts_follow_what_happens(medium: Medium) -> None:
    """Replacing counts nothing twice, a refused commit nothing at all, and what is removed counts no more."""
    async with medium.opened() as store:
        await commit(store, put("a"), put("b"), event("w", "c"), event("w", "d"))
        await commit(store, put("a", b"other"), event("w", "c", b"other"), put("c"))
        await commit(store, put("d"), put("a", must=Must.BE_ABSENT))
        await commit(store, DeleteResource(check_key("b")), DeleteEvent(EventKey("default", "w", "d")))
        await commit(store, put("b"), DeleteResource(check_key("b")))

    async with medium.opened() as store:
        assert await store.count(CHECK, "default") == len((await store.list(CHECK, "default")).items) == 2
        assert await store.count_events("default") == await store.count_events("default", "w") == 1
        await commit(store, *(DeleteResource(check_key(name)) for name in "ac"))
        assert dict(await store.counts("default")) == dict(await store.counts(None)) == {}


EVENTS = [("a-b", "x", "c"), ("a", "w-1", "z"), ("a", "w", "b"), ("a", "w", "c"), ("a", "w.1", "a"), ("b", "W", "c")]


async def test_events_stand_in_byte_order(store: Any) -> None:
    """Events come in byte order of `namespace/entity/check`, as whole list, of a namespace, of an entity."""
    await store.commit([event(e, c, f"{n}/{e}/{c}".encode(), n) for n, e, c in reversed(EVENTS)])
    expected = sorted(f"{n}/{e}/{c}".encode() for n, e, c in EVENTS)
    for namespace, entity, start in ((None, None, b""), ("a", None, b"a/"), ("a", "w", b"a/w/"), ("a", "v", b"no")):
        wanted = [body for body in expected if body.startswith(start)]
        assert [item.body for item in (await store.list_events(namespace, entity)).items] == wanted
        assert await gathered(store.event_bodies(namespace, entity)) == wanted


@pytest.mark.parametrize("limit", [1, 2, 5, 300, 0])
@pytest.mark.parametrize(("namespace", "entity"), [(None, None), ("default", None), ("default", "w")])
async def test_event_pages_join_to_the_whole_list(
    store: Any, limit: int, namespace: str | None, entity: str | None
) -> None:
    """Pages of events of any size, one after the other, hold every event once."""
    writes = [event("w", f"c{i:03}") for i in range(300)] + [event(e, "c", namespace=n) for n, e, _ in EVENTS]
    await store.commit([*writes, event("w-1", "c"), event("w.1", "c")])
    whole = [item.key for item in (await store.list_events(namespace, entity)).items]
    seen: list[EventKey] = []
    after, more = None, True
    while more:
        page = await store.list_events(namespace, entity, after=after, limit=limit)
        seen += [item.key for item in page.items]
        more, after = page.more, page.items[-1].key
    assert seen == whole
    assert len(seen) == len(set(seen)) >= 300


@pytest.mark.parametrize(("namespace", "entity"), [(None, None), ("a", None), ("a", "w")])
async def test_events_of_one_check(store: Any, namespace: str | None, entity: str | None) -> None:
    """A list may be of one check only, in the same order, and is continued like the whole list."""
    await store.commit([event(e, c, namespace=n) for n, e, c in EVENTS])
    whole = [item.key for item in (await store.list_events(namespace, entity)).items]
    expected = [key for key in whole if key.check == "c"]
    assert [i.key for i in (await store.list_events(namespace, entity, check="c")).items] == expected
    first = await store.list_events(namespace, entity, check="c", limit=1)
    assert first.more is (len(expected) > 1)
    rest = await store.list_events(namespace, entity, check="c", after=first.items[0].key)
    assert [item.key for item in rest.items] == expected[1:]


async def test_events_by_key(store: Any) -> None:
    """Many events can be asked for at once; those that do not exist are left out."""
    await store.commit([event(f"e{i}", "c", b"%d" % i, due_at=float(i)) for i in range(500)])
    keys = [EventKey("default", f"e{i}", "c") for i in range(700)]
    found = await store.get_events(keys)
    assert {key: (e.body, e.due_at) for key, e in found.items()} == {
        EventKey("default", f"e{i}", "c"): (b"%d" % i, float(i)) for i in range(500)
    }
    assert await store.get_events([]) == {}


async def test_events_due(store: Any) -> None:
    """Exactly the events whose silence is awaited are told as due, with the latest deadline of each."""
    await commit(store, event("a", "keepalive", due_at=100.25), event("b", "c"), event("c", "ttl", due_at=7.0))
    await commit(store, event("a", "keepalive", due_at=120.5), event("c", "ttl", due_at=None))
    assert list(await store.events_due()) == [(EventKey("default", "a", "keepalive"), 120.5)]


async def test_states_are_kept(medium: Medium) -> None:
    """A value kept under a name is the last one put, also after a restart."""
    async with medium.opened() as store:
        assert await store.get_state("jwt") is None
        await commit(store, PutState("jwt", b"one"), PutState("jwt", b"two"), PutState("empty", b""))
    async with medium.opened() as store:
        assert await store.get_state("jwt") == b"two"
        assert await store.get_state("empty") == b""


async def test_the_size_of_the_database_grows_with_it(store: Any) -> None:
    """The size is that of what is kept, in bytes."""
    before = await store.size_bytes()
    await commit(store, *(put(f"c{number}", os.urandom(100_000)) for number in range(20)))
    assert await store.size_bytes() >= before + 1_000_000


async def test_nothing_is_found_by_a_name_that_no_text_of_a_database_can_have(store: Any) -> None:
    """NUL in a name, which clients may send, is not found, like any other name that does not exist."""
    await commit(store, put("a"), event("web1", "http"))
    for nul in ("\0", "default\0", "\0default", "a\0"):
        assert await store.get(Key(CHECK, nul, nul)) is None
        assert await names(store, namespace=nul) == []
        assert await store.count(CHECK, nul) == 0
        assert await store.counts(nul) == {}
        assert await store.get_event(EventKey("default", nul, nul)) is None
        assert await store.get_events([EventKey(nul, "web1", "http"), EventKey("default", "web1", nul)]) == {}
        assert (await store.list_events(nul, nul, check=nul)).items == []
        assert (await store.list_events("default", after=EventKey("default", "web", nul))).items != []
        query = EventQuery(nul, EventOrder.SEVERITY)
        assert list(await store.listed_events(query, 0, 10)) == []
        assert list((await store.walk_events(query, None, 10)).items) == []
        assert list((await store.search_events(EventSearch(query, entity=nul, word=nul), None)).items) == []
        assert list((await store.event_changes(nul, 0, 10)).changed) == []
        assert await store.event_counts_of("default", [nul]) == {}
        assert await store.history(EventKey(nul, "web1", "http"), 10) is None
        assert await store.get_state(nul) is None
        for delete in (DeleteResource(Key(CHECK, "default", nul)), DeleteEvent(EventKey("default", "web1", nul))):
            await commit(store, delete)
    assert await names(store) == ["default/a"]
    assert await store.count_events(None) == 1
