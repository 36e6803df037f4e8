"""What listeners hear of commits."""

import asyncio
from typing import Any

from sensu.store.values import Change, DeleteEvent, DeleteResource, EventKey, Must, PutState
from tests.store.conftest import Medium, check_key, commit, event, put


def test_changes_are_told_before_commit_returns(medium: Medium) -> None:
    """When `commit` returns every listener has heard its changes, in order of its writes, with its revision."""

    async def story(store: Any) -> None:
        heard: list[Change] = []
        store.listen(heard.extend)
        done = await commit(store, put("a", b"1"), event("w", "c", b"2"), PutState("s", b"3"))
        assert heard == [
            Change(done.revision, check_key("a"), b"1"),
            Change(done.revision, EventKey("default", "w", "c"), b"2"),
        ]

    medium.play(story)


def test_a_change_tells_what_readers_get(medium: Medium) -> None:
    """Where readers get something else than what is stored, listeners hear both."""

    async def story(store: Any) -> None:
        heard: list[Change] = []
        store.listen(heard.extend)
        await commit(store, put("a", b"secret", shown=b"no secret"))
        assert [(change.body, change.shown) for change in heard] == [(b"secret", b"no secret")]

    medium.play(story)


def test_changes_come_in_commit_order(medium: Medium) -> None:
    """Each listener is called once a commit, in order of revisions, and the last change is what the store holds."""

    async def story(store: Any) -> None:
        calls: list[Any] = []
        store.listen(calls.append)
        await asyncio.gather(*(commit(store, put("a", b"%d" % i), put("b")) for i in range(200)))
        revisions = [changes[0].revision for changes in calls]
        assert revisions == sorted(set(revisions))
        assert len(calls) == 200
        assert (await store.get(check_key("a"))).body == calls[-1][0].body

    medium.play(story)


def test_only_changes_are_told(medium: Medium) -> None:
    """A refused commit, and removing what is not there, tell nothing; a removal tells that there is no body."""

    async def story(store: Any) -> None:
        await commit(store, put("a"), event("w", "c"))
        heard: list[Any] = []
        store.listen(lambda changes: heard.extend((change.key, change.body) for change in changes))
        await commit(store, put("b"), put("a", must=Must.BE_ABSENT))
        await commit(store, DeleteResource(check_key("x"), Must.ANY), DeleteEvent(EventKey("default", "w", "x")))
        assert heard == []
        await commit(store, DeleteResource(check_key("a")), DeleteEvent(EventKey("default", "w", "c")))
        assert heard == [(check_key("a"), None), (EventKey("default", "w", "c"), None)]

    medium.play(story)


def test_a_listener_can_stop(medium: Medium) -> None:
    """A listener that stopped hears no more; stopping twice is fine."""

    async def story(store: Any) -> None:
        heard: list[Any] = []
        stop = store.listen(heard.extend)
        await commit(store, put("a"))
        stop()
        stop()
        await commit(store, put("b"))
        assert [change.key.name for change in heard] == ["a"]

    medium.play(story)


def test_a_broken_listener_harms_nobody(medium: Medium) -> None:
    """What a listener raises reaches neither the committer nor other listeners."""

    async def story(store: Any) -> None:
        heard: list[Any] = []

        def broken(changes: Any) -> None:
            raise RuntimeError("broken on purpose")

        store.listen(broken)
        store.listen(heard.extend)
        await commit(store, put("a"))
        assert len(heard) == 1

    medium.play(story)
