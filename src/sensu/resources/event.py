"""Events: the result of a check on an entity, metric points, or both."""

import msgspec

from sensu.resources.check import Check
from sensu.resources.entity import Entity
from sensu.resources.metadata import ObjectMeta, ResourceReference
from sensu.resources.metrics import Metrics
from sensu.resources.wire import Wire, always, always_int, always_null
from sensu.resources.wire_numbers import I64


class Event(Wire, frozen=True):
    """An event as it travels and as it is read; the metrics are never stored."""

    check: Check | None = None
    entity: Entity | None = None
    id: str | None = always_null()
    metadata: ObjectMeta = always(ObjectMeta)
    metrics: Metrics | None = None
    pipelines: tuple[ResourceReference, ...] | None = always_null()
    sequence: I64 = always_int()
    timestamp: I64 = 0


class EventAroundEntity(Wire, frozen=True):
    """An event whose entity is bytes, not read yet or written already; its fields stand in the order of `Event`.

    Most events bring an entity that is known, so that neither reading nor writing it again is worth the time.
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
    """The event, with what its entity's bytes say."""
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
