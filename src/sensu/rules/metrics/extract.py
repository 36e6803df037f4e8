"""Extracts metric points from the output of checks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sensu.rules.metrics import graphite, influxdb, nagios, opentsdb, prometheus
from sensu.rules.metrics.points import POINTS_MAX, Point, RefusedLine, Tag, configured_tags

FORMATS = ("graphite_plaintext", "influxdb_line", "nagios_perfdata", "opentsdb_line", "prometheus_text")
REASONS_MAX = 5
"""The maximum number of refused lines that are kept with their reasons; all of them are counted."""


@dataclass(slots=True)
class Extraction:
    """The points of an output, the number of refused lines, and the reasons for the first of them."""

    points: list[Point] = field(default_factory=list)
    refused: int = 0
    reasons: list[RefusedLine] = field(default_factory=list)


def extract(
    metric_format: str,
    output: str,
    *,
    executed: int,
    now: float,
    tags: Sequence[Mapping[str, Any] | None] = (),
    is_whole: bool = True,
) -> Extraction:
    """The points `{name, value, timestamp (s), tags}` in `output`, and the lines that were refused.

    `executed` is the time of points in formats without times, `now` that of points without one. At most 100,000 points
    are extracted, and none for an unknown format. If the output was truncated (`is_whole` is false), the last line is
    used only if it is complete.
    """
    extraction = Extraction()
    if metric_format in FORMATS and not is_whole and not output.endswith("\n"):
        output = output[: output.rfind("\n") + 1]
        _refuse(extraction, RefusedLine(output.count("\n") + 1, "the output was truncated in this line"))
    for found in _read(metric_format, output, executed, now, configured_tags(tags or ())):
        if isinstance(found, RefusedLine):
            _refuse(extraction, found)
        else:
            extraction.points.append(found)
            if len(extraction.points) >= POINTS_MAX:
                break
    return extraction


def _refuse(extraction: Extraction, refused: RefusedLine) -> None:
    extraction.refused += 1
    if len(extraction.reasons) < REASONS_MAX:
        extraction.reasons.append(refused)


def _read(metric_format: str, output: str, executed: int, now: float, tags: list[Tag]) -> Iterator[Point | RefusedLine]:
    match metric_format:
        case "graphite_plaintext":
            return graphite.points(output, now, tags)
        case "influxdb_line":
            return influxdb.points(output, now, tags)
        case "nagios_perfdata":
            return nagios.points(output, executed, tags)
        case "opentsdb_line":
            return opentsdb.points(output, tags)
        case "prometheus_text":
            return prometheus.points(output, now, tags)
    return iter(())
