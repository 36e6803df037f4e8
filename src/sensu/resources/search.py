"""Saved searches of the web UI.

Source: docs, "Searches API", "Build and save searches".
"""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_null, always_str


class Search(Wire, frozen=True):
    """A search for resources of one type, `core.v2/Event`.

    All `parameters` must match: `check:disk`, `status:incident`, `labelSelector:region == us`.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    parameters: tuple[str, ...] | None = always_null()
    resource: str = always_str()
