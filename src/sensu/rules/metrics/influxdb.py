"""`influxdb_line`: lines of `measurement,tag=value field=number,… timestamp`, without escapes."""

from collections.abc import Iterator

from sensu.rules.go_number import parse_float, parse_int64
from sensu.rules.metrics.points import Point, Tag, own_tags, point

_TIMESTAMP_DIGITS = 10


def points(output: str, now: float, tags: list[Tag]) -> Iterator[Point]:
    """A point `measurement.field` for each field of each sound line; one bad field drops its line.

    Source: recorded influx cases: the timestamp is cut to ten digits, and is `now` where the line has none.
    """
    for line in output.strip().split("\n"):
        parts = line.rstrip("\r").split(" ")
        if len(parts) not in (2, 3):
            continue
        measurement, *pairs = parts[0].split(",")
        own, fields = own_tags(pairs), _fields(parts[1])
        timestamp = parse_int64(parts[2][:_TIMESTAMP_DIGITS]) if len(parts) == 3 else int(now)
        if own is None or fields is None or timestamp is None:
            continue
        for name, value in fields:
            yield point(f"{measurement}.{name}", value, timestamp, own + tags)


def _fields(text: str) -> list[tuple[str, float]] | None:
    fields: list[tuple[str, float]] = []
    for pair in text.split(","):
        name, separator, number = pair.partition("=")
        value = parse_float(number)
        if not separator or value is None:
            return None
        fields.append((name, value))
    return fields
