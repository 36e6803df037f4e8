"""Cron schedules of checks: five fields, `@daily` and its like, `@every 90s`, and a `TZ=` or `CRON_TZ=` prefix.

Days of months and weekdays: when both are restricted, either suffices. Local times that a daylight-saving change leaves
out are skipped; those it repeats match twice. Source: recorded cron cases and the check reference.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sensu.errors import InvalidResource
from sensu.rules import go_duration

_YEARS_AHEAD_MAX = 5
_DAY_S = 86_400
_CRON_CHARACTERS_MAX = 1_000
_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = {name: at for at, name in enumerate(_MONTH_NAMES, 1)}
_WEEKDAYS = {name: at for at, name in enumerate(_WEEKDAY_NAMES)}


@dataclass(frozen=True, slots=True)
class _Bounds:
    low: int
    high: int
    names: dict[str, int]


_FIELDS = (
    _Bounds(0, 59, {}),
    _Bounds(0, 23, {}),
    _Bounds(1, 31, {}),
    _Bounds(1, 12, _MONTHS),
    _Bounds(0, 6, _WEEKDAYS),
)


class Schedule:
    """A schedule of a check."""

    __slots__ = ()

    def next_after(self, instant: float) -> float | None:
        """The first due time (Unix seconds) after `instant`; None if there is none within five years."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class EverySchedule(Schedule):
    """Due at a fixed interval in whole seconds."""

    period_s: int

    def next_after(self, instant: float) -> float | None:
        """The full second `period_s` after the second of `instant`."""
        return float(math.floor(instant) + self.period_s)


@dataclass(frozen=True, slots=True)
class FieldSchedule(Schedule):
    """Due at the minutes whose local time matches the five fields."""

    minutes_of_day: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    zone: tzinfo

    def next_after(self, instant: float) -> float | None:
        """The first matching minute after `instant`; None if there is none within five years."""
        try:
            day = datetime.fromtimestamp(instant, self.zone).date()
            last_year = day.year + _YEARS_AHEAD_MAX
            while day.year <= last_year:
                if day.month not in self.months:
                    day = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
                    continue
                found = self._on_day(day, instant) if self._allows(day) else None
                if found is not None:
                    return found
                day += timedelta(days=1)
        except (OverflowError, ValueError, OSError):  # beyond the calendar
            return None
        return None

    def _allows(self, day: date) -> bool:
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_date or by_weekday if self.either_day else by_date and by_weekday

    def _on_day(self, day: date, instant: float) -> float | None:
        starts_at = datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()
        tomorrow = day + timedelta(days=1)
        ends_at = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=self.zone).timestamp()
        if ends_at - starts_at != _DAY_S:
            return self._on_changing_day(starts_at, ends_at, instant)
        first = math.floor((instant - starts_at) / 60) + 1 if instant >= starts_at else 0
        at = bisect_left(self.minutes_of_day, first)
        return starts_at + self.minutes_of_day[at] * 60 if at < len(self.minutes_of_day) else None

    def _on_changing_day(self, starts_at: float, ends_at: float, instant: float) -> float | None:
        allowed = set(self.minutes_of_day)
        at = starts_at
        while at < ends_at:
            local = datetime.fromtimestamp(at, self.zone)
            if at > instant and local.hour * 60 + local.minute in allowed:
                return at
            at += 60
        return None


def parse(text: str, local: tzinfo = UTC) -> Schedule:
    """Parse a cron line, in the time zone `local` unless the line names one; raises InvalidResource with the reason."""
    if not text:
        raise InvalidResource("empty spec string")
    if len(text) > _CRON_CHARACTERS_MAX:
        raise InvalidResource(f"cron string is longer than {_CRON_CHARACTERS_MAX} characters")
    zone, line = local, text
    if text.startswith(("TZ=", "CRON_TZ=")):
        prefix, _, line = text.partition(" ")
        zone = _zone(prefix.partition("=")[2], local)
        line = line.strip()
    if line.startswith("@every "):
        return _every(line)
    if line.startswith("@"):
        if line not in _NAMED:
            raise InvalidResource(f"unrecognized descriptor: {line}")
        line = _NAMED[line]
    return _fields(line, zone)


def _zone(name: str, local: tzinfo) -> tzinfo:
    if name in ("", "UTC"):
        return UTC
    if name == "Local":
        return local
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidResource(f"provided bad location {name}: unknown time zone {name}") from error


def _every(line: str) -> EverySchedule:
    try:
        duration_ns = go_duration.parse_ns(line.removeprefix("@every "))
    except InvalidResource as error:
        raise InvalidResource(f"failed to parse duration {line}: {error}") from error
    return EverySchedule(max(1, duration_ns // 1_000_000_000))


def _fields(line: str, zone: tzinfo) -> FieldSchedule:
    fields = line.split()
    if len(fields) != len(_FIELDS):
        raise InvalidResource(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    parsed = [_field(field, bounds) for field, bounds in zip(fields, _FIELDS, strict=True)]
    (minutes, _), (hours, _), (days, any_day), (months, _), (weekdays, any_weekday) = parsed
    minutes_of_day = tuple(hour * 60 + minute for hour in sorted(hours) for minute in sorted(minutes))
    return FieldSchedule(minutes_of_day, days, months, weekdays, not (any_day or any_weekday), zone)


def _field(field: str, bounds: _Bounds) -> tuple[frozenset[int], bool]:
    """The values that a field allows, and whether it is unrestricted (`*`, `?`)."""
    values: set[int] = set()
    is_open = False
    for expression in filter(None, field.split(",")):
        low, high, step, starred = _range(expression, bounds)
        values.update(range(low, high + 1, step))
        is_open = is_open or (starred and step == 1)
    if not values:
        raise InvalidResource(f"field allows no value: {field}")
    return frozenset(values), is_open


def _range(expression: str, bounds: _Bounds) -> tuple[int, int, int, bool]:
    span, *steps = expression.split("/")
    ends = span.split("-")
    starred = ends[0] in ("*", "?")
    if starred:
        low, high = bounds.low, bounds.high
    elif len(ends) > 2:
        raise InvalidResource(f"too many hyphens: {expression}")
    else:
        low = _value(ends[0], expression, bounds)
        high = _value(ends[1], expression, bounds) if len(ends) == 2 else low
    if len(steps) > 1:
        raise InvalidResource(f"too many slashes: {expression}")
    step = _integer(steps[0], expression) if steps else 1
    if steps and len(ends) == 1:
        high = bounds.high
    _check_range(low, high, step, expression, bounds)
    return low, high, step, starred


def _check_range(low: int, high: int, step: int, expression: str, bounds: _Bounds) -> None:
    if low < bounds.low:
        raise InvalidResource(f"beginning of range ({low}) below minimum ({bounds.low}): {expression}")
    if high > bounds.high:
        raise InvalidResource(f"end of range ({high}) above maximum ({bounds.high}): {expression}")
    if low > high:
        raise InvalidResource(f"beginning of range ({low}) beyond end of range ({high}): {expression}")
    if step == 0:
        raise InvalidResource(f"step of range should be a positive number: {expression}")


def _value(text: str, expression: str, bounds: _Bounds) -> int:
    named = bounds.names.get(text.lower())
    return _integer(text, expression) if named is None else named


def _integer(text: str, expression: str) -> int:
    digits = text[1:] if text[:1] == "+" else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise InvalidResource(f'failed to parse int from {expression}: parsing "{text}": invalid syntax')
    return int(digits)
