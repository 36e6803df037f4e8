"""Events: the result of a check on an entity, metric points, or both."""

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
