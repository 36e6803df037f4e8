from pathlib import Path

import pytest

from sensu.backend.eventd.outage import Beat, beat, beats, forget_surplus, grace_s, last_beat, remaining_s
from sensu.store.sqlite.store import SQLiteStore


@pytest.mark.parametrize(
    ("due_at", "alive_at", "now", "expected"),
    [
        (200, 100, 102, 100),
        (101, 100, 102, 9),
        (90, 100, 102, 9),
        (150, 100, 10_000, 240),
        (1000, 100, 10_000, 900),
        (200, 100, 90, 240),
        (400, 100, 90, 300),
    ],
    ids=[
        "rest of the time",
        "nearly due",
        "overdue",
        "long outage",
        "longer than the grace",
        "clock set back",
        "much time left",
    ],
)
def test_a_deadline_after_an_outage(due_at: float, alive_at: float, now: float, expected: float) -> None:
    """An outage takes no time from a deadline, and leaves agents at least the time that they need to be back."""
    assert remaining_s(due_at, alive_at, now) == expected


def test_the_grace_is_bounded() -> None:
    """No outage, however long, postpones failure events by more than four minutes."""
    assert grace_s(0) == 5
    assert grace_s(10**6) == 240


async def test_workers_share_one_clock_for_deadlines(tmp_path: Path) -> None:
    """Each worker knows when it was alive; deadlines go by whoever was down longest: none is early for another."""
    store = SQLiteStore(tmp_path)
    await store.open()
    assert last_beat(await beats(store), 50.0) == Beat(50.0)
    await store.commit([beat(1000.0, 10.0), beat(995.0, 40.0, member=1), beat(10.0, 5.0, member=2)])
    assert last_beat(await beats(store), 1001.0, 0) == Beat(1000.0, 40.0)
    assert last_beat(await beats(store), 1001.0, 1) == Beat(995.0, 40.0)
    await store.commit(forget_surplus(await beats(store), range(2)))
    assert last_beat(await beats(store), 2000.0, 2) == Beat(1000.0, 40.0)
    await store.close()
