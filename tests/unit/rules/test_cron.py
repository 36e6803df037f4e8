"""Cron schedules."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sensu.errors import InvalidResource
from sensu.rules import cron

FROM = datetime(2022, 3, 12, 23, 59, 30, tzinfo=UTC).timestamp()


def times(line: str, count: int, start: float = FROM) -> list[str]:
    """The next due times of a line, in ISO form."""
    schedule, found = cron.parse(line), []
    for _ in range(count):
        due = schedule.next_after(start)
        assert due is not None
        start = due
        found.append(datetime.fromtimestamp(due, UTC).strftime("%m-%dT%H:%M:%S"))
    return found


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("*/20 * * * *", ["03-13T00:00:00", "03-13T00:20:00"]),
        ("5/30 1 * * *", ["03-13T01:05:00", "03-13T01:35:00"]),
        ("0 12 * * mon-WED", ["03-14T12:00:00", "03-15T12:00:00"]),
        ("0 0 1 * *", ["04-01T00:00:00", "05-01T00:00:00"]),
        ("@weekly", ["03-13T00:00:00", "03-20T00:00:00"]),
        ("@every 1m30s", ["03-13T00:01:00", "03-13T00:02:30"]),
        ("CRON_TZ=Asia/Tokyo 30 4 * * *", ["03-13T19:30:00", "03-14T19:30:00"]),
        ("0 0 13 * TUE", ["03-13T00:00:00", "03-15T00:00:00"]),
        ("0 0 29 2 *", ["02-29T00:00:00"]),
    ],
)
def test_due_times(line: str, expected: list[str]) -> None:
    """A check runs when its cron line says."""
    assert times(line, len(expected)) == expected


def test_a_time_that_summer_time_leaves_out_is_skipped() -> None:
    """At 02:30 in New York nothing runs on the day the clocks go forward."""
    before = datetime(2022, 3, 12, 8, tzinfo=UTC).timestamp()
    assert times("TZ=America/New_York 30 2 * * *", 1, before) == ["03-14T06:30:00"]


def test_a_time_that_winter_time_repeats_is_due_twice() -> None:
    """At 01:30 in New York a check runs twice on the day the clocks go back."""
    before = datetime(2022, 11, 6, 0, tzinfo=UTC).timestamp()
    due = times("TZ=America/New_York 30 1 * * *", 3, before)
    assert due == ["11-06T05:30:00", "11-06T06:30:00", "11-07T06:30:00"]


def test_a_day_that_never_comes() -> None:
    """A line for the 31st of April is never due."""
    assert cron.parse("0 0 31 4 *").next_after(FROM) is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "empty spec string"),
        ("bad cron", "expected exactly 5 fields, found 2: [bad cron]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("@nightly", "unrecognized descriptor: @nightly"),
        ("@every x", 'failed to parse duration @every x: time: invalid duration "x"'),
        ("TZ=Nowhere/X 0 6 * * *", "provided bad location Nowhere/X: unknown time zone Nowhere/X"),
    ],
)
def test_messages(line: str, message: str) -> None:
    """A wrong cron line is refused with what is wrong with it."""
    with pytest.raises(InvalidResource) as refused:
        cron.parse(line)
    assert str(refused.value) == message


def field(low: int, high: int) -> st.SearchStrategy[str]:
    """Cron fields on whose meaning every implementation agrees."""
    number = st.integers(low, high)
    ranges = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    return st.one_of(
        st.just("*"),
        number.map(str),
        ranges,
        st.lists(number, min_size=1, max_size=3).map(lambda n: ",".join(map(str, n))),
    )


@settings(max_examples=60)
@given(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
def test_agrees_with_another_implementation(minute: str, hour: str, day: str, month: str, weekday: str) -> None:
    """Where cron dialects agree, the due times are the ones cronsim finds."""
    line = f"{minute} {hour} {day} {month} {weekday}"
    assume("*" in day or "*" in weekday or day.isdigit())
    expected = CronSim(line, datetime.fromtimestamp(FROM, UTC))
    schedule, at = cron.parse(line), FROM
    for _ in range(3):
        due = schedule.next_after(at)
        assert due == next(expected).timestamp()
        at = due


CHANGES = {
    "America/New_York": (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "Europe/Berlin": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 10, 3, 15, 30, tzinfo=UTC), datetime(2026, 4, 4, 15, tzinfo=UTC)),
}
"""When clocks go forward and back."""


@settings(max_examples=60)
@given(st.sampled_from(sorted(CHANGES)), st.booleans(), field(0, 59), field(0, 23))
def test_each_minute_that_matches_is_due_once(zone: str, forward: bool, minute: str, hour: str) -> None:
    """Around a change of the clocks a check runs at each minute whose local time its line names, and at no other."""
    change = CHANGES[zone][0 if forward else 1].timestamp()
    schedule = cron.parse(f"TZ={zone} {minute} {hour} * * *")
    minutes = [change + 60 * step for step in range(-240, 240)]
    local = ((at, datetime.fromtimestamp(at, ZoneInfo(zone))) for at in minutes)
    expected = [at for at, clock in local if names(minute, clock.minute) and names(hour, clock.hour)]
    found, at = [], schedule.next_after(minutes[0] - 1)
    while at is not None and at <= minutes[-1]:
        found.append(at)
        at = schedule.next_after(at)
    assert found == expected


def names(field: str, number: int) -> bool:
    """Whether a field of the simple kinds names a number."""
    if field == "*":
        return True
    low, dash, high = field.partition("-")
    return int(low) <= number <= int(high) if dash else number in map(int, field.split(","))


@given(st.one_of(st.text(max_size=30), st.text("0123456789*/-,?@ TZ=evry", max_size=30)))
def test_any_line_is_read_or_refused(line: str) -> None:
    """No line ends the parser with anything but a refusal, and due times go forward."""
    try:
        schedule = cron.parse(line)
    except InvalidResource:
        return
    found = [FROM, schedule.next_after(FROM)]
    assert all(due is None or due > before for before, due in pairwise(found) if before is not None)
