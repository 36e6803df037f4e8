"""What listeners hear of commits."""

import asyncio
from typing import Any

from sensu.store.values import Change, DeleteEvent, DeleteResource, EventKey, Must, PutState
from tests.store.conftest import check_key, commit, event, put


async def test_changes_are_told_before_commit_returns(store: Any) -> None:
    """When `commit` returns every listener has heard its changes, in order of its writes, with its revision."""
    heard: list[Change] = []
    store.listen(heard.extend)
    done = await commit(store, put("a", b"1"), event("w", "c", b"2"), PutState("s", b"3"))
    assert heard == [
        Change(done.revision, check_key("a"), b"1"),
        Change(done.revision, EventKey("default", "w", "c"), b"2"),
    ]


async def test_a_change_tells_what_readers_get(store: Any) -> None:
    """Where readers get something else than what is stored, listeners hear both."""
    heard: list[Change] = []
    store.listen(heard.extend)
    await commit(store, put("a", b"secret", shown=b"no secret"))
    assert [(change.body, change.shown) for change in heard] == [(b"secret", b"no secret")]


async def test_changes_come_in_commit_order(store: Any) -> None:
    """Each listener is called once a commit, in order of revisions, and the last change is what the store holds."""
    calls: list[Any] = []
    store.listen(calls.append)
    await asyncio.gather(*(commit(store, put("a", b"%d" % i), put("b")) for i in range(200)))
    revisions = [changes[0].revision for changes in calls]
    assert revisions == sorted(set(revisions))
    assert len(calls) == 200
    assert (await store.get(check_key("a"))).body == calls[-1][0].body


async def test_only_changes_are_told(store: Any) -> None:
    """A refused commit, and removing what is not there, tell nothing; a removal tells that there is no body."""
    await commit(store, put("a"), event("w", "c"))
    heard: list[Any] = []
    store.listen(lambda changes: heard.extend((change.key, change.body) for change in changes))
    await commit(store, put("b"), put("a", must=Must.BE_ABSENT))
    await commit(store, DeleteResource(check_key("x"), Must.ANY), DeleteEvent(EventKey("default", "w", "x")))
    assert heard == []
    await commit(store, DeleteResource(check_key("a")), DeleteEvent(EventKey("default", "w", "c")))
    assert heard == [(check_key("a"), None), (EventKey("default", "w", "c"), None)]


async def test_a_listener_can_stop(store: Any) -> None:
    """A listener that stopped hears no more; stopping twice is fine."""
    heard: list[Any] = []
    stop = store.listen(heard.extend)
    await commit(store, put("a"))
    stop()
    stop()
    await commit(store, put("b"))
    assert [change.key.name for change in heard] == ["a"]


async def test_a_broken_listener_harms_nobody(store: Any) -> None:
    """What a listener raises reaches neither the committer nor other listeners."""
    heard: list[Any] = []

    def broken(changes: Any) -> None:
        raise RuntimeError("broken on purpose")

    store.listen(broken)
    store.listen(heard.extend)
    await commit(store, put("a"))
    assert len(heard) == 1


async def test_listeners_know_the_revision_of_each_commit(store: Any) -> None:
    """While listeners hear of a commit, the feed has its revision, also if several are written at once."""
    heard: list[tuple[int, int]] = []
    store.listen(lambda changes: heard.append((changes[-1].revision, store.feed.revision)))
    await asyncio.gather(*(commit(store, put(f"c{number}"), event(f"w{number}", "c")) for number in range(5)))
    assert len({revision for revision, _ in heard}) == 5
    assert all(revision == shown for revision, shown in heard)
    assert store.feed.revision == heard[-1][0]
