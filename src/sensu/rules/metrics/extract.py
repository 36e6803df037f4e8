"""Takes metric points out of what a check printed."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sensu.rules.metrics import graphite, influxdb, nagios, opentsdb, prometheus
from sensu.rules.metrics.points import POINTS_MAX, Point, Tag, configured_tags

FORMATS = ("graphite_plaintext", "influxdb_line", "nagios_perfdata", "opentsdb_line", "prometheus_text")


def extract(
    metric_format: str,
    output: str,
    *,
    executed: int,
    now: float,
    tags: Sequence[Mapping[str, Any] | None] = (),
) -> list[Point]:
    """The points `{name, value, timestamp (s), tags}` in `output`; none for an unknown format.

    `executed` stamps formats without times, `now` points that lack theirs. At most 100,000 points are taken.
    """
    return list(islice(_points(metric_format, output, executed, now, configured_tags(tags or ())), POINTS_MAX))


def _points(metric_format: str, output: str, executed: int, now: float, tags: list[Tag]) -> Iterator[Point]:
    match metric_format:
        case "graphite_plaintext":
            return graphite.points(output, tags)
        case "influxdb_line":
            return influxdb.points(output, now, tags)
        case "nagios_perfdata":
            return nagios.points(output, executed, tags)
        case "opentsdb_line":
            return opentsdb.points(output, tags)
        case "prometheus_text":
            return prometheus.points(output, now, tags)
    return iter(())
