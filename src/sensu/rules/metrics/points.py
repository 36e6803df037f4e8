"""The points that metric formats give."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Point = dict[str, Any]
Tag = dict[str, str]

POINTS_MAX = 100_000


def point(name: str, value: float, timestamp: int, tags: Iterable[Tag]) -> Point:
    """One point in the shape of `event.metrics.points`."""
    return {"name": name, "value": value, "timestamp": timestamp, "tags": list(tags)}


def configured_tags(tags: Sequence[Mapping[str, Any] | None]) -> list[Tag]:
    """The tags of `output_metric_tags`, whatever is unset left out or empty."""
    return [{"name": tag.get("name") or "", "value": tag.get("value") or ""} for tag in tags if tag is not None]


def own_tags(pairs: Sequence[str]) -> list[Tag] | None:
    """Tags of texts like `key=value`; None when one of them is no pair."""
    tags: list[Tag] = []
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or "=" in value:
            return None
        tags.append({"name": name, "value": value})
    return tags
