"""Windows of time of checks and filters."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensu.errors import InvalidResource
from sensu.rules.time_windows import any_subdued, subdued, validate_subdue, validate_when, within_when


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def window(begin: str, end: str, *repeat: str) -> dict[str, Any]:
    return {"begin": begin, "end": end, "repeat": list(repeat)}


NIGHT = ("2022-04-18T22:00:00Z", "2022-04-19T02:00:00Z")
NOON = ("2022-04-18T11:00:00Z", "2022-04-18T13:00:00Z")


@pytest.mark.parametrize(
    ("given_window", "moment", "expected"),
    [
        (window(*NOON), "2022-04-18T13:00:00Z", True),
        (window(*NOON), "2022-04-18T13:00:01Z", False),
        (window(*NOON, "daily"), "2022-04-17T12:00:00Z", False),
        (window(*NOON, "daily"), "2023-01-01T12:00:00Z", True),
        (window(*NIGHT, "daily"), "2022-04-20T01:00:00Z", True),
        (window(*NIGHT, "daily"), "2022-04-18T01:00:00Z", False),
        (window(*NIGHT, "daily"), "2022-04-20T02:00:00Z", True),
        (window(*NIGHT, "daily"), "2022-04-20T02:00:01Z", False),
        (window(*NIGHT, "mondays"), "2022-04-26T01:00:00Z", True),
        (window(*NOON, "monthly"), "2022-05-18T12:00:00Z", True),
        (window(*NOON, "annually"), "2023-04-18T12:00:00Z", True),
        (window(*NOON, "annually"), "2023-05-18T12:00:00Z", False),
        (window(*NOON, "weekends", "mondays"), "2022-04-25T12:00:00Z", True),
        (window("2022-04-16T22:00:00Z", "2022-04-17T02:00:00Z", "weekly"), "2022-04-24T01:00:00Z", True),
        (window(*NIGHT, "saturdays"), "2022-04-24T01:00:00Z", True),
        (window(*NIGHT, "saturdays"), "2022-04-23T01:00:00Z", False),
        (window(*NIGHT, "weekdays"), "2022-04-23T01:00:00Z", True),
        (window(*NIGHT, "weekdays"), "2022-04-24T01:00:00Z", False),
        (window(*NIGHT, "weekdays"), "2022-04-25T01:00:00Z", False),
        (window(*NIGHT, "weekends"), "2022-04-25T01:00:00Z", True),
        (window(*NIGHT, "monthly"), "2022-05-19T01:00:00Z", True),
        (window(*NIGHT, "monthly"), "2022-05-18T01:00:00Z", False),
        (window(*NIGHT, "annually"), "2023-04-19T01:00:00Z", True),
        (window("2022-03-31T22:00:00Z", "2022-04-01T06:00:00Z", "monthly"), "2022-06-01T05:00:00Z", True),
        (window("2022-03-31T22:00:00Z", "2022-04-01T06:00:00Z", "monthly"), "2022-05-01T05:00:00Z", False),
        (window("2022-01-31T22:00:00Z", "2022-02-03T06:00:00Z", "monthly"), "2022-03-02T12:00:00Z", False),
        (window("2022-01-31T22:00:00Z", "2022-03-02T23:00:00Z", "monthly"), "2022-03-02T12:00:00Z", True),
        (window("2022-12-31T22:00:00Z", "2023-01-01T06:00:00Z", "annually"), "2025-01-01T05:00:00Z", True),
        (window("2020-02-29T22:00:00Z", "2020-03-01T06:00:00Z", "annually"), "2024-03-01T05:00:00Z", True),
        (window("2020-02-29T22:00:00Z", "2020-03-01T06:00:00Z", "annually"), "2023-03-01T05:00:00Z", False),
        (window("2022-04-15T18:00:00Z", "2022-04-18T06:00:00Z", "weekly"), "2022-04-25T05:00:00Z", True),
        (window("2022-04-15T18:00:00Z", "2022-04-18T06:00:00Z", "weekly"), "2022-04-25T07:00:00Z", False),
        (window("2022-04-15T18:00:00Z", "2022-04-17T06:00:00Z", "daily"), "2022-04-20T17:00:00Z", True),
        (window("2022-04-18T00:00:00Z", "2022-04-26T00:00:00Z", "weekly"), "2022-05-08T12:00:00Z", True),
        (window("2026-11-02T22:00:00+01:00", "2026-11-03T06:00:00+01:00", "daily"), "2026-11-20T00:30:00+01:00", True),
        (window("2022-04-18T22:00:00-07:00", "2022-04-19T02:00:00-07:00", "mondays"), "2022-04-26T06:00:00Z", True),
    ],
)
def test_subdued(given_window: dict[str, Any], moment: str, expected: bool) -> None:
    """A check is subdued while a repetition of its window lasts, past midnight too, by the clock of its own offset."""
    assert subdued(given_window, at(moment)) is expected


@pytest.mark.parametrize(
    ("given_window", "message"),
    [
        (window("bad", NOON[1]), "invalid begin time format: parsing time"),
        (window(NOON[0], "bad"), "invalid end time format: parsing time"),
        (window(NOON[1], NOON[0]), "end time must be after begin time"),
        (window(*NOON, "fortnightly"), "invalid repeat period: fortnightly"),
    ],
)
def test_unsound_subdues_are_refused(given_window: dict[str, Any], message: str) -> None:
    """A subdue that means nothing is refused with the rule it breaks, and subdues nothing if it was stored."""
    with pytest.raises(InvalidResource, match=message):
        validate_subdue(given_window)
    assert any_subdued([given_window], at(NOON[0]) + 86_400) is False


@pytest.mark.parametrize(
    ("days", "moment", "expected"),
    [
        ({"all": [{"begin": "3:00PM", "end": "4:00 PM"}]}, "2022-04-18T16:00:00Z", True),
        ({"all": [{"begin": "3:00PM", "end": "4:00 PM"}]}, "2022-04-18T16:00:01Z", False),
        ({"monday": [{"begin": "10:00PM", "end": "6:00AM"}]}, "2022-04-18T05:00:00Z", False),
        ({"monday": [{"begin": "10:00PM", "end": "6:00AM"}]}, "2022-04-18T23:00:00Z", True),
        ({"monday": [{"begin": "10:00PM", "end": "6:00AM"}]}, "2022-04-19T05:00:00Z", True),
        ({"monday": [{"begin": "10:00PM", "end": "6:00AM"}]}, "2022-04-19T06:00:01Z", False),
        ({"saturday": [{"begin": "10:00PM", "end": "6:00AM"}]}, "2022-04-24T05:00:00Z", True),
        ({"sunday": [{"begin": "10:00PM", "end": "6:00AM"}]}, "2022-04-25T05:00:00Z", True),
        ({"all": [{"begin": "10:00PM", "end": "6:00AM"}]}, "2022-04-19T05:00:00Z", True),
        ({"all": [{"begin": "10:00PM", "end": "6:00AM"}]}, "2022-04-19T12:00:00Z", False),
        ({}, "2022-04-18T05:00:00Z", False),
    ],
)
def test_within_when(days: dict[str, Any], moment: str, expected: bool) -> None:
    """A filter's window starts on its UTC weekday and holds until its end, past midnight too."""
    assert within_when({"days": days}, at(moment)) is expected


