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
        (window(*NIGHT, "daily"), "2022-04-20T01:00:00Z", False),
        (window(*NIGHT, "mondays"), "2022-04-26T01:00:00Z", True),
        (window(*NOON, "monthly"), "2022-05-18T12:00:00Z", True),
        (window(*NOON, "annually"), "2023-04-18T12:00:00Z", True),
        (window(*NOON, "annually"), "2023-05-18T12:00:00Z", False),
        (window(*NOON, "weekends", "mondays"), "2022-04-25T12:00:00Z", True),
        (window("2022-04-16T22:00:00Z", "2022-04-17T02:00:00Z", "weekly"), "2022-04-24T01:00:00Z", False),
        (window("2022-04-18T22:00:00-07:00", "2022-04-19T02:00:00-07:00", "mondays"), "2022-04-26T06:00:00Z", True),
    ],
)
def test_subdued(given_window: dict[str, Any], moment: str, expected: bool) -> None:
    """A check is subdued while a repetition of its window lasts, by the clock of the window's own zone."""
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
        ({"monday": [{"begin": "10:00PM", "end": "6:00AM"}]}, "2022-04-18T05:00:00Z", True),
        ({"monday": [{"begin": "10:00PM", "end": "6:00AM"}]}, "2022-04-18T23:00:00Z", True),
        ({"monday": [{"begin": "10:00PM", "end": "6:00AM"}]}, "2022-04-19T05:00:00Z", False),
        ({}, "2022-04-18T05:00:00Z", False),
    ],
)
def test_within_when(days: dict[str, Any], moment: str, expected: bool) -> None:
    """A filter's window holds on its own UTC weekday only, past midnight included at that day's start."""
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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    day=st.integers(0, 365),
    begin_s=st.integers(0, 86_399),
    share=st.floats(0, 1),
    offset_h=st.integers(-12, 14),
    edge_s=st.sampled_from([-1, 0, 1]),
    at_end=st.booleans(),
)
def test_a_daily_window_has_its_edges_every_day(
    zone: str, day: int, begin_s: int, share: float, offset_h: int, edge_s: int, at_end: bool
) -> None:
    """It holds from its begin to its last second by the offset it was written with, also where clocks are changed."""
    length_s = int(max(0, 86_397 - begin_s) * share)
    own = timezone(timedelta(hours=offset_h))
    first = datetime(2022, 1, 1, tzinfo=own) + timedelta(seconds=begin_s)
    daily = window(first.isoformat(), (first + timedelta(seconds=length_s)).isoformat(), "daily")
    begin = (first + timedelta(days=day)).timestamp()
    moment = (begin + length_s if at_end else begin) + edge_s
    expected = begin <= moment <= begin + length_s and moment >= first.timestamp()
    assert subdued(daily, moment) is expected


MOMENTS = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)).map(
    lambda m: f"{m:%Y-%m-%dT%H:%M:%S}".zfill(19) + "Z"
)


@given(
    MOMENTS, MOMENTS, st.sampled_from(["daily", "weekly", "saturdays", "monthly", "annually"]), st.floats(-1e12, 1e12)
)
def test_no_moment_breaks_a_window(begin: str, end: str, repeat: str, moment: float) -> None:
    """Asking about any moment and any window gives yes or no, also at the ends of the calendar."""
    assert subdued(window(begin, end, repeat), moment) in (True, False)
