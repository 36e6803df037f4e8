import asyncio

from sensu.backend.eventd.deadlines import Deadlines
from sensu.store.values import EventKey
from sensu.testing.virtual_clock import VirtualClock

A, B = EventKey("default", "web1", "a"), EventKey("default", "web1", "b")


def after(clock: VirtualClock, seconds: float) -> None:
    asyncio.run(clock.jump(seconds))


def test_events_come_due_in_the_order_of_their_deadlines() -> None:
    """What is due is told once, soonest first, and not before its time."""
    clock = VirtualClock()
    deadlines = Deadlines(clock)
    deadlines.arm(B, 10)
    deadlines.arm(A, 5)
    assert (deadlines.wait_s(60), deadlines.take_due(), len(deadlines)) == (5, [], 2)
    after(clock, 10)
    assert deadlines.take_due() == [A, B]
    assert (deadlines.take_due(), len(deadlines), deadlines.wait_s(60)) == ([], 0, 60)


def test_a_new_deadline_replaces_the_old_one() -> None:
    """An event that is armed again is due at its new time alone, be it later or earlier."""
    clock = VirtualClock()
    deadlines = Deadlines(clock)
    deadlines.arm(A, 5)
    deadlines.arm(A, 20)
    deadlines.arm(B, 20)
    deadlines.arm(B, 5)
    after(clock, 6)
    assert deadlines.take_due() == [B]
    after(clock, 15)
    assert deadlines.take_due() == [A]


def test_an_event_that_is_armed_often_takes_one_place() -> None:
    """Results that keep coming do not make the heap of deadlines grow."""
    clock = VirtualClock()
    deadlines = Deadlines(clock)
    for _ in range(1000):
        deadlines.arm(A, 60)
        after(clock, 0.01)
    assert len(deadlines._heap) == 1


def test_what_is_awaited_no_longer_is_not_due() -> None:
    """An event whose deadline is forgotten never comes due, unless it is armed again."""
    clock = VirtualClock()
    deadlines = Deadlines(clock)
    deadlines.arm(A, 5)
    deadlines.forget(A)
    assert A not in deadlines
    after(clock, 6)
    assert deadlines.take_due() == []
    deadlines.arm(A, 5)
    after(clock, 5)
    assert deadlines.take_due() == [A]


def test_a_pause_puts_all_deadlines_off() -> None:
    """Time in which nothing could arrive counts for no deadline."""
    clock = VirtualClock()
    deadlines = Deadlines(clock)
    deadlines.arm(A, 5)
    after(clock, 100)
    deadlines.pause(98)
    assert deadlines.take_due() == []
    after(clock, 3)
    assert deadlines.take_due() == [A]
