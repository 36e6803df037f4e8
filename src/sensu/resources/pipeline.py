"""Pipelines: workflows of filters, a mutator and a handler."""

from sensu.resources.metadata import ObjectMeta, ResourceReference
from sensu.resources.wire import Wire, always, always_null, always_str


class PipelineWorkflow(Wire, frozen=True):
    """Filters, a mutator and a handler that process an event in this order."""

    name: str = always_str()
    filters: tuple[ResourceReference, ...] = ()
    mutator: ResourceReference | None = None
    handler: ResourceReference | None = always_null()


class Pipeline(Wire, frozen=True):
    """Workflows that process each event."""

    metadata: ObjectMeta = always(ObjectMeta)
    workflows: tuple[PipelineWorkflow, ...] | None = always_null()
