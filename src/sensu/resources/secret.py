"""Secrets: where a value comes from that commands get in their environment; the value itself is kept nowhere.

Source: docs, "Secrets API", "Secrets reference"; these kinds stand in JSON with their type around them.
"""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_str

SECRETS_V1 = "secrets/v1"
ENV_PROVIDER = "env"


def _secret() -> str:
    return "Secret"


def _env() -> str:
    return "Env"


def _secrets_v1() -> str:
    return SECRETS_V1


class SecretSource(Wire, frozen=True):
    """The provider that knows the value, and the name it has there: an environment variable of the backend."""

    id: str = always_str()
    provider: str = always_str()


class Secret(Wire, frozen=True):
    """A name under which checks, handlers and mutators of a namespace ask for a value."""

    type: str = always(_secret)
    api_version: str = always(_secrets_v1)
    metadata: ObjectMeta = always(ObjectMeta)
    spec: SecretSource = always(SecretSource)


class SecretConfig(SecretSource, frozen=True):
    """A secret without what stands around it, as the spec and metadata of a file tell it."""

    metadata: ObjectMeta = always(ObjectMeta)


class NoSettings(Wire, frozen=True):
    """The empty object."""


class EnvProvider(Wire, frozen=True):
    """The one provider that every backend has: its own environment."""

    type: str = always(_env)
    api_version: str = always(_secrets_v1)
    metadata: ObjectMeta = always(lambda: ObjectMeta(name=ENV_PROVIDER))
    spec: NoSettings = always(NoSettings)


class EnvConfig(NoSettings, frozen=True):
    """The provider without what stands around it."""

    metadata: ObjectMeta = always(ObjectMeta)
