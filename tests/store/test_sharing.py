"""Several processes that share a store: what one commits holds for all, and all hear of it in order."""

import asyncio
from collections.abc import Sequence

import pytest

from sensu.rules.share import Share, slot_of
from sensu.store.contract import Store
from sensu.store.values import (
    Change,
    Committed,
    Conflict,
    DeleteResource,
    DeliveriesSize,
    EventKey,
    Expect,
    Must,
    OweDelivery,
    PutEvent,
    Refused,
    Result,
    SettleDelivery,
)
from tests.store.conftest import Medium, check_key, commit, put

ENTITIES = [f"web{i}" for i in range(12)]


class Heard:
    """What a store's listeners are told."""

    def __init__(self, store: Store) -> None:
        self.changes: list[Change] = []
        store.listen(self.changes.extend)

    @property
    def words(self) -> list[tuple[str, bytes | None]]:
        return [(c.key.entity if isinstance(c.key, EventKey) else c.key.name, c.body) for c in self.changes]


def owned(member: int, members: int) -> EventKey:
    """An event in the share of a member."""
    share = Share(member, members)
    return next(EventKey("default", entity, "cpu") for entity in ENTITIES if share.owns(slot_of("default", entity)))


async def test_what_one_commits_the_others_read_at_once(medium: Medium) -> None:
    """A commit that was answered is there for every process, and `caught_up` reports it to the listeners of others."""
    async with medium.together(2) as (one, two):
        heard = Heard(two)
        await commit(one, put("a", b"1"), put("b", b"2"))
        assert (await two.get(check_key("a"))).body == b"1"  # type: ignore[union-attr]
        await two.feed.caught_up()
        assert heard.words == [("a", b"1"), ("b", b"2")]
        await two.feed.caught_up()
        assert len(heard.changes) == 2


async def test_everybody_hears_the_same_order(medium: Medium) -> None:
    """However commits of several processes mix, revisions grow and each listener is told of them in that order."""
    async with medium.together(3) as stores:
        heard = [Heard(store) for store in stores]

        async def write(store: Store, word: str) -> None:
            for i in range(40):
                await commit(store, put(f"{word}{i}", b"%d" % i))

        await asyncio.gather(*(write(store, word) for store, word in zip(stores, "xyz", strict=True)))
        for store in stores:
            await store.feed.caught_up()
        orders = [[(change.revision, change.key) for change in each.changes] for each in heard]
        assert orders[0] == orders[1] == orders[2] == sorted(orders[0])
        assert len({revision for revision, _ in orders[0]}) == 120


async def test_what_changed_several_times_is_told_as_it_is(medium: Medium) -> None:
    """Who looks late hears each resource once, with its newest body, and of one that was removed that it is gone."""
    async with medium.together(2) as (one, two):
        heard = Heard(two)
        for i in range(5):
            await commit(one, put("a", b"%d" % i))
        await commit(one, put("b"), put("c", b"c"))
        await commit(one, DeleteResource(check_key("b")))
        await two.feed.caught_up()
        assert heard.words == [("a", b"4"), ("c", b"c"), ("b", None)]


async def test_conditions_hold_for_all(medium: Medium) -> None:
    """Of processes that replace the same version of a resource one succeeds; what each knew before does not mislead."""
    async with medium.together(3) as stores:
        await commit(stores[0], put("a", b"0", etag="0"))
        for step in range(30):
            writes = [put("a", b"x", etag=str(step + 1), etag_before=str(step)) for _ in stores]
            outcomes = await asyncio.gather(*(store.commit([w]) for store, w in zip(stores, writes, strict=True)))
            assert [type(outcome) for outcome in outcomes].count(Committed) == 1
            assert {o.conflict for o in outcomes if isinstance(o, Refused)} == {Conflict.ETAG}


@pytest.mark.parametrize("others", [0, 1001], ids=["few changes", "many changes"])
async def test_a_process_forgets_what_others_change(medium: Medium, others: int) -> None:
    """Conditions on resources that another process changed meanwhile fail, and those on all others hold."""
    async with medium.together(2) as (one, two):
        await commit(one, put("a", etag="1"), put("b", etag="1"))
        await commit(one, put("a", etag="2", etag_before="1"), put("b", etag="2", etag_before="1"))
        await commit(two, put("b", etag="3", etag_before="2"), *(put(f"other{i}") for i in range(others)))
        assert isinstance(await commit(one, put("a", etag="3", etag_before="2")), Committed)
        assert await commit(one, put("b", etag="4", etag_before="2")) == Refused(0, Conflict.ETAG)
        await commit(two, DeleteResource(check_key("a")))
        assert isinstance(await commit(one, put("a", must=Must.BE_ABSENT)), Committed)


async def test_own_commits_take_their_place_among_those_of_others(medium: Medium) -> None:
    """A process that has not heard of an earlier commit of another one hears of it before its own."""
    async with medium.together(2) as (one, two):
        heard = Heard(one)
        await commit(one, put("a"))
        await commit(two, put("b"), put("c"))
        await commit(one, put("d"))
        await commit(one, put("e"))
        assert [word for word, _ in heard.words] == ["a", "b", "c", "d", "e"]
        assert one.feed.revision == heard.changes[-1].revision


