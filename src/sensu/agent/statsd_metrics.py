"""StatsD aggregation: parses lines into samples and aggregates samples into points. Pure.

Source: docs, "Agent reference", StatsD aggregation; recorded scenario agent-local/statsd.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

SERIES_MAX = 10_000
TIMINGS_MAX = 10_000
SET_MEMBERS_MAX = 10_000
EXPIRY_S = 300.0
LINE_CHARACTERS_MAX = 4096
PERCENTILE = 90

Tags = tuple[tuple[str, str], ...]
StatsdPoint = tuple[str, float, Tags]

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._\-]")
_BLANK = re.compile(r"\s")
_NOT_IN_NUMBERS = re.compile(r"[\s_]|[^\x00-\x7f]")
_KINDS = frozenset({"c", "g", "ms", "h", "s"})


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: `kind` is c, g, ms or s; `rate` is the sample rate."""

    name: str
    kind: str
    value: str
    number: float
    rate: float
    tags: Tags


def parse(line: bytes, source: str) -> Sample | None:
    """The sample in a line like `name:1.5|ms|@0.1|#tag:value`, or None; `source` becomes the tag `s`, the last one."""
    text = line.decode("utf-8", "replace").rstrip()
    name, colon, rest = text.partition(":")
    value, *parts = rest.split("|")
    if not colon or not parts or parts[0] not in _KINDS or len(text) > LINE_CHARACTERS_MAX:
        return None
    name = _NOT_IN_NAMES.sub("", _BLANK.sub("_", name.replace("/", "-")))
    number = 0.0 if parts[0] == "s" else _number(value)
    rate, tags = 1.0, list[tuple[str, str]]()
    for part in parts[1:]:
        if part.startswith("@"):
            rate = _number(part[1:])
        elif part.startswith("#"):
            tags += [(key, tag) for key, _, tag in (pair.partition(":") for pair in part[1:].split(",")) if key]
    if not name or not math.isfinite(number) or not 0 < rate <= 1:
        return None
    return Sample(name, "ms" if parts[0] == "h" else parts[0], value, number, rate, (*sorted(tags), ("s", source)))


def _number(text: str) -> float:
    try:
        return math.nan if _NOT_IN_NUMBERS.search(text) else float(text)
    except ValueError:
        return math.nan


class _Series(Protocol):
    def add(self, sample: Sample) -> None: ...

    def points(self, elapsed_s: float) -> Iterator[tuple[str, float]]: ...

    def reset(self) -> None: ...


@dataclass(slots=True)
class _Counter:
    total: float = 0.0

    def add(self, sample: Sample) -> None:
        self.total += sample.number / sample.rate

    def points(self, elapsed_s: float) -> Iterator[tuple[str, float]]:
        yield "value", float(math.trunc(self.total))
        yield "per_second", self.total / elapsed_s

    def reset(self) -> None:
        self.total = 0.0


@dataclass(slots=True)
class _Gauge:
    value: float = 0.0

    def add(self, sample: Sample) -> None:
        self.value = sample.number

    def points(self, elapsed_s: float) -> Iterator[tuple[str, float]]:
        yield "value", self.value

    def reset(self) -> None:
        """A gauge keeps its value."""


@dataclass(slots=True)
class _Set:
    members: set[str] = field(default_factory=set)

    def add(self, sample: Sample) -> None:
        if len(self.members) < SET_MEMBERS_MAX:
            self.members.add(sample.value)

    def points(self, elapsed_s: float) -> Iterator[tuple[str, float]]:
        yield "value", float(len(self.members))

    def reset(self) -> None:
        self.members.clear()


@dataclass(slots=True)
class _Timer:
    timings: list[float] = field(default_factory=list)
    count: int = 0

    def add(self, sample: Sample) -> None:
        """Each sample counts once, regardless of its rate, as in the reference."""
        self.count += 1
        if len(self.timings) < TIMINGS_MAX:
            self.timings.append(sample.number)

    def points(self, elapsed_s: float) -> Iterator[tuple[str, float]]:
        yield "count", float(self.count)
        yield "per_second", self.count / elapsed_s
        if self.timings:
            yield from _statistics(sorted(self.timings))

    def reset(self) -> None:
        self.timings.clear()
        self.count = 0


def _statistics(values: list[float]) -> Iterator[tuple[str, float]]:
    count, total = len(values), math.fsum(values)
    mean, middle = total / count, count // 2
    yield "min", values[0]
    yield "max", values[-1]
    yield "mean", mean
    yield "median", values[middle] if count % 2 else (values[middle - 1] + values[middle]) / 2
    yield "stddev", math.sqrt(math.fsum((value - mean) ** 2 for value in values) / count)
    yield "sum", total
    yield "sum_squares", math.fsum(value * value for value in values)
    lowest = values[: max(1, math.floor(count * PERCENTILE / 100 + 0.5))]
    part = math.fsum(lowest)
    yield f"percentile_count_{PERCENTILE}", float(len(lowest))
    yield f"percentile_mean_{PERCENTILE}", part / len(lowest)
    yield f"percentile_sum_{PERCENTILE}", part
    yield f"percentile_sum_squares_{PERCENTILE}", math.fsum(value * value for value in lowest)
    yield f"percentile_upper_{PERCENTILE}", lowest[-1]


_MAKERS: dict[str, type[_Counter] | type[_Gauge] | type[_Set] | type[_Timer]] = {
    "c": _Counter,
    "g": _Gauge,
    "s": _Set,
    "ms": _Timer,
}


class Aggregates:
    """Aggregates the samples since the last flush by kind, name and tags, at most `SERIES_MAX` series."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str, Tags], _Series] = {}
        self._heard_at: dict[tuple[str, str, Tags], float] = {}

    def add(self, sample: Sample, now: float) -> bool:
        """Add a sample; returns False if there are too many series."""
        key = (sample.kind, sample.name, sample.tags)
        series = self._series.get(key)
        if series is None:
            if len(self._series) >= SERIES_MAX:
                return False
            series = self._series[key] = _MAKERS[sample.kind]()
        series.add(sample)
        self._heard_at[key] = now
        return True

    def flush(self, now: float, elapsed_s: float) -> list[StatsdPoint]:
        """All points, with rates over the seconds since the last flush; series idle for five minutes are removed."""
        points: list[StatsdPoint] = []
        for key, series in list(self._series.items()):
            _, name, tags = key
            points += [
                (f"{name}.{part}", value, tags)
                for part, value in series.points(max(elapsed_s, 1e-3))
                if math.isfinite(value)
            ]
            series.reset()
            if now - self._heard_at[key] >= EXPIRY_S:
                del self._series[key], self._heard_at[key]
        return points
