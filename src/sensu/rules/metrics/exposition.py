"""Writes the points of an event in the text format of Prometheus."""

import re
from collections.abc import Iterable, Iterator

from sensu.resources.event import Event
from sensu.resources.metrics import MetricPoint
from sensu.rules.metrics.points import as_seconds

COMMENTS = frozenset({"prom_type", "prom_help"})
"""Tags of points that were comments in the text that they come from."""
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_:]")
_NOT_IN_LABELS = re.compile(r"[^a-zA-Z0-9_]")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def exposition_of(event: Event) -> str:
    """A line for each point, empty without any. The names of the entity and the check are labels, unless tags are.

    Source: Prometheus docs, "Exposition formats".
    """
    points = (event.metrics.points if event.metrics is not None else None) or ()
    own = {"entity": event.entity.metadata.name} if event.entity is not None else {}
    if event.check is not None:
        own["check"] = event.check.metadata.name
    return "".join(_line(point, own) for point in points)


def _line(point: MetricPoint, own: dict[str, str]) -> str:
    tags = {_label(tag.name): tag.value for tag in point.tags or () if tag.name not in COMMENTS}
    labels = ",".join(_pairs({**own, **tags}.items()))
    return f"{_name(point.name)}{{{labels}}} {float(point.value)!r} {as_seconds(point.timestamp) * 1000}\n"


def _pairs(labels: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels if value)


def _name(text: str) -> str:
    name = _NOT_IN_NAMES.sub("_", text)
    return f"_{name}" if not name or name[0].isdigit() else name


def _label(text: str) -> str:
    name = _NOT_IN_LABELS.sub("_", text)
    return f"_{name}" if not name or name[0].isdigit() else name
