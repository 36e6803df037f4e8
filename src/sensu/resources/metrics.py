"""Metric points of an event, and the thresholds that judge them."""

from sensu.resources.wire import Wire, always_int, always_null, always_str
from sensu.resources.wire_numbers import I64, U32

Number = int | float


class MetricTag(Wire, frozen=True):
    """One dimension of a point."""

    name: str = ""
    value: str = ""


class MetricPoint(Wire, frozen=True):
    """One measured value; `timestamp` is in seconds from checks, in nanoseconds from StatsD."""

    name: str = ""
    value: Number = always_int()
    timestamp: I64 = always_int()
    tags: tuple[MetricTag, ...] | None = always_null()


class Metrics(Wire, frozen=True):
    """The points of an event and the handlers that get them."""

    handlers: tuple[str, ...] | None = always_null()
    points: tuple[MetricPoint, ...] | None = always_null()


class MetricThresholdTag(Wire, frozen=True):
    """A tag that a point must carry for a threshold to apply."""

    name: str = always_str()
    value: str = always_str()


class MetricThresholdRule(Wire, frozen=True):
    """Bounds, as texts that hold numbers, and the check status outside of them."""

    min: str = always_str()
    max: str = always_str()
    status: U32 = always_int()


class MetricThreshold(Wire, frozen=True):
    """What a check's output metrics may be."""

    name: str = always_str()
    tags: tuple[MetricThresholdTag, ...] | None = always_null()
    thresholds: tuple[MetricThresholdRule, ...] | None = always_null()
    null_status: U32 = always_int()
