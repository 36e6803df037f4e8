"""Secrets: references to values that commands receive in their environment; the values themselves are not stored.

Source: docs, "Secrets API", "Secrets reference".
"""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_str

ENV_PROVIDER = "env"


class Secret(Wire, frozen=True):
    """A name by which checks, handlers and mutators of a namespace refer to a value.

    `provider` supplies the value; `id` is its name there: an environment variable of the backend.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    id: str = always_str()
    provider: str = always_str()


class EnvProvider(Wire, frozen=True):
    """The provider that every backend has: its own environment. It has no settings."""

    metadata: ObjectMeta = always(lambda: ObjectMeta(name=ENV_PROVIDER))
