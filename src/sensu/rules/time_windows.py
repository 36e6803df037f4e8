"""Windows of time: the repeated ones that subdue checks, and the ones by weekday that filters consult."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sensu.errors import InvalidResource
from sensu.rules.go_time import parse_kitchen, parse_rfc3339

_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_WEEKDAYS_OF = {
    **{f"{name}s": frozenset({at}) for at, name in enumerate(_WEEKDAYS)},
    "weekdays": frozenset(range(1, 6)),
    "weekends": frozenset({0, 6}),
}
_REPEATS = frozenset({"annually", "monthly", "weekly", "daily", *_WEEKDAYS_OF})


def validate_subdue(window: Mapping[str, Any]) -> None:
    """Nothing for a sound `{begin, end, repeat}`; else InvalidResource with the rule it breaks."""
    begin, end = _bounds(window)
    if end < begin:
        raise InvalidResource("end time must be after begin time")
    for repeat in window.get("repeat") or ():
        if repeat not in _REPEATS:
            raise InvalidResource(f"invalid repeat period: {repeat}")


def subdued(window: Mapping[str, Any], at: float) -> bool:
    """Whether `at` (Unix seconds) lies in `{begin, end, repeat}`, its last second included.

    Without `repeat` the window is absolute. With it, it holds from the first begin on, by the clock of begin's offset:
    `daily` today, the weekday words and `weekly` on those days of this week (Sunday to Saturday), `monthly` and
    `annually` on the same date only. Source: pipeline recordings of subdues; docs, check reference.
    """
    begin, end = _bounds(window)
    try:
        moment = datetime.fromtimestamp(at, begin.tzinfo)
        length = end - begin + timedelta(seconds=1)
        repeats = window.get("repeat") or ()
        if not repeats:
            return begin <= moment < begin + length
        return moment >= begin and any(_repeats_into(repeat, begin, length, moment) for repeat in repeats)
    except (OverflowError, ValueError, OSError):  # beyond the calendar
        return False


def _repeats_into(repeat: str, begin: datetime, length: timedelta, moment: datetime) -> bool:
    today = begin.timetz()
    if repeat == "daily":
        return _covers(moment, today, 0, length)
    if repeat == "monthly":
        return moment.day == begin.day and _covers(moment, today, 0, length)
    if repeat == "annually":
        return (moment.month, moment.day) == (begin.month, begin.day) and _covers(moment, today, 0, length)
    weekdays = {begin.isoweekday() % 7} if repeat == "weekly" else _WEEKDAYS_OF.get(repeat, frozenset())
    this_weekday = moment.isoweekday() % 7
    return any(_covers(moment, today, weekday - this_weekday, length) for weekday in weekdays)


def _covers(moment: datetime, time_of_day: Any, days_off: int, length: timedelta) -> bool:
    start = datetime.combine(moment.date() + timedelta(days=days_off), time_of_day)
    return start <= moment < start + length


def _bounds(window: Mapping[str, Any]) -> tuple[datetime, datetime]:
    try:
        begin = parse_rfc3339(window.get("begin") or "")
    except InvalidResource as error:
        raise InvalidResource(f"invalid begin time format: {error}") from error
    try:
        end = parse_rfc3339(window.get("end") or "")
    except InvalidResource as error:
        raise InvalidResource(f"invalid end time format: {error}") from error
    return begin, end


def validate_when(when: Mapping[str, Any]) -> None:
    """Nothing when every clock time of `{days: {all, sunday…: [{begin, end}]}}` can be read; else InvalidResource."""
    days = when.get("days") or {}
    for day in ("all", *_WEEKDAYS):
        for window in days.get(day) or ():
            parse_kitchen(window.get("begin") or "")
            parse_kitchen(window.get("end") or "")


def within_when(when: Mapping[str, Any], at: float) -> bool:
    """Whether `at` (Unix seconds) lies in a window of `all` or of its UTC weekday, both ends included.

    A window whose end is before its begin holds until midnight and from midnight to its end of the same listed day.
    InvalidResource when a clock time cannot be read. Source: docs, event filter reference; recorded windows.
    """
    days = when.get("days") or {}
    moment = datetime.fromtimestamp(at, UTC)
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
    names = ("all", _WEEKDAYS[moment.isoweekday() % 7])
    windows: list[Mapping[str, Any]] = [window for name in names for window in days.get(name) or ()]
    return any(_clock_covers(window, seconds) for window in windows)


def _clock_covers(window: Mapping[str, Any], seconds: float) -> bool:
    begin = parse_kitchen(window.get("begin") or "") * 60
    end = parse_kitchen(window.get("end") or "") * 60
    if end < begin:
        return seconds >= begin or seconds <= end
    return begin <= seconds <= end


def any_subdued(windows: Sequence[Mapping[str, Any]], at: float) -> bool:
    """Whether any of the windows covers `at`; one that cannot be read covers nothing."""
    return any(_subdued_if_sound(window, at) for window in windows)


def _subdued_if_sound(window: Mapping[str, Any], at: float) -> bool:
    try:
        return subdued(window, at)
    except InvalidResource:
        return False
