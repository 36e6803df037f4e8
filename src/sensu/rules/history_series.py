"""The history of an event as series for charts: statuses and durations, and the metrics in kept outputs."""

from collections.abc import Iterable, Sequence

from sensu.resources.wire import Wire, always_bool, always_int, always_list, always_str
from sensu.rules.history import HistoryEntry
from sensu.rules.metrics.extract import extract
from sensu.rules.severity import WORDS, severity_of

POINTS_MAX = 1000
SERIES_MAX = 64
"""How many series of metrics an answer has; further ones are left out."""

Number = int | float


class StatusBucket(Wire, frozen=True):
    """The results of a part of a period that begins at `at` (Unix seconds): how many had which severity.

    `status` is the most severe one. `duration` has the least, mean and greatest duration in seconds.
    """

    at: int = always_int()
    status: int = always_int()
    critical: int = always_int()
    warning: int = always_int()
    unknown: int = always_int()
    passing: int = always_int()
    duration: tuple[float, ...] = always_list()


class StatusSeries(Wire, frozen=True):
    """The buckets that have results, oldest first, each `step` seconds long.

    `complete` is false if there were more results than are read; then the oldest are left out.
    """

    start: int = always_int()
    end: int = always_int()
    step: float = 0.0
    complete: bool = always_bool()
    buckets: tuple[StatusBucket, ...] = always_list()


class MetricSeries(Wire, frozen=True):
    """The values of a metric with these tags: for each bucket its time, and the mean, least and greatest value."""

    name: str = always_str()
    tags: dict[str, str] = {}
    points: tuple[tuple[float, ...], ...] = always_list()


class MetricsOfHistory(Wire, frozen=True):
    """The metrics in the outputs of kept results.

    `complete` is false if there were more results, or more series, than are read.
    """

    start: int = always_int()
    end: int = always_int()
    step: float = 0.0
    complete: bool = always_bool()
    format: str = always_str()
    series: tuple[MetricSeries, ...] = always_list()


class _Spread:
    """Least, sum and greatest of some values."""

    __slots__ = ("greatest", "least", "number", "total")

    def __init__(self) -> None:
        self.least, self.greatest, self.total, self.number = float("inf"), float("-inf"), 0.0, 0

    def add(self, value: Number) -> None:
        self.least, self.greatest = min(self.least, value), max(self.greatest, value)
        self.total += value
        self.number += 1

    @property
    def mean(self) -> float:
        return self.total / self.number


class Statuses:
    """Collects statuses and durations in buckets of a period."""

    def __init__(self, start: int, end: int, points: int) -> None:
        self._start, self._end, self._step = start, end, step_of(start, end, points)
        self._buckets: dict[int, tuple[list[int], _Spread, list[int]]] = {}

    def add(self, at: int, entry: HistoryEntry) -> None:
        """Count a result that was executed at `at`."""
        counts, durations, statuses = self._buckets.setdefault(
            int((at - self._start) / self._step), ([0] * len(WORDS), _Spread(), [])
        )
        counts[severity_of(entry.status)] += 1
        durations.add(entry.duration)
        if entry.status not in statuses:
            statuses.append(entry.status)

    def series(self, *, complete: bool) -> StatusSeries:
        """What was collected."""
        buckets = tuple(
            StatusBucket(
                at=int(self._start + place * self._step),
                status=min(statuses, key=severity_of),
                **dict(zip(WORDS, counts, strict=True)),
                duration=(durations.least, durations.mean, durations.greatest),
            )
            for place, (counts, durations, statuses) in sorted(self._buckets.items())
        )
        return StatusSeries(start=self._start, end=self._end, step=self._step, complete=complete, buckets=buckets)


_Key = tuple[str, tuple[tuple[str, str], ...]]


class MetricValues:
    """Collects the metrics of outputs in buckets of a period; with `name`, only metrics whose names begin with it."""

    def __init__(
        self, metric_format: str, tags: Sequence[tuple[str, str]], start: int, end: int, points: int, name: str = ""
    ) -> None:
        self._format, self._name = metric_format, name
        self._tags = [{"name": key, "value": value} for key, value in tags]
        self._start, self._end, self._step = start, end, step_of(start, end, points)
        self._series: dict[_Key, dict[int, _Spread]] = {}
        self._left_out = False

    def add(self, at: int, entry: HistoryEntry) -> None:
        """Collect the metrics of a result that was executed at `at`, which is the time of its points."""
        found = extract(self._format, entry.output, executed=at, now=at, tags=self._tags, is_whole=not entry.truncated)
        place = int((at - self._start) / self._step)
        for point in found.points:
            if not point["name"].startswith(self._name):
                continue
            key = (point["name"], tuple((tag["name"], tag["value"]) for tag in point["tags"]))
            series = self._series.get(key)
            if series is None:
                if len(self._series) >= SERIES_MAX:
                    self._left_out = True
                    continue
                series = self._series[key] = {}
            series.setdefault(place, _Spread()).add(point["value"])

    def result(self, *, complete: bool) -> MetricsOfHistory:
        """What was collected."""
        series = tuple(
            MetricSeries(name=name, tags=dict(tags), points=tuple(self._points(found.items())))
            for (name, tags), found in sorted(self._series.items())
        )
        return MetricsOfHistory(
            start=self._start,
            end=self._end,
            step=self._step,
            complete=complete and not self._left_out,
            format=self._format,
            series=series,
        )

    def _points(self, found: Iterable[tuple[int, _Spread]]) -> Iterable[tuple[float, ...]]:
        for place, spread in sorted(found, key=lambda one: one[0]):
            yield (self._start + place * self._step, spread.mean, spread.least, spread.greatest)


def step_of(start: int, end: int, points: int) -> float:
    """How many seconds a bucket has, at least one."""
    return max(1.0, (end - start + 1) / points)