async def test_a_name_is_taken_once(medium: Medium) -> None:
    """Of processes that create the same resource one succeeds, and again after it was removed by another."""
    async with medium.together(3) as stores:
        for turn in range(20):
            creating = [store.commit([put("a", must=Must.BE_ABSENT)]) for store in stores]
            outcomes = await asyncio.gather(*creating)
            assert [type(outcome) for outcome in outcomes].count(Committed) == 1
            await commit(stores[turn % 3], DeleteResource(check_key("a")))


async def test_a_commit_may_depend_on_what_was_read(medium: Medium) -> None:
    """With `Expect` nothing is written where the resource was changed, removed or made meanwhile."""
    async with medium.together(2) as (one, two):
        expected = Expect(check_key("a"), None)
        assert isinstance(await one.commit([expected, put("b")]), Committed)
        await commit(two, put("a", etag="1"))
        assert await one.commit([expected, put("b", b"2")]) == Refused(0, Conflict.CHANGED)
        assert isinstance(await one.commit([Expect(check_key("a"), "1"), put("b", b"3")]), Committed)
        await commit(two, DeleteResource(check_key("a")))
        assert await one.commit([put("c"), Expect(check_key("a"), "1")]) == Refused(1, Conflict.CHANGED)
        assert await two.get(check_key("c")) is None


async def test_events_of_all_are_stored_with_their_histories(medium: Medium) -> None:
    """Processes that store events at the same time disturb neither each other's events nor their histories."""
    async with medium.together(3) as stores:

        async def write(store: Store, key: EventKey) -> None:
            for i in range(60):
                body = b"%d" % i
                await commit(store, PutEvent(key, body, result=Result(i, body, changed=i % 7 == 0)))

        keys = [owned(member, 3) for member in range(3)]
        await asyncio.gather(*(write(store, key) for store, key in zip(stores, keys, strict=True)))
        for key in keys:
            page = await stores[0].history(key, 100)
            assert page is not None
            assert [int(item.body) for item in page.items] == list(reversed(range(60)))
            assert (await stores[1].get_event(key)).body == b"59"  # type: ignore[union-attr]
        assert await stores[2].count_events("default") == 3


async def test_an_event_is_written_by_its_own_process_only(medium: Medium) -> None:
    """What is not in its share a process cannot write, so that what each knows of its events stays true."""
    async with medium.together(2) as (one, two):
        await commit(two, PutEvent(owned(1, 2), b"{}"))
        with pytest.raises(Exception, match="another process"):
            await one.commit([PutEvent(owned(1, 2), b"{}")])
        await commit(one, PutEvent(owned(0, 2), b"{}"))


async def test_events_are_told_when_somebody_asked(medium: Medium) -> None:
    """Events that others write are told only after `include_events`, from the next commit on."""
    async with medium.together(2) as (one, two):
        heard = Heard(two)
        key = owned(0, 2)
        await commit(one, PutEvent(key, b"1"))
        await two.feed.caught_up()
        assert heard.words == []
        two.feed.include_events()
        await commit(one, PutEvent(key, b"2"))
        await two.feed.caught_up()
        assert one.feed.events_included
        assert heard.words == [(key.entity, b"2")]


def owe(store: Store, entity: str) -> OweDelivery:
    return OweDelivery(store.next_delivery_id(slot_of("default", entity)), "default", b"event", 1.0)


async def test_deliveries_are_dealt_out(medium: Medium) -> None:
    """Each process finds those of its share, all of them are counted, and ids differ whoever gives them out."""
    async with medium.together(3) as stores:
        shares = [Share(member, 3) for member in range(3)]
        for store, share in zip(stores, shares, strict=True):
            await commit(store, *(owe(store, entity) for entity in ENTITIES if share.owns(slot_of("default", entity))))
        found = [await stores[0].deliveries_owed(100, 0, share.slots) for share in shares]
        everything = await stores[1].deliveries_owed(100)
        assert sorted(one.id for each in found for one in each) == [one.id for one in everything]
        assert len(everything) == len(ENTITIES)
        assert all(found)
        assert {store.deliveries_size() for store in stores} == {DeliveriesSize(12, 12 * len(b"event"))}
        await commit(stores[2], *(SettleDelivery(one.id) for one in found[2]))
        assert stores[0].deliveries_size().count == 12 - len(found[2])


async def test_another_number_of_processes_finds_everything(medium: Medium) -> None:
    """What three processes left behind one finds, in order, and goes on with greater numbers; then two."""

    async def owing(members: int) -> Sequence[int]:
        async with medium.together(members) as stores:
            for member, store in enumerate(stores):
                ours = [entity for entity in ENTITIES if Share(member, members).owns(slot_of("default", entity))]
                await commit(store, *(owe(store, entity) for entity in ours))
            return [one.id for one in await stores[0].deliveries_owed(1000)]

    three, one, two = await owing(3), await owing(1), await owing(2)
    assert len(set(two)) == 36
    assert set(three) < set(one) < set(two)
    assert max(three) < min(set(one) - set(three)) <= max(one) < min(set(two) - set(one))


async def test_a_store_that_is_shared_is_not_opened_alone(medium: Medium) -> None:
    """While processes share a store nobody else may own it."""
    async with medium.together(1) as _:
        alone = medium.store()
        with pytest.raises(Exception, match="in use"):
            await alone.open()
