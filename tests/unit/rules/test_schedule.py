import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.time_window import TimeWindowRepeated, TimeWindowWhen
from sensu.rules.schedule import Timing, next_at, slots_missed, subdued, timing
from sensu.testing.factories import make_check_config

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Timing(interval_s=60)),
        ({"publish": False}, None),
        ({"interval": 0}, None),
        ({"interval": 0, "cron": "@hourly"}, Timing(cron="@hourly")),
        ({"interval": 1, "round_robin": True}, Timing(interval_s=1.5)),
        ({"interval": 2, "round_robin": True}, Timing(interval_s=2)),
    ],
)
def test_what_runs_by_itself(fields: dict, expected: Timing | None) -> None:
    """Published checks run by interval or cron; the others only on demand."""
    assert timing(make_check_config(**fields)) == expected


@given(st.text(min_size=1, max_size=20), st.integers(1, 100_000), st.floats(1e9, 4e9))
def test_an_interval_check_keeps_its_phase(name: str, interval: int, now: float) -> None:
    """From any moment the next time is at most an interval away, and the one after it exactly one interval later."""
    when = Timing(interval_s=interval)
    first = next_at(name, when, now)
    assert first is not None
    assert 0 < first - now <= interval + 2e-6
    second = next_at(name, when, first)
    assert second == pytest.approx(first + interval, abs=1e-5)


def test_checks_are_spread_over_their_interval_by_name() -> None:
    """Checks of one interval are not all due at once."""
    due = [next_at(f"check-{at}", Timing(interval_s=60), NOW) for at in range(200)]
    seconds = sorted(at - NOW for at in due if at is not None)
    assert seconds[0] < 5
    assert seconds[-1] > 55
    assert len({round(second, 1) for second in seconds}) > 150


def test_a_cron_check_is_due_by_its_line() -> None:
    """A cron line gives its own times; one that cannot be read or never comes gives none."""
    assert next_at("c", Timing(cron="*/5 * * * *"), NOW) == 1_700_000_100
    assert next_at("c", Timing(cron="@every 2s"), NOW) == NOW + 2
    assert next_at("c", Timing(cron="nonsense"), NOW) is None
    assert next_at("c", Timing(cron="0 0 30 2 *"), NOW) is None


@pytest.mark.parametrize(
    ("when", "late_s", "missed"),
    [
        (Timing(interval_s=10), 0.1, 0),
        (Timing(interval_s=10), 9.9, 0),
        (Timing(interval_s=10), 35, 3),
        (Timing(cron="* * * * *"), 59, 0),
        (Timing(cron="* * * * *"), 125, 2),
    ],
)
def test_missed_times_are_counted(when: Timing, late_s: float, missed: int) -> None:
    """A check that is served late missed every later time that has passed as well."""
    due_at = next_at("c", when, NOW)
    assert due_at is not None
    assert slots_missed("c", when, due_at, due_at + late_s) == missed


def test_only_subdues_keep_a_check_from_running() -> None:
    """A check does not run within a subdue; the legacy subdue changes nothing, a broken window neither."""
    window = TimeWindowRepeated(begin="2023-11-14T22:00:00Z", end="2023-11-14T23:00:00Z")
    assert subdued(make_check_config(subdues=(window,)), NOW)
    assert not subdued(make_check_config(subdues=(window,)), NOW + 7200)
    assert not subdued(make_check_config(subdue=TimeWindowWhen()), NOW)
    assert not subdued(make_check_config(subdues=(TimeWindowRepeated(begin="x", end="y"),)), NOW)
