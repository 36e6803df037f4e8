"""`graphite_plaintext`: lines of `path value seconds`, tags as `path;tag=value`, parsed as Carbon does."""

import math
from collections.abc import Iterator

from sensu.rules.go_number import parse_float
from sensu.rules.metrics.points import Point, RefusedLine, Tag, numbered_lines, point

_TIME_MAX = 2.0**63
_NOW = -1
"""Carbon replaces this time with the current one."""


def points(output: str, now: float, tags: list[Tag]) -> Iterator[Point | RefusedLine]:
    """The point of each valid line; other lines are refused.

    Whitespace separates the three words; the fraction of a time is ignored.
    Source: Graphite docs, "Feeding In Your Data" and "Tag Support"; recorded graphite cases.
    """
    for number, line in numbered_lines(output):
        yield _point(line, now, tags) or RefusedLine(number, "a line is `path value seconds`, tags as `path;tag=value`")


def _point(line: str, now: float, tags: list[Tag]) -> Point | None:
    words = line.split()
    if len(words) != 3:
        return None
    path, *pairs = words[0].split(";")
    value, time, own = parse_float(words[1]), parse_float(words[2]), _own_tags(pairs)
    if not path or value is None or time is None or own is None or not abs(time) < _TIME_MAX:
        return None
    return point(path, value, int(now) if int(time) == _NOW else math.floor(time), tags + own)


def _own_tags(pairs: list[str]) -> list[Tag] | None:
    """The tags of a path, the last of each name; None if one breaks Graphite's rules."""
    own: dict[str, str] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if not name or not value or any(sign in name for sign in "!^") or value.startswith("~"):
            return None
        own[name] = value
    return [{"name": name, "value": value} for name, value in own.items()]
