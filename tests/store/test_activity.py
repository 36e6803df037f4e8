"""What stores keep of activity, and of the connections of agents."""

from typing import Any

from sensu.store.activity_values import ActivityCounts, CountActivity, NoteConnection, TrimActivity
from tests.store.conftest import Medium, commit

DAY_START = 1_790_035_200
assert DAY_START % 900 == 0


async def test_counts_are_summed_by_minute_and_by_quarter(medium: Medium) -> None:
    """Counts of one minute are added up, also those of several commits; of incidents the greatest number is kept."""
    async with medium.opened() as store:
        await commit(
            store,
            CountActivity("default", DAY_START + 5, incidents=2, changes=1, events=10),
            CountActivity("default", DAY_START + 59, incidents=1, events=5, failed=1),
            CountActivity("other", DAY_START + 5, events=7),
        )
        await commit(store, CountActivity("default", DAY_START + 30, incidents=4, events=1, delivered=3))
        await commit(store, CountActivity("default", DAY_START + 60, incidents=3, events=100))

    async with medium.opened() as store:
        assert await store.activity("default", 60, DAY_START, DAY_START + 3600) == [
            ActivityCounts(DAY_START, incidents=4, changes=1, events=16, delivered=3, failed=1),
            ActivityCounts(DAY_START + 60, incidents=3, events=100),
        ]
        assert await store.activity("default", 900, DAY_START, DAY_START) == [
            ActivityCounts(DAY_START, incidents=4, changes=1, events=116, delivered=3, failed=1)
        ]
        assert await store.activity("default", 60, DAY_START + 61, DAY_START + 3600) == []
        assert await store.activity("nowhere", 60, DAY_START, DAY_START + 3600) == []


async def test_connections_are_read_by_agent_and_period_newest_first(store: Any) -> None:
    """Connects and disconnects are those of one agent and one period, and no more than are asked for."""
    noted = [
        NoteConnection("default", "web1", 100 + number, number % 2 == 0, "backend-1", f"reason {number}")
        for number in range(6)
    ]
    await commit(store, *noted, NoteConnection("default", "web10", 103, True, "backend-2", "of another"))
    await commit(store, NoteConnection("other", "web1", 103, True, "backend-2", "in another namespace"))
    assert await store.connections("default", "web1", 0, 1000, 100) == noted[::-1]
    assert await store.connections("default", "web1", 101, 104, 2) == [noted[4], noted[3]]


async def test_what_is_too_old_or_too_much_is_dropped(store: Any) -> None:
    """Minutes, quarters and connections each have their own bound of age, and connections one of number."""
    await commit(store, *(CountActivity("default", at, events=1) for at in (0, 900, 1800, 2700)))
    await commit(store, *(NoteConnection("default", "web1", at, True, "", "") for at in range(20)))
    await commit(
        store, TrimActivity(minutes_before=1800, quarters_before=900, connections_before=5, connections_max=100)
    )
    assert [one.at for one in await store.activity("default", 60, 0, 9000)] == [1800, 2700]
    assert [one.at for one in await store.activity("default", 900, 0, 9000)] == [900, 1800, 2700]
    assert len(await store.connections("default", "web1", 0, 100, 100)) == 15
    await commit(store, TrimActivity(minutes_before=0, quarters_before=0, connections_before=0, connections_max=3))
    assert [one.at for one in await store.connections("default", "web1", 0, 100, 100)] == [19, 18, 17]
