"""The history of events in a store."""

import asyncio
from typing import Any

from sensu.store.values import CutHistory, DeleteEvent, EventKey, HistoryPosition, Must, PutEvent, Result, TrimHistory
from tests.store.conftest import Medium, commit, event, put

KEY = EventKey("default", "web1", "http")
PING = EventKey("default", "web1", "ping")
EVERYTHING = 1 << 40


def taken(number: int, key: EventKey = KEY, changed: bool = False) -> PutEvent:
    """A result that is taken in at second `number`."""
    return PutEvent(key, b"event %d" % number, None, Result(number, b"%d" % number, changed))


async def read(store: Any, key: EventKey = KEY, limit: int = 10_000) -> list[int] | None:
    """The numbers of an event's history, newest first."""
    page = await store.history(key, limit)
    return None if page is None else [int(item.body) for item in page.items]


async def trim(store: Any, changes: bool = False, before: float = 0, bytes_max: int = EVERYTHING) -> None:
    await commit(store, TrimHistory(changes, before, bytes_max, entries_max=10_000))


async def test_every_result_is_kept_newest_first(medium: Medium) -> None:
    """Results and state changes of one event come as one history, in the order they came, after a restart too."""
    async with medium.opened() as store:
        for number in range(40):
            await commit(store, taken(number, changed=number % 7 == 0), taken(number, PING))
    async with medium.opened() as store:
        await commit(store, taken(40))
        page = await store.history(KEY, 100)
        assert [(item.at, int(item.body), item.changed) for item in page.items] == [
            (number, number, number % 7 == 0 and number < 40) for number in reversed(range(41))
        ]
        assert page.older is None
        assert await read(store, PING) == list(reversed(range(40)))


async def test_a_history_is_read_in_pages(store: Any) -> None:
    """Pages, one behind the other, hold every entry once, however the store is written to meanwhile."""
    for number in range(700):
        await commit(store, taken(number, changed=number % 5 == 0))
    for limit in (1, 3, 256, 699, 700, 1000):
        seen: list[int] = []
        page = await store.history(KEY, limit)
        while True:
            assert len(page.items) <= limit
            seen += [int(item.body) for item in page.items]
            if page.older is None:
                break
            await commit(store, PutEvent(KEY, b"{}", None, Result(9999, b"9999")))
            page = await store.history(KEY, limit, page.older)
        assert [number for number in seen if number != 9999] == list(reversed(range(700)))


async def test_results_of_one_group_are_all_kept(store: Any) -> None:
    """Where one commit, or commits that share a transaction, write an event several times, each result is kept."""
    await commit(store, taken(0, changed=True), taken(1), taken(2))
    await asyncio.gather(*(commit(store, taken(number, changed=number == 7)) for number in range(3, 12)))
    await commit(store, taken(12), PutEvent(KEY, b"no result"), taken(13))
    assert await read(store) == list(reversed(range(14)))
    assert (await store.get_event(KEY)).body == b"event 13"
    page = await store.history(KEY, 100)
    assert [int(item.body) for item in page.items if item.changed] == [7, 0]


async def test_a_refused_commit_leaves_no_history(store: Any) -> None:
    """A result stands or falls with the commit of its event."""
    await commit(store, put("a"), taken(0))
    await asyncio.gather(commit(store, taken(1), put("a", must=Must.BE_ABSENT)), commit(store, taken(2)))
    assert await read(store) == [2, 0]


async def test_a_deleted_event_has_no_history(medium: Medium) -> None:
    """The history goes with its event; one that comes again begins anew, in the same group and after a restart too."""
    async with medium.opened() as store:
        await commit(store, taken(0), taken(1))
        await commit(store, DeleteEvent(KEY))
        assert await read(store) is None
        await commit(store, taken(2))
        assert await read(store) == [2]
        await commit(store, DeleteEvent(KEY), taken(3), taken(4))
        assert await read(store) == [4, 3]
        await commit(store, taken(5), DeleteEvent(KEY))
        assert await read(store) is None
    async with medium.opened() as store:
        await commit(store, event("web1", "http"))
        assert await read(store) == []


async def test_old_results_make_room_and_state_changes_stay(store: Any) -> None:
    """What is older than the bound goes; the two logs are trimmed apart, and the newest entry of each stays."""
    for number in range(20):
        await commit(store, taken(number, changed=number % 10 == 0))
    await trim(store, before=15)
    assert await read(store) == [19, 18, 17, 16, 15, 10, 0]
    assert (await store.history_size(False)).oldest_at == 15
    assert (await store.history_size(True)).oldest_at == 0
    await trim(store, changes=True, before=5)
    assert await read(store) == [19, 18, 17, 16, 15, 10]
    await trim(store, before=100)
    await trim(store, changes=True, before=100)
    assert await read(store) == [19, 10]
    await commit(store, taken(20))
    assert await read(store) == [20, 19, 10]


async def test_a_history_has_no_more_than_so_many_bytes(store: Any) -> None:
    """Of a log that is larger than allowed the newest entries stay, so that storage is bounded."""
    for number in range(100):
        await commit(store, PutEvent(KEY, b"{}", None, Result(number, b"%0100d" % number)))
    before = (await store.history_size(False)).bytes
    assert 100 * 99 <= before <= 200 * 99
    await trim(store, bytes_max=before // 2)
    numbers = await read(store)
    assert numbers is not None
    assert len(numbers) in (49, 50, 51)
    assert numbers[0] == 99
    assert (await store.history_size(False)).bytes <= before // 2
    assert await store.history_size(True) == type(await store.history_size(True))(0, None)


async def test_a_history_is_trimmed_a_part_at_a_time(store: Any) -> None:
    """One trim looks at no more entries than it is told to, and the next goes on behind them."""
    await store.commit([taken(number) for number in range(50)])
    left = []
    for _ in range(3):
        await commit(store, TrimHistory(False, 45, EVERYTHING, entries_max=20))
        left.append(len(await read(store) or ()))
    assert left == [30, 10, 5]


async def test_a_position_outlives_what_was_trimmed(medium: Medium) -> None:
    """Who reads on from a part that was trimmed meanwhile gets the end, not the history of another event."""
    async with medium.opened() as store:
        await store.commit([taken(number) for number in range(10)])
        page = await store.history(KEY, 3)
        await store.commit([taken(number, PING) for number in range(10, 30)])
        await trim(store, before=100)
        again = await store.history(KEY, 3, page.older)
        assert (list(again.items), again.older) == ([], None)
        assert await read(store) == []
        await commit(store, taken(30))
        assert await read(store) == [30]
    async with medium.opened() as store:
        await commit(store, taken(31, PING))
        assert await read(store) == [30]
        assert await store.history(EventKey("default", "web1", "none"), 3, HistoryPosition(1, 1)) is None


async def test_the_history_of_one_event_is_cut(store: Any) -> None:
    """Results of one event go by their age, its state changes and other events' results stay, and more may follow."""
    for number in range(20):
        await commit(store, taken(number, changed=number % 10 == 0), taken(number, PING))
    await commit(store, CutHistory(KEY, 15), CutHistory(EventKey("default", "web1", "none"), 99))
    assert await read(store) == [19, 18, 17, 16, 15, 10, 0]
    assert await read(store, PING) == list(reversed(range(20)))
    await commit(store, CutHistory(KEY, 99), CutHistory(PING, 99))
    assert await read(store) == [10, 0]
    assert await read(store, PING) == [19]
    await commit(store, taken(20), taken(20, PING))
    assert await read(store) == [20, 10, 0]
    assert await read(store, PING) == [20, 19]
