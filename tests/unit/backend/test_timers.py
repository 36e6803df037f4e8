from sensu.backend.timers import Timers
from sensu.resources.kinds import CHECK
from sensu.rules.schedule import Timing, timing
from sensu.store.values import Key
from sensu.testing.factories import make_check_config

NOW = 1_700_000_000.0
KEY = Key(CHECK.qualified_name, "default", "http")


def due_at(timers: Timers) -> float:
    return NOW + timers.wait_s(NOW, 10_000)


def test_a_check_is_due_again_one_interval_later() -> None:
    """A check that was taken in time is due an interval after its time, however late it was taken."""
    timers = Timers()
    timers.set(KEY, timing(make_check_config(interval=60)), NOW)
    first = due_at(timers)
    assert [due.key for due in timers.take_due(first + 3)] == [KEY]
    assert round(due_at(timers) - first, 3) == 60


def test_an_edit_of_other_fields_keeps_the_turn() -> None:
    """A changed command leaves the timer alone; a changed interval, cron line or publish does not."""
    timers = Timers()
    timers.set(KEY, timing(make_check_config(interval=3600)), NOW)
    before = due_at(timers)
    timers.set(KEY, timing(make_check_config(interval=3600, command="other")), NOW + 10)
    assert due_at(timers) == before
    timers.set(KEY, timing(make_check_config(interval=1)), NOW)
    assert due_at(timers) - NOW <= 1.01
    timers.set(KEY, timing(make_check_config(publish=False)), NOW)
    assert timers.take_due(NOW + 10_000) == []


def test_a_late_check_is_due_once_and_its_misses_are_told() -> None:
    """After a long sleep a check runs once, and goes on from then."""
    timers = Timers()
    timers.set(KEY, timing(make_check_config(interval=10)), NOW)
    late = due_at(timers) + 45
    [due] = timers.take_due(late)
    assert (due.missed, due.timing) == (4, Timing(interval_s=10))
    assert timers.take_due(late) == []


def test_a_clock_that_is_set_back_does_not_stop_checks() -> None:
    """After the clock went back an hour, a check is due within its interval."""
    timers = Timers()
    timers.set(KEY, timing(make_check_config(interval=10)), NOW)
    timers.restart(NOW - 3600)
    assert len(timers.take_due(NOW - 3600 + 10.01)) == 1


def test_schedulers_are_counted_by_kind_and_namespace() -> None:
    """Operators see how many checks run by interval, cron and round robin."""
    timers = Timers()
    timers.set(KEY, timing(make_check_config()), NOW)
    rr = Key(CHECK.qualified_name, "ops", "rr")
    timers.set(
        rr,
        timing(make_check_config("rr", namespace="ops", interval=0, cron="@hourly", round_robin=True)),
        NOW,
        round_robin=True,
    )
    assert timers.counts() == {("interval", "default"): 1, ("round_robin_cron", "ops"): 1}
    timers.set(rr, None, NOW)
    assert timers.counts() == {("interval", "default"): 1}
