"""The schedule of a check in words."""

import re

from sensu.errors import InvalidResource
from sensu.resources.check import CheckConfig
from sensu.rules import cron

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ZONE = re.compile(r"(?:CRON_)?TZ=(\S+)\s+(.*)", re.DOTALL)
_STEP = re.compile(r"(?:\*|0)/([0-9]+)")
_NAMED = {
    "@yearly": "on 1 January at 00:00",
    "@annually": "on 1 January at 00:00",
    "@monthly": "on the 1st of every month at 00:00",
    "@weekly": "every Sunday at 00:00",
    "@daily": "every day at 00:00",
    "@midnight": "every day at 00:00",
    "@hourly": "every hour",
}


def schedule_words(check: CheckConfig) -> str:
    """`every 10 s`, `every 15 minutes, Monday to Friday`; the cron line itself if it is too complex for words."""
    if not check.cron:
        return f"every {check.interval} s" if check.interval else ""
    return cron_words(check.cron)


def cron_words(line: str) -> str:
    """A cron line in words; empty if it is invalid."""
    try:
        cron.parse(line)
    except InvalidResource:
        return ""
    zone, rest = "", line.strip()
    found = _ZONE.fullmatch(rest)
    if found is not None:
        zone, rest = f" ({found[1]})", found[2].strip()
    if rest.startswith("@every"):
        return f"every {rest.removeprefix('@every').strip()}{zone}"
    if rest in _NAMED:
        return f"{_NAMED[rest]}{zone}"
    words = _fields_words(rest.split())
    return f"{words}{zone}" if words else rest + zone


def _fields_words(fields: list[str]) -> str:
    minute, hour, day, month, weekday = fields
    time = _time_words(minute, hour)
    days = _day_words(day, month, weekday)
    if time is None or days is None:
        return ""
    if time.startswith("at ") and not days:
        return f"every day {time}"
    if time.startswith("at "):
        return f"{days} {time}"
    return f"{time}, {days}" if days else time


def _time_words(minute: str, hour: str) -> str | None:
    step = _STEP.fullmatch(minute)
    if minute == "*" or step is not None:
        often = "every minute" if step is None or step[1] == "1" else f"every {step[1]} minutes"
        if hour == "*":
            return often
        first, dash, last = hour.partition("-")
        if first.isdigit() and (last.isdigit() or not dash):
            return f"{often} from {int(first):02}:00 to {int(last or first):02}:59"
        return None
    if not minute.isdigit():
        return None
    hours = _STEP.fullmatch(hour)
    if hour == "*":
        return "every hour" if int(minute) == 0 else f"every hour at minute {int(minute)}"
    if hours is not None:
        return f"every {hours[1]} hours" if int(minute) == 0 else f"every {hours[1]} hours at minute {int(minute)}"
    if all(one.isdigit() for one in hour.split(",")):
        return "at " + _listed([f"{int(one):02}:{int(minute):02}" for one in hour.split(",")])
    return None


def _day_words(day: str, month: str, weekday: str) -> str | None:
    if month not in ("*", "?") and not month.isdigit():
        return None
    in_month = "" if month in ("*", "?") else _MONTHS[int(month) - 1]
    any_day, any_weekday = day in ("*", "?"), weekday in ("*", "?")
    if not any_day and not any_weekday:
        return None
    if not any_day:
        return (
            (f"on {int(day)} {in_month}" if in_month else f"on day {int(day)} of every month")
            if day.isdigit()
            else None
        )
    words = "" if any_weekday else _weekday_words(weekday)
    if words is None:
        return None
    return f"{words} in {in_month}".strip() if in_month else words


def _weekday_words(weekday: str) -> str | None:
    numbers = re.sub(
        "|".join(name[:3] for name in _DAYS),
        lambda found: str([name[:3].lower() for name in _DAYS].index(found[0].lower())),
        weekday,
        flags=re.IGNORECASE,
    )
    first, dash, last = numbers.partition("-")
    if dash and first.isdigit() and last.isdigit():
        return f"{_DAYS[int(first) % 7]} to {_DAYS[int(last) % 7]}"
    if all(one.isdigit() for one in numbers.split(",")):
        return "every " + _listed([_DAYS[int(one) % 7] for one in numbers.split(",")])
    return None


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
