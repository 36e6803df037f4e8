"""Metric points of an event, and thresholds for them."""

from sensu.resources.wire import Wire, always_int, always_null, always_str
from sensu.resources.wire_numbers import I64, U32

Number = int | float


class MetricTag(Wire, frozen=True):
    """A tag of a point."""

    name: str = ""
    value: str = ""


class MetricPoint(Wire, frozen=True):
    """A measured value; `timestamp` is in seconds from checks, in nanoseconds from StatsD."""

    name: str = ""
    value: Number = always_int()
    timestamp: I64 = always_int()
    tags: tuple[MetricTag, ...] | None = always_null()


class Metrics(Wire, frozen=True):
    """The points of an event, and the handlers that receive them."""

    handlers: tuple[str, ...] | None = always_null()
    points: tuple[MetricPoint, ...] | None = always_null()


class MetricThresholdTag(Wire, frozen=True):
    """A tag that a point must carry for a threshold to apply."""

    name: str = always_str()
    value: str = always_str()


class MetricThresholdRule(Wire, frozen=True):
    """Minimum and maximum, as strings that contain numbers, and the check status for values outside of them."""

    min: str = always_str()
    max: str = always_str()
    status: U32 = always_int()


class MetricThreshold(Wire, frozen=True):
    """A threshold for the output metrics of a check."""

    name: str = always_str()
    tags: tuple[MetricThresholdTag, ...] | None = always_null()
    thresholds: tuple[MetricThresholdRule, ...] | None = always_null()
    null_status: U32 = always_int()
