import asyncio

from sensu.backend.pipelined.queue.capacity import Lanes

SLOW, FAST = ("default", "slow"), ("default", "fast")


def test_a_full_lane_takes_no_more_and_says_when_it_does() -> None:
    """A handler has so much room and no more; having refused, it asks for more once half of it is free, once."""
    lanes = Lanes(4, 1)
    for _ in range(4):
        assert lanes.have_room([SLOW])
        lanes.enter(SLOW)
    assert not lanes.have_room([SLOW])
    assert [lanes.leave(SLOW) for _ in range(4)] == [False, True, False, False]


def test_lanes_do_not_take_room_from_each_other() -> None:
    """A full lane leaves another's room alone; what is for both waits."""
    lanes = Lanes(1, 1)
    lanes.enter(SLOW)
    assert lanes.have_room([FAST])
    assert not lanes.have_room([FAST, SLOW])


def test_a_lane_has_so_many_turns() -> None:
    """The turns of a handler are its own and bounded."""

    async def play() -> None:
        lanes = Lanes(10, 2)
        lanes.enter(SLOW)
        lanes.enter(FAST)
        await lanes.of(SLOW).turns.acquire()
        await lanes.of(SLOW).turns.acquire()
        assert lanes.of(SLOW).turns.locked()
        assert not lanes.of(FAST).turns.locked()

    asyncio.run(play())


def test_a_lane_that_nobody_uses_is_forgotten() -> None:
    """Handlers that come and go leave nothing in memory."""
    lanes = Lanes(10, 2)
    for number in range(100):
        lanes.enter(("default", str(number)))
        lanes.leave(("default", str(number)))
    assert not lanes._lanes
