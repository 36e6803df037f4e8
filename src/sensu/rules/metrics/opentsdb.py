"""`opentsdb_line`: lines of `name timestamp value tag=value …`."""

from collections.abc import Iterator

from sensu.rules.go_number import parse_float, parse_int64
from sensu.rules.metrics.points import Point, Tag, own_tags, point

_MILLISECOND_DIGITS = 13


def points(output: str, tags: list[Tag]) -> Iterator[Point]:
    """The point of each line that has at least one tag; 13-digit timestamps are milliseconds.

    Source: recorded opentsdb cases.
    """
    for line in output.strip().split("\n"):
        parts = line.rstrip("\r").split(" ")
        if len(parts) < 4:
            continue
        timestamp, value, own = parse_int64(parts[1]), parse_float(parts[2]), own_tags(parts[3:])
        if timestamp is None or value is None or own is None:
            continue
        seconds = timestamp // 1000 if len(parts[1]) == _MILLISECOND_DIGITS else timestamp
        yield point(parts[0], value, seconds, own + tags)
