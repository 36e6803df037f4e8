"""Metric families for hot paths: counters, gauges, and summaries with quantiles.

They are plain dictionaries of numbers, with the names and types of Sensu Go's metrics (including counters without
`_total`).
"""

import math
from collections import Counter as Counted
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

Labels = tuple[str, ...]

COUNTER, GAUGE, SUMMARY = "counter", "gauge", "summary"

SERIES_MAX = 1_000
"""The maximum number of label sets of a family; further ones are counted together with all labels set to `other`."""
QUANTILES = (0.5, 0.9, 0.99)
WINDOW_S = 300.0
"""Quantiles cover the last one to two of these periods, or more if metrics are read less often."""

_GROWTH = 1.04
_PER_BUCKET = 1 / math.log(_GROWTH)
_SMALLEST, _LARGEST = 1e-9, 1e15
_LOWEST_BUCKET = math.ceil(math.log(_SMALLEST) * _PER_BUCKET)

Window = dict[int, int]
"""How many observations are in each bucket. Buckets grow by 4 %, so a quantile is at most 2 % off; there are at most
about 1,400 of them."""


class Family:
    """Numbers under one name, distinguished by label values."""

    kind = COUNTER

    def __init__(self, name: str, about: str, labels: Sequence[str] = ()) -> None:
        self.name, self.about, self.labels = name, about, tuple(labels)
        self._values: dict[Labels, float] = {} if labels else {(): 0.0}

    def starting_with(self, *labels: Labels) -> Self:
        """Start with 0 for these label values; returns the family."""
        for values in labels:
            self.add(0.0, values)
        return self

    def add(self, amount: float = 1.0, labels: Labels = ()) -> None:
        """Add to the number for these label values."""
        value = self._values.get(labels)
        if value is None:
            labels = _bounded(self._values, labels)
            value = self._values.get(labels, 0.0)
        self._values[labels] = value + amount

    def value(self, labels: Labels = ()) -> float:
        """The number for these label values."""
        return self._values.get(labels, 0.0)

    def collected(self) -> Metric:
        """The family in the form that the registry expects."""
        metric = Metric(self.name, self.about, self.kind)
        for values, number in sorted(self._values.items()):
            metric.add_sample(self.name, dict(zip(self.labels, values, strict=True)), number)
        return metric


class Counter(Family):
    """Numbers that only increase."""


class Gauge(Family):
    """Numbers that are set, or computed when they are collected."""

    kind = GAUGE

    def __init__(self, name: str, about: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, about, labels)
        self._ask: Callable[[], dict[Labels, float]] | None = None

    def set(self, number: float, labels: Labels = ()) -> None:
        """Set the number."""
        self._values[labels] = number

    def follow(self, ask: Callable[[], dict[Labels, float]]) -> None:
        """Call `ask` for the numbers whenever they are collected."""
        self._ask = ask

    def collected(self) -> Metric:
        """The family in the form that the registry expects."""
        if self._ask is not None:
            self._values = self._ask()
        return super().collected()


class _Series:
    """The observations for one set of label values."""

    __slots__ = ("before", "count", "recent", "sum")

    def __init__(self) -> None:
        self.sum, self.count = 0.0, 0
        self.recent: Window = {}
        self.before: Window = {}

    def window(self) -> Counted[int]:
        """The observations that quantiles are computed from."""
        window = Counted(self.before)
        window.update(self.recent)
        return window


class Summary(Family):
    """Sums and counts of observations, and quantiles over the last minutes."""

    kind = SUMMARY

    def __init__(self, name: str, about: str, labels: Sequence[str], monotonic: Callable[[], float]) -> None:
        super().__init__(name, about, labels)
        self._monotonic = monotonic
        self._turned_at = monotonic()
        self._series: dict[Labels, _Series] = {} if labels else {(): _Series()}

    def starting_with(self, *labels: Labels) -> Self:
        """Start with 0 observations for these label values; returns the family."""
        for values in labels:
            self._series.setdefault(values, _Series())
        return self

    def observe(self, number: float, labels: Labels = (), times: int = 1) -> None:
        """Add an observation, or several equal ones."""
        series = self._series.get(labels)
        if series is None:
            series = self._series.setdefault(_bounded(self._series, labels), _Series())
        series.sum += number * times
        series.count += times
        if number > _SMALLEST:
            bucket = math.ceil(math.log(number if number < _LARGEST else _LARGEST) * _PER_BUCKET)
        else:
            bucket = _LOWEST_BUCKET
        series.recent[bucket] = series.recent.get(bucket, 0) + times

    def count(self, labels: Labels = ()) -> int:
        """The number of observations."""
        return self._series[labels].count if labels in self._series else 0

    def value(self, labels: Labels = ()) -> float:
        """The sum of observations."""
        return self._series[labels].sum if labels in self._series else 0.0

    def collected(self) -> Metric:
        """The family in the form that the registry expects, without quantiles."""
        metric = Metric(self.name, self.about, self.kind)
        for values, series in sorted(self._series.items()):
            labels = self._named(values)
            metric.add_sample(f"{self.name}_sum", labels, series.sum)
            metric.add_sample(f"{self.name}_count", labels, series.count)
        return metric

    def windows(self) -> dict[Labels, Counted[int]]:
        """The observations of the last minutes by label values; older ones are dropped."""
        now = self._monotonic()
        if now - self._turned_at >= WINDOW_S:
            self._turned_at = now
            for series in self._series.values():
                series.before, series.recent = series.recent, {}
        return {values: series.window() for values, series in self._series.items()}

    def quantiles(self, windows: Mapping[Labels, Mapping[int, int]]) -> list[Sample]:
        """The quantiles of observations; NaN if there were none, as in Sensu Go."""
        return [
            Sample(self.name, {**self._named(values), "quantile": f"{quantile:g}"}, number)
            for values, window in sorted(windows.items())
            for quantile, number in zip(QUANTILES, _quantiles(window), strict=True)
        ]

    def _named(self, values: Labels) -> dict[str, str]:
        return dict(zip(self.labels, values, strict=True))


def _bounded(known: Mapping[Labels, object], labels: Labels) -> Labels:
    """The label values, or `other` if the family has too many already."""
    return labels if len(known) < SERIES_MAX else ("other",) * len(labels)


def _quantiles(window: Mapping[int, int]) -> list[float]:
    """The values at the quantiles in `QUANTILES`."""
    total = sum(window.values())
    if not total:
        return [math.nan] * len(QUANTILES)
    found: list[float] = []
    seen = 0
    for bucket, count in sorted(window.items()):
        seen += count
        while len(found) < len(QUANTILES) and seen >= QUANTILES[len(found)] * total:
            found.append(0.0 if bucket == _LOWEST_BUCKET else 2 * _GROWTH**bucket / (_GROWTH + 1))
    return found
