"""Metric points, and lines that metric formats refuse."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Point = dict[str, Any]
Tag = dict[str, str]

POINTS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line (of perfdata: an item) that breaks a rule of its format, and yields no point; lines count from 1."""

    line: int
    why: str


def point(name: str, value: float, timestamp: int, tags: Iterable[Tag]) -> Point:
    """A point in the form of `event.metrics.points`."""
    return {"name": name, "value": value, "timestamp": timestamp, "tags": list(tags)}


def configured_tags(tags: Sequence[Mapping[str, Any] | None]) -> list[Tag]:
    """The tags of `output_metric_tags`; unset ones are omitted or empty."""
    return [{"name": tag.get("name") or "", "value": tag.get("value") or ""} for tag in tags if tag is not None]


def numbered_lines(output: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, stripped, with their numbers from 1."""
    for number, line in enumerate(output.split("\n"), 1):
        text = line.strip(" \t\r")
        if text:
            yield number, text


def as_seconds(timestamp: int) -> int:
    """Unix seconds of a time in seconds, milliseconds, microseconds or nanoseconds, depending on its magnitude."""
    for divisor, limit in ((1, 10**11), (10**3, 10**14), (10**6, 10**17)):
        if abs(timestamp) < limit:
            return timestamp // divisor
    return timestamp // 10**9
