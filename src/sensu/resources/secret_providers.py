"""Secrets providers: the places that values of secrets come from.

Source: docs, "Secrets providers reference", "Secrets API" (fields that are always written). `FileProvider` is ours.
"""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_str

ENV = "env"
"""The name of the only provider of type `Env`."""


class EnvProvider(Wire, frozen=True):
    """The environment of the backend. Every backend has this provider, and it has no settings."""

    metadata: ObjectMeta = always(lambda: ObjectMeta(name=ENV))


class FileProvider(Wire, frozen=True):
    """A directory with a file for each value, as Kubernetes and systemd mount credentials.

    Without `directory`, it is the one that systemd gives to the service of the backend.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    directory: str = always_str()
