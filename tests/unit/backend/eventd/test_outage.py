from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.backend.eventd.outage import SPANS_MAX, Beat, SlotClocks, Span, beat, grace_s, left_out, remaining_s
from sensu.store.sqlite.store import SQLiteStore
from sensu.testing.virtual_clock import VirtualClock


@pytest.mark.parametrize(
    ("due_at", "down_s", "expected"),
    [(200, 2, 100), (101, 2, 9), (90, 2, 9), (150, 9_900, 240), (1000, 9_900, 900), (200, float("inf"), 240)],
    ids=["rest of the time", "nearly due", "overdue", "long outage", "longer than the grace", "clock set back"],
)
def test_a_deadline_after_an_outage(due_at: float, down_s: float, expected: float) -> None:
    """An outage takes no time from a deadline, and leaves agents at least the time that they need to be back."""
    assert remaining_s(due_at, 100, down_s) == expected


def test_the_grace_is_bounded() -> None:
    """No outage, however long, postpones failure events by more than four minutes."""
    assert grace_s(0) == 5
    assert grace_s(10**6) == 240


@pytest.mark.parametrize(
    ("now", "down_s"),
    [(107.0, 7.0), (99.0, 0.0), (90.0, float("inf"))],
    ids=["later", "clocks of hosts differ a little", "clock set back"],
)
def test_how_long_a_slot_was_down(now: float, down_s: float) -> None:
    """If a slot was alive later than now, it is not known how long it has been down."""
    assert Beat(100.0, 0.0).down_s(now) == down_s


async def test_the_clock_of_a_slot_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Its next owner begins with the time of the former one, without downtimes and pauses; other slots have theirs."""
    store = SQLiteStore(tmp_path)
    await store.open()
    clock = VirtualClock(5000.0)
    former = SlotClocks(clock)
    assert await former.resume(store, (1, 2), 5000.0) == {1: 0.0, 2: 0.0}
    await clock.advance(100)
    former.stand_still(30.0)
    await store.commit(former.beats(5100.0))
    await store.commit([beat(2, Beat(4000.0, 400.0))])
    await clock.advance(50)
    later = SlotClocks(clock)
    assert await later.resume(store, (1, 2, 3), 5150.0) == {1: 50.0, 2: 1150.0, 3: 0.0}
    await clock.advance(1)
    assert [later.now_s(slot) for slot in (1, 2, 3)] == [5071.0, 401.0, 5151.0]
    await store.close()


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=SPANS_MAX))
def test_a_time_with_several_reasons_is_left_out_once(times: list[tuple[int, int]]) -> None:
    """Whatever the order in which times are left out and how they overlap, the sum is that of their union."""
    spans: Sequence[Span] = ()
    total, covered = 0.0, set[int]()
    for begin, lasts in times:
        seconds, spans = left_out(spans, begin, begin + lasts)
        total += seconds
        covered |= set(range(begin, begin + lasts))
    assert total == len(covered)
