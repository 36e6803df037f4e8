"""Pipelines: workflows of filters, a mutator and a handler."""

from sensu.resources.metadata import ObjectMeta, ResourceReference
from sensu.resources.wire import Wire, always, always_null, always_str


class PipelineWorkflow(Wire, frozen=True):
    """One way of an event through filters and a mutator to a handler."""

    name: str = always_str()
    filters: tuple[ResourceReference, ...] = ()
    mutator: ResourceReference | None = None
    handler: ResourceReference | None = always_null()


class Pipeline(Wire, frozen=True):
    """Workflows that each event of a check goes through."""

    metadata: ObjectMeta = always(ObjectMeta)
    workflows: tuple[PipelineWorkflow, ...] | None = always_null()
