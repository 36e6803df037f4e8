"""Time windows: repeated ones, which subdue checks, and those of filters by weekday."""

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
_DAY_S = 86_400
_MONTHS = 12
_STEPS_BACK = 9
"""The 29th of February recurs after at most eight years; any other date after two months, or a year."""
_REPEATS = frozenset({"annually", "monthly", "weekly", "daily", *_WEEKDAYS_OF})


def validate_subdue(window: Mapping[str, Any]) -> None:
    """Validate a window `{begin, end, repeat}`; raises InvalidResource with the rule that it breaks."""
    begin, end = _bounds(window)
    if end < begin:
        raise InvalidResource("end time must be after begin time")
    for repeat in window.get("repeat") or ():
        if repeat not in _REPEATS:
            raise InvalidResource(f"invalid repeat period: {repeat}")


def subdued(window: Mapping[str, Any], at: float) -> bool:
    """Whether `at` (Unix seconds) is in a window `{begin, end, repeat}`, including its last second.

    Without `repeat`, the window is absolute. With it, a window of the same length starts at the time of day of `begin`,
    with its offset, on each day that `repeat` names, from `begin` on: every day for `daily`, the weekday of `begin` for
    `weekly`, its date for `monthly` and `annually` (months and years without that date have no window). A window can
    extend beyond midnight. Source: docs, check reference; recordings of subdues.
    """
    begin, end = _bounds(window)
    try:
        moment = datetime.fromtimestamp(at, begin.tzinfo)
        length = end - begin + timedelta(seconds=1)
        repeats = window.get("repeat") or ()
        if not repeats:
            return begin <= moment < begin + length
        starts = [_last_start(repeat, begin, moment) for repeat in repeats if moment >= begin]
        return any(start is not None and begin <= start and moment - start < length for start in starts)
    except (OverflowError, ValueError, OSError):  # beyond the calendar
        return False


def _last_start(repeat: str, begin: datetime, moment: datetime) -> datetime | None:
    """The start of the last window before `moment`; earlier ones have ended, because all have the same length."""
    today = datetime.combine(moment.date(), begin.timetz())
    latest = today if today <= moment else today - timedelta(days=1)
    if repeat in ("monthly", "annually"):
        step = 1 if repeat == "monthly" else _MONTHS
        month = latest.year * _MONTHS + latest.month - 1
        if repeat == "annually":
            month -= (month - (begin.month - 1)) % _MONTHS
        dates = (_with_month(begin, earlier) for earlier in range(month, month - step * _STEPS_BACK, -step))
        return next((date for date in dates if date is not None and date <= latest), None)
    if repeat == "daily":
        return latest
    weekdays = {begin.isoweekday() % 7} if repeat == "weekly" else _WEEKDAYS_OF.get(repeat, frozenset())
    days = (latest - timedelta(days=back) for back in range(7))
    return next((day for day in days if day.isoweekday() % 7 in weekdays), None)


def _with_month(begin: datetime, month: int) -> datetime | None:
    """The day of the month and time of `begin` in another month (counted from year 0), None if it has no such day."""
    try:
        return begin.replace(year=month // _MONTHS, month=month % _MONTHS + 1)
    except ValueError:
        return None


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
    """Validate the clock times of `{days: {all, sunday…: [{begin, end}]}}`; raises InvalidResource."""
    days = when.get("days") or {}
    for day in ("all", *_WEEKDAYS):
        for window in days.get(day) or ():
            parse_kitchen(window.get("begin") or "")
            parse_kitchen(window.get("end") or "")


def within_when(when: Mapping[str, Any], at: float) -> bool:
    """Whether `at` (Unix seconds) is in a window of `all` or of its UTC weekday, including both ends.

    A window whose end is before its begin lasts until its end on the following day. Raises InvalidResource if a clock
    time is invalid. Source: docs, event filter reference; recorded windows.
    """
    days = when.get("days") or {}
    moment = datetime.fromtimestamp(at, UTC)
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
    today = moment.isoweekday() % 7
    return any(_clock_covers(window, seconds) for window in _listed(days, today)) or any(
        _clock_covers(window, seconds + _DAY_S) for window in _listed(days, today - 1)
    )


def _listed(days: Mapping[str, Any], weekday: int) -> list[Mapping[str, Any]]:
    """The windows that start on a weekday."""
    return [window for name in ("all", _WEEKDAYS[weekday]) for window in days.get(name) or ()]


def _clock_covers(window: Mapping[str, Any], seconds: float) -> bool:
    """Whether a window contains a time, in seconds after the midnight before its begin."""
    begin = parse_kitchen(window.get("begin") or "") * 60
    end = parse_kitchen(window.get("end") or "") * 60
    return begin <= seconds <= (end if begin <= end else end + _DAY_S)


def any_subdued(windows: Sequence[Mapping[str, Any]], at: float) -> bool:
    """Whether any of the windows contains `at`; an invalid window contains nothing."""
    return any(_subdued_if_sound(window, at) for window in windows)


def _subdued_if_sound(window: Mapping[str, Any], at: float) -> bool:
    try:
        return subdued(window, at)
    except InvalidResource:
        return False
