"""Secrets: references to values that commands receive in their environment; the values themselves are not stored.

Source: docs, "Secrets API", "Secrets reference".
"""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_str


class Secret(Wire, frozen=True):
    """A name by which checks, handlers and mutators of a namespace refer to a value.

    `provider` is the name of the provider that has the value; `id` is the name of the value there.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    id: str = always_str()
    provider: str = always_str()
