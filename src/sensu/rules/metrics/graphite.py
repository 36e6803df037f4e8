"""`graphite_plaintext`: lines of `path value seconds`, tags as `path;tag=value`."""

from collections.abc import Iterator

from sensu.rules.go_number import parse_float, parse_int64
from sensu.rules.metrics.points import Point, Tag, own_tags, point


def points(output: str, tags: list[Tag]) -> Iterator[Point]:
    """The point of each sound line; other lines are skipped. Source: recorded graphite cases."""
    for line in output.strip().split("\n"):
        parts = line.rstrip("\r").split(" ")
        if len(parts) != 3:
            continue
        path, *pairs = parts[0].split(";")
        value, timestamp, own = parse_float(parts[1]), parse_int64(parts[2]), own_tags(pairs)
        if value is not None and timestamp is not None and own is not None:
            yield point(path, value, timestamp, tags + own)
