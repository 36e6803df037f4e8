"""Maintenance windows of other systems as `subdues` of checks, in which the checks do not run."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sensu.rules.importing.imported import Review

DURATION_MAX_S = 7 * 86_400
DAYS = ("mondays", "tuesdays", "wednesdays", "thursdays", "fridays", "saturdays", "sundays")
"""The values of `repeat`, by the number of the day."""
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::\d\d)?")
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")
_SUMMER_OFFSET = "it does not follow daylight saving time"


class Subdue(NamedTuple):
    """A window of a check, and what must be reviewed about it."""

    begin: datetime
    end: datetime
    repeat: tuple[str, ...]
    review: str = ""

    def spec(self) -> dict[str, object]:
        """The window as a check has it."""
        found: dict[str, object] = {"begin": self.begin.isoformat(), "end": self.end.isoformat()}
        return {**found, "repeat": list(self.repeat)} if self.repeat else found

    def reviews(self) -> list[Review]:
        """What must be decided, if there is something."""
        text = f"a maintenance window has the offset {self.begin:%z}: {self.review}"
        return [Review(text, "subdues")] if self.review else []


def repeated(start: str, duration_s: float, zone: str, repeat: Sequence[str], now: float) -> Subdue | None:
    """A window that begins at a time of day; None if the time, the duration or the time zone is not known.

    It counts from the day before `now` on, so that one that is open now is open here too.
    """
    time, found = _TIME.fullmatch(start.strip()), zone_of(zone)
    if time is None or found is None or not 0 < duration_s <= DURATION_MAX_S:
        return None
    day = datetime.fromtimestamp(now, found) - timedelta(days=1)
    begin = day.replace(hour=int(time[1]), minute=int(time[2]), second=0, microsecond=0)
    review = _SUMMER_OFFSET if begin.utcoffset() != (begin + timedelta(days=182)).utcoffset() else ""
    return Subdue(_fixed(begin), _fixed(begin) + timedelta(seconds=duration_s), tuple(repeat), review)


def once(begin: str, end: str, zone: str) -> Subdue | None:
    """A window between two times such as `2026-12-01 22:00:00`; None if they are none."""
    found = zone_of(zone)
    try:
        times = [datetime.fromisoformat(text.strip()) for text in (begin, end)]
    except ValueError:
        return None
    if found is None or times[1].replace(tzinfo=None) <= times[0].replace(tzinfo=None):
        return None
    first, last = (_fixed(time if time.tzinfo else time.replace(tzinfo=found)) for time in times)
    return Subdue(first.replace(microsecond=0), last.replace(microsecond=0), ())


def _fixed(time: datetime) -> datetime:
    """A time whose offset is that of its zone at this time."""
    return datetime.fromisoformat(time.isoformat())


def zone_of(name: str) -> tzinfo | None:
    """A time zone; UTC if there is no name, None if it is not known."""
    if name in ("", "UTC"):
        return UTC
    try:
        return ZoneInfo(name) if _ZONE.fullmatch(name) else None
    except (OSError, ValueError, KeyError):
        return None
