"""Reads outputs for the tests of metric formats."""

from sensu.rules.metrics.extract import Extraction, extract

EXECUTED, NOW = 1_700_000_042, 1_700_000_099.9
TAGS = [{"name": "host", "value": "web1"}]

Found = tuple[str, float, int, dict[str, str]]


def read(metric_format: str, output: str) -> Extraction:
    """What an output of a check with the tag `host` gives."""
    return extract(metric_format, output, executed=EXECUTED, now=NOW, tags=TAGS)


def found(metric_format: str, output: str) -> list[Found]:
    """The points of an output, each as name, value, time and its own tags."""
    points = extract(metric_format, output, executed=EXECUTED, now=NOW).points
    return [
        (one["name"], one["value"], one["timestamp"], {tag["name"]: tag["value"] for tag in one["tags"]})
        for one in points
    ]


def values(metric_format: str, output: str) -> dict[str, float]:
    """The values of an output by name."""
    return {name: value for name, value, _, _ in found(metric_format, output)}


def refused(metric_format: str, output: str) -> int:
    """How many lines of an output were refused."""
    return extract(metric_format, output, executed=EXECUTED, now=NOW).refused
