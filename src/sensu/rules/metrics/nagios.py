"""`nagios_perfdata`: `text | label=value[unit];warn;crit;min;max …`."""

import re
from collections.abc import Iterator

from sensu.rules.go_number import parse_float
from sensu.rules.metrics.points import Point, Tag, point

_NO_NUMBER = re.compile(r"[^-0-9.]")


def points(output: str, executed: int, tags: list[Tag]) -> Iterator[Point]:
    """A point for each sound token behind the only `|`, stamped with the check's execution.

    Source: recorded nagios cases: whatever is no digit, `-` or `.` is taken out of a value.
    """
    parts = output.split("|")
    if len(parts) != 2:
        return
    for token in parts[1].strip().split(" "):
        label_and_value = token.split(";", 1)[0].split("=")
        if len(label_and_value) != 2:
            continue
        label, text = label_and_value
        value = parse_float(_NO_NUMBER.sub("", text))
        if value is not None:
            yield point(label, value, executed, tags)
