"""Mutators, which transform an event before a handler receives it."""

from sensu.resources.metadata import ObjectMeta, SecretReference
from sensu.resources.wire import Wire, always, always_int, always_null
from sensu.resources.wire_numbers import U32


class Mutator(Wire, frozen=True):
    """A command or a script that transforms events."""

    metadata: ObjectMeta = always(ObjectMeta)
    command: str = ""
    timeout: U32 = always_int()
    env_vars: tuple[str, ...] | None = always_null()
    runtime_assets: tuple[str, ...] | None = always_null()
    secrets: tuple[SecretReference, ...] | None = always_null()
    type: str = ""
    eval: str = ""
