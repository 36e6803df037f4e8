"""Events: the result of a check on an entity, metric points, or both."""

import msgspec

from sensu.resources.check import Check
from sensu.resources.entity import Entity
from sensu.resources.metadata import ObjectMeta, ResourceReference
from sensu.resources.metrics import Metrics
from sensu.resources.wire import Wire, always, always_int, always_null
from sensu.resources.wire_numbers import I64


class Event(Wire, frozen=True):
    """An event as it is sent and read; its metrics are never stored."""

    check: Check | None = None
    entity: Entity | None = None
    id: str | None = always_null()
    metadata: ObjectMeta = always(ObjectMeta)
    metrics: Metrics | None = None
    pipelines: tuple[ResourceReference, ...] | None = always_null()
    sequence: I64 = always_int()
    timestamp: I64 = 0


class EventAroundEntity(Wire, frozen=True):
    """An event with its entity as JSON, not decoded yet or encoded already; the fields are in the order of `Event`.

    Most events contain an entity that is known, so that decoding and encoding it again would waste time.
    """

    check: Check | None = None
    entity: msgspec.Raw = msgspec.Raw()
    id: str | None = always_null()
    metadata: ObjectMeta = always(ObjectMeta)
    metrics: Metrics | None = None
    pipelines: tuple[ResourceReference, ...] | None = always_null()
    sequence: I64 = always_int()
    timestamp: I64 = 0


def around(event: Event, entity_json: msgspec.Raw) -> EventAroundEntity:
    """The event with this JSON for its entity."""
    return EventAroundEntity(
        check=event.check,
        entity=entity_json,
        id=event.id,
        metadata=event.metadata,
        metrics=event.metrics,
        pipelines=event.pipelines,
        sequence=event.sequence,
        timestamp=event.timestamp,
    )


def completed(parts: EventAroundEntity, entity: Entity | None) -> Event:
    """The event with its decoded entity."""
    return Event(
        check=parts.check,
        entity=entity,
        id=parts.id,
        metadata=parts.metadata,
        metrics=parts.metrics,
        pipelines=parts.pipelines,
        sequence=parts.sequence,
        timestamp=parts.timestamp,
    )