def test_unsound_clock_times_are_refused() -> None:
    """A 24-hour clock time in a filter's window is refused."""
    with pytest.raises(InvalidResource, match='parsing time "15:00": hour out of range'):
        validate_when({"days": {"all": [{"begin": "15:00", "end": "16:00"}]}})


@pytest.fixture(params=["UTC", "America/New_York", "Australia/Lord_Howe"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone that the backend lives in."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


LENGTHS_S = st.one_of(st.integers(0, 86_397), st.integers(0, 40 * 86_400))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    repeat=st.sampled_from(["daily", "weekly", "mondays", "saturdays", "weekdays", "weekends", "monthly", "annually"]),
    first_day=st.integers(0, 800),
    begin_s=st.integers(0, 86_399),
    length_s=LENGTHS_S,
    offset_h=st.integers(-12, 14),
    after_s=st.integers(-86_400, 1000 * 86_400),
)
def test_a_repeated_window_holds_for_its_length_after_each_of_its_starts(
    zone: str, repeat: str, first_day: int, begin_s: int, length_s: int, offset_h: int, after_s: int
) -> None:
    """It covers a moment if one of its starts is at most its length before, also where clocks are changed."""
    begin = datetime(2022, 1, 1, tzinfo=timezone(timedelta(hours=offset_h))) + timedelta(first_day, begin_s)
    length = timedelta(seconds=length_s)
    moment = begin + timedelta(seconds=after_s)
    days = (begin + timedelta(days=day) for day in range((moment - begin).days + 1))
    expected = any(day <= moment <= day + length for day in days if starts_on(repeat, begin, day))
    given_window = window(begin.isoformat(), (begin + length).isoformat(), repeat)
    assert subdued(given_window, moment.timestamp()) is expected


def starts_on(repeat: str, begin: datetime, day: datetime) -> bool:
    weekday = day.strftime("%A").lower() + "s"
    words = {"daily", weekday, "weekends" if weekday in ("saturdays", "sundays") else "weekdays"}
    words |= {"weekly"} if day.weekday() == begin.weekday() else set()
    words |= {"monthly"} if day.day == begin.day else set()
    words |= {"annually"} if (day.month, day.day) == (begin.month, begin.day) else set()
    return repeat in words


@given(
    day=st.integers(0, 6), begin=st.integers(0, 1439), length=st.integers(0, 1439), moment=st.integers(0, 7 * 1440 - 1)
)
def test_a_filters_window_holds_for_its_length_after_its_start(day: int, begin: int, length: int, moment: int) -> None:
    """A window of a weekday covers a minute of the week if it started at most its length before."""
    days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    when = {"days": {days[day]: [{"begin": kitchen(begin), "end": kitchen(begin + length)}]}}
    expected = (moment - day * 1440 - begin) % (7 * 1440) <= length
    assert within_when(when, at("2022-04-17T00:00:00Z") + moment * 60) is expected


def kitchen(minutes: int) -> str:
    return (datetime(2022, 1, 1) + timedelta(minutes=minutes)).strftime("%I:%M%p")


MOMENTS = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)).map(
    lambda m: f"{m:%Y-%m-%dT%H:%M:%S}".zfill(19) + "Z"
)


@given(
    MOMENTS, MOMENTS, st.sampled_from(["daily", "weekly", "saturdays", "monthly", "annually"]), st.floats(-1e12, 1e12)
)
def test_no_moment_breaks_a_window(begin: str, end: str, repeat: str, moment: float) -> None:
    """Asking about any moment and any window gives yes or no, also at the ends of the calendar."""
    assert subdued(window(begin, end, repeat), moment) in (True, False)
