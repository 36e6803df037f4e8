"""Parses times: `now`, RFC 3339 with or without spaces, `May 10 2018 7:04AM America/Vancouver`.

Source: recorded sensuctl session silenced; docs, "Silencing reference".
"""

import datetime
import re
import zoneinfo

from sensu.errors import InvalidResource
from sensu.rules.go_time import parse_rfc3339
from sensu.sensuctl.failure import CommandFailed

NOW = ("", "0", "now")
_SPACED = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ?(Z|[-+]\d\d:\d\d)")
_LEGACY = re.compile(r"(\w+ \d{1,2},? \d{4} \d{1,2}:\d\d ?[AaPp][Mm])(?: ([\w/+-]+))?")


def unix_seconds(text: str) -> int:
    """The time in Unix seconds, 0 for now; raises CommandFailed if the text is not a time."""
    text = text.strip()
    if text in NOW:
        return 0
    spaced = _SPACED.fullmatch(text)
    try:
        return int(parse_rfc3339("{}T{}{}".format(*spaced.groups()) if spaced else text).timestamp())
    except InvalidResource:
        return _legacy(text)


def _legacy(text: str) -> int:
    match = _LEGACY.fullmatch(text)
    if match is None:
        raise _unknown(text)
    moment = match.group(1).replace(",", "").replace(" AM", "AM").replace(" PM", "PM")
    try:
        naive = datetime.datetime.strptime(moment.upper().title(), "%b %d %Y %I:%M%p")
        zone = zoneinfo.ZoneInfo(match.group(2) or "UTC")
    except (ValueError, zoneinfo.ZoneInfoNotFoundError) as err:
        raise _unknown(text) from err
    return int(naive.replace(tzinfo=zone).timestamp())


def _unknown(text: str) -> CommandFailed:
    return CommandFailed(f"unknown format for provided date {text}")


def rfc3339(unix_s: int) -> str:
    """`2030-01-02T15:04:05Z` in the local time zone."""
    moment = datetime.datetime.fromtimestamp(unix_s).astimezone()
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
