"""`opentsdb_line`: lines of `name timestamp value tag=value …`."""

import re
from collections.abc import Iterator

from sensu.rules.go_number import parse_float
from sensu.rules.metrics.points import Point, RefusedLine, Tag, numbered_lines, point

_TIME = re.compile(r"(\d{1,12})(?:\.\d{1,3})?|(\d{10})(\d{3})", re.ASCII)


def points(output: str, tags: list[Tag]) -> Iterator[Point | RefusedLine]:
    """The point of each line that has at least one tag; other lines are refused.

    Whitespace separates the words. Times of 13 digits are milliseconds, others seconds, with up to three decimals.
    Source: OpenTSDB docs, "Writing Data"; recorded opentsdb cases.
    """
    for number, line in numbered_lines(output):
        yield _point(line, tags) or RefusedLine(number, "a line is `name timestamp value tag=value …`")


def _point(line: str, tags: list[Tag]) -> Point | None:
    words = line.split()
    if len(words) < 4:
        return None
    time, value, own = _TIME.fullmatch(words[1]), parse_float(words[2]), _own_tags(words[3:])
    if time is None or value is None or own is None:
        return None
    return point(words[0], value, int(time[1] or time[2]), own + tags)


def _own_tags(pairs: list[str]) -> list[Tag] | None:
    """The tags of a line; None if one is not a pair or a name has two values."""
    own: dict[str, str] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if not name or not value or "=" in value or own.setdefault(name, value) != value:
            return None
    return [{"name": name, "value": value} for name, value in own.items()]
