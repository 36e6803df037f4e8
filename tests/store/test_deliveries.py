"""Owed deliveries and dead letters."""

from typing import Any

from sensu.store.values import DeliveriesSize, OweDelivery, SettleDelivery
from tests.store.conftest import Medium, commit


def owe(store: Any, event: bytes = b"event", **more: Any) -> OweDelivery:
    return OweDelivery(store.next_delivery_id(), "default", event, 10.5, **more)


async def test_deliveries_are_owed_until_settled(store: Any) -> None:
    """Deliveries come in order of their ids, a page at a time, until they are settled."""
    owed = [owe(store, b"%d" % i) for i in range(5)]
    await store.commit(list(reversed(owed)))
    assert list(await store.deliveries_owed(3)) == owed[:3]
    assert list(await store.deliveries_owed(3, owed[2].id)) == owed[3:]
    await commit(store, SettleDelivery(owed[1].id), SettleDelivery(10**9))
    assert list(await store.deliveries_owed(10)) == [owed[0], *owed[2:]]
    assert not await store.dead_letters(10)


async def test_a_delivery_is_tried_again(store: Any) -> None:
    """Owing an id again replaces attempts, time and rest."""
    first = owe(store)
    await commit(store, first)
    again = OweDelivery(first.id, "default", b"event", 99.0, 3, b"slack")
    await commit(store, again)
    assert list(await store.deliveries_owed(10)) == [again]


async def test_dead_letters(store: Any) -> None:
    """A delivery that is given up rests among the dead letters with why, until it is owed again or settled."""
    one, two = owe(store, attempts=2, rest=b"r"), owe(store)
    await commit(store, one, two)
    await commit(store, SettleDelivery(one.id, "refused"), SettleDelivery(two.id, "timed out"))
    assert not await store.deliveries_owed(10)
    assert list(await store.dead_letters(10)) == [(one, "refused"), (two, "timed out")]
    assert list(await store.dead_letters(10, one.id)) == [(two, "timed out")]
    await commit(store, one, SettleDelivery(two.id))
    assert list(await store.deliveries_owed(10)) == [one]
    assert not await store.dead_letters(10)
    await commit(store, SettleDelivery(two.id, "unknown by now"))
    assert not await store.dead_letters(10)


async def test_how_much_is_owed_is_known(medium: Medium) -> None:
    """Count and bytes follow what is owed, again owed, settled and given up, and are known after a restart."""
    async with medium.opened() as store:
        one, two, three = owe(store, b"x" * 10), owe(store, b"x" * 200), owe(store, b"x" * 3000)
        await commit(store, one, two, three)
        assert store.deliveries_size() == DeliveriesSize(3, 3210)
        await commit(store, OweDelivery(two.id, "default", b"x" * 300, 1.0, 1), SettleDelivery(one.id, "why"))
        assert store.deliveries_size() == DeliveriesSize(2, 3300)
        await commit(store, OweDelivery(one.id, "default", b"x" * 10, 1.0), SettleDelivery(three.id))
        await commit(store, SettleDelivery(10**9), SettleDelivery(three.id))
        assert store.deliveries_size() == DeliveriesSize(2, 310)
    async with medium.opened() as store:
        assert store.deliveries_size() == DeliveriesSize(2, 310)


async def test_delivery_ids_never_come_again(medium: Medium) -> None:
    """Ids grow, also over restarts and where their deliveries are long settled."""

    async def given_out(store: Any) -> list[int]:
        owed = [owe(store) for _ in range(20)]
        await store.commit(owed)
        await store.commit([SettleDelivery(each.id) for each in owed])
        return [each.id for each in owed]

    ids = [one for _ in range(3) for one in await medium.ask(given_out)]
    assert ids == sorted(set(ids))


async def test_dead_letters_are_bounded(store: Any) -> None:
    """Of far more dead letters than the bound the latest rest."""
    last = 0
    for _ in range(11):
        owed = [owe(store, b"x") for _ in range(1000)]
        await store.commit(owed)
        await store.commit([SettleDelivery(each.id, "why") for each in owed])
        last = owed[-1].id
    letters = await store.dead_letters(20_000)
    assert 10_000 <= len(letters) < 10_100
    assert letters[-1][0].id == last
