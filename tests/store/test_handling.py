"""How events were handled is kept with the state change that they belong to."""

from typing import Any

from sensu.store.values import (
    DeleteEvent,
    EventKey,
    EventOrder,
    EventQuery,
    NoteHandling,
    OweDelivery,
    PutEvent,
    Result,
    SettleDelivery,
    StoredHandling,
    TrimHistory,
)
from tests.store.conftest import commit

KEY = EventKey("default", "web1", "http")


def change(delivery: int, handled: bytes | None = None) -> PutEvent:
    return PutEvent(KEY, b"{}", None, Result(delivery, b"%d" % delivery, True, delivery, handled))


async def kept(store: Any) -> list[tuple[int, bytes | None]]:
    page = await store.history(KEY, 100)
    return [(item.delivery, item.handled) for item in page.items if item.changed]


async def test_the_outcome_of_a_delivery_belongs_to_the_last_state_change_before_it(store: Any) -> None:
    """A retry that ends after further state changes is kept with its own one, a repetition with the newest."""
    await commit(store, change(64), change(128))
    await commit(store, PutEvent(KEY, b"{}", None, Result(1, b"1")), change(192, b""))
    await commit(store, NoteHandling(KEY, 64, b"first"), NoteHandling(KEY, 256, b"repeated"))
    assert await kept(store) == [(192, b"repeated"), (128, None), (64, b"first")]
    assert await store.handling(KEY, 128) == StoredHandling(128, None)
    assert await store.handling(KEY, 191) == StoredHandling(128, None)
    assert await store.handling(KEY, 300) == StoredHandling(192, b"repeated")
    assert await store.handling(KEY, 63) is None
    (stored,) = (await store.get_events([KEY])).values()
    assert stored.change == 192


async def test_nothing_is_kept_for_what_is_gone(store: Any) -> None:
    """An outcome for a state change that was trimmed, or for an event that was deleted, is dropped."""
    await commit(store, change(64), change(128))
    await commit(store, TrimHistory(True, 100.0, 1 << 30, 100))
    await commit(store, NoteHandling(KEY, 64, b"late"))
    assert await kept(store) == [(128, None)]
    await commit(store, DeleteEvent(KEY), change(192))
    await commit(store, NoteHandling(KEY, 128, b"late"), NoteHandling(EventKey("default", "x", "y"), 1, b"late"))
    assert await kept(store) == [(192, None)]


async def test_lists_show_how_the_last_state_change_was_handled(store: Any) -> None:
    """A row has the handling of the last state change, and following the list tells of a new outcome."""
    query = EventQuery("default", EventOrder.NAME)
    await commit(store, change(64))
    (row,) = await store.listed_events(query, 0, 10)
    assert row.handling == StoredHandling(64, None)
    revision = await store.event_changes_revision("default")
    await commit(store, NoteHandling(KEY, 64, b"told"))
    (row,) = (await store.event_changes("default", revision, 10)).changed
    assert row.handling == StoredHandling(64, b"told")


async def test_a_delivery_knows_its_state_change(store: Any) -> None:
    """The number of the state change stays with a delivery, also as a dead letter."""
    await commit(store, OweDelivery(128, "default", b"{}", 0.0, change=64), OweDelivery(192, "default", b"{}", 0.0))
    assert [one.change for one in await store.deliveries_owed(10)] == [64, 0]
    await commit(store, SettleDelivery(128, dead="why"))
    assert [one.change for one, _ in await store.dead_letters(10)] == [64]
