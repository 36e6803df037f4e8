"""Builds the events of check runs.

Source: docs, "Events reference"; recorded scenarios agent-exec*.
"""

import math
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from sensu.execution.command import CommandResult
from sensu.resources.check import Check, CheckConfig
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.hook import Hook
from sensu.resources.metadata import ObjectMeta, ResourceReference
from sensu.resources.metrics import MetricPoint, Metrics, MetricTag
from sensu.rules.check_state import TRUNCATED_LABEL
from sensu.rules.metrics.extract import Extraction, extract
from sensu.rules.metrics.thresholds import evaluate

FAILURE_STATUS = 3
STATUS_MAX = 2**32 - 1
FAILURE_STATUS_ANNOTATION = "allow_list_on_deny_status"
WHOLE_MAX = 1e21
"""Whole numbers from here on are written with an exponent."""
EXACT_MAX = 2.0**53
"""Whole numbers from here on need more digits than a float holds."""

_NOT_COPIED = frozenset({"secrets", "subdues", "metadata"})
_COPIED = tuple(
    name for name in CheckConfig.__struct_fields__ if name in Check.__struct_fields__ and name not in _NOT_COPIED
)


def check_of(config: CheckConfig, command: str) -> Check:
    """The check of an event: the configuration with its tokens replaced, but with the configured command.

    Secrets and subdue windows are left out: they are not part of recorded events.
    """
    metadata = ObjectMeta(
        name=config.metadata.name,
        namespace=config.metadata.namespace,
        labels=config.metadata.labels,
        annotations=config.metadata.annotations,
    )
    values = {name: getattr(config, name) for name in _COPIED}
    return Check(**{**values, "command": command, "metadata": metadata})


def started(check: Check, entity: Entity, *, issued: int, sequence: int, now: float) -> Event:
    """The event of a check that is about to run; the command can read it from standard input."""
    return Event(
        check=msgspec.structs.replace(check, issued=issued, executed=int(now)),
        entity=entity,
        metadata=ObjectMeta(namespace=check.metadata.namespace),
        pipelines=tuple(
            ResourceReference(name=p.name, type=p.type, api_version=p.api_version) for p in check.pipelines
        ),
        sequence=sequence,
    )


def refused(check: Check, entity: Entity, why: str, now: float) -> Event:
    """The event of a request that was rejected: it has no sequence number, issue time or pipelines."""
    return failed(Event(check=check, entity=entity, metadata=ObjectMeta(namespace=check.metadata.namespace)), why, now)


def failed(event: Event, why: str, now: float) -> Event:
    """The event of a check whose command could not be run."""
    assert event.check is not None
    status = _failure_status(event.check.metadata.annotations)
    check = msgspec.structs.replace(event.check, status=status, output=why, executed=int(now))
    return msgspec.structs.replace(event, check=check, timestamp=int(now))


def _failure_status(annotations: dict[str, str]) -> int:
    text = annotations.get(FAILURE_STATUS_ANNOTATION, "").strip()
    status = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else FAILURE_STATUS
    return status if status <= STATUS_MAX else FAILURE_STATUS


def finished(
    event: Event, result: CommandResult, *, processed_by: str, now: float, refused: Callable[[Extraction], None]
) -> Event:
    """The event of a check that ran: its result, its metrics, and the status that thresholds give.

    `refused` is called if lines of the output do not match the check's metric format.
    """
    assert event.check is not None
    check = msgspec.structs.replace(
        event.check, status=result.status, output=result.text, duration=result.duration_s, processed_by=processed_by
    )
    event = msgspec.structs.replace(event, check=check, id=str(uuid.uuid4()), timestamp=int(now))
    if result.dropped_bytes:
        labels = {**event.metadata.labels, TRUNCATED_LABEL: str(result.dropped_bytes)}
        event = msgspec.structs.replace(event, metadata=msgspec.structs.replace(event.metadata, labels=labels))
    if not check.output_metric_format and not check.output_metric_handlers:
        return event
    extraction = extract(
        check.output_metric_format,
        check.output,
        executed=check.executed,
        now=now,
        tags=msgspec.to_builtins(check.output_metric_tags),
        is_whole=not result.dropped_bytes and not result.timed_out,
    )
    if extraction.refused:
        refused(extraction)
    return _with_metrics(event, check, extraction)


def _with_metrics(event: Event, check: Check, extraction: Extraction) -> Event:
    found = [point for point in extraction.points if math.isfinite(point["value"])]  # JSON has no other numbers
    metrics = Metrics(handlers=check.output_metric_handlers, points=tuple(map(_point, found)) or None)
    event = msgspec.structs.replace(event, metrics=metrics)
    if check.status or not found or not check.output_metric_thresholds:
        return event
    verdict = evaluate(found, msgspec.to_builtins(check.output_metric_thresholds))
    metadata = msgspec.structs.replace(
        event.metadata, annotations={**event.metadata.annotations, **verdict.annotations}
    )
    return msgspec.structs.replace(
        event, check=msgspec.structs.replace(check, status=verdict.status), metadata=metadata
    )


def _point(point: dict[str, Any]) -> MetricPoint:
    tags = tuple(MetricTag(name=tag["name"], value=tag["value"]) for tag in point["tags"] or ())
    return MetricPoint(name=point["name"], value=plain(point["value"]), timestamp=point["timestamp"], tags=tags)


def plain(value: float) -> int | float:
    """The number as JSON shows it: whole numbers without a fraction, in the fewest digits that identify them."""
    if value != int(value) or abs(value) >= WHOLE_MAX:
        return value
    return int(value) if abs(value) < EXACT_MAX else int(Decimal(repr(float(value))))


def with_hooks(event: Event, hooks: tuple[Hook, ...]) -> Event:
    """The event of a check with the results of its hooks."""
    assert event.check is not None
    if not hooks:
        return event
    return msgspec.structs.replace(event, check=msgspec.structs.replace(event.check, hooks=hooks))


def with_output_discarded(event: Event) -> Event:
    """The event without its output if the check discards output."""
    assert event.check is not None
    if not event.check.discard_output:
        return event
    return msgspec.structs.replace(event, check=msgspec.structs.replace(event.check, output=""))
