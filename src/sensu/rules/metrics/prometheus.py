"""`prometheus_text`: the text exposition format, version 0.0.4."""

import math
from collections.abc import Iterator

from sensu.rules.go_number import format_general
from sensu.rules.metrics.points import Point, Tag, point
from sensu.rules.metrics.prometheus_text import Family, Metric, parse


def points(output: str, now: float, tags: list[Tag]) -> Iterator[Point]:
    """The points of every family before the first fault; values that are no number are left out.

    Each carries its labels, `prom_type`, and `prom_help` where there is a help text; tags of the check override labels
    of the same name. Histograms and summaries expand to `_bucket`, `_sum`, `_count` and quantiles.
    Source: recorded prometheus cases.
    """
    for family in parse(output):
        described = {"prom_type": family.kind}
        if family.help:
            described["prom_help"] = family.help
        for metric in family.metrics:
            timestamp = int(now) if metric.timestamp_ms is None else int(metric.timestamp_ms / 1000)
            for name, extra, value in _samples(family, metric):
                if not math.isnan(value):
                    labels = {**metric.labels, **extra, **described, **{tag["name"]: tag["value"] for tag in tags}}
                    own: list[Tag] = [{"name": label, "value": text} for label, text in labels.items()]
                    yield point(name, value, timestamp, own)


def _samples(family: Family, metric: Metric) -> Iterator[tuple[str, dict[str, str], float]]:
    name = family.name
    if family.kind == "histogram":
        for bound, count in metric.parts:
            yield f"{name}_bucket", {"le": format_general(bound)}, count
        yield f"{name}_sum", {}, metric.sum
        yield f"{name}_count", {}, metric.count
        if not any(bound == math.inf for bound, _ in metric.parts):
            yield f"{name}_bucket", {"le": "+Inf"}, metric.count
    elif family.kind == "summary":
        for quantile, value in metric.parts:
            yield name, {"quantile": format_general(quantile)}, value
        yield f"{name}_sum", {}, metric.sum
        yield f"{name}_count", {}, metric.count
    elif metric.value is not None:
        yield name, {}, metric.value
