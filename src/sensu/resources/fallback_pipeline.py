"""Fallback pipelines: pipelines of which each one is for the events that the one before failed to handle.

Source: docs, "Pipelines reference", fallback pipelines.
"""

from sensu.resources.metadata import ObjectMeta, ResourceReference
from sensu.resources.wire import Wire, always, always_null


class FallbackPipeline(Wire, frozen=True):
    """Pipelines in the order in which they are tried, until one handles the event."""

    metadata: ObjectMeta = always(ObjectMeta)
    pipelines: tuple[ResourceReference, ...] | None = always_null()
