"""Handlers: what is done with an event."""

from sensu.resources.metadata import ObjectMeta, SecretReference
from sensu.resources.wire import Wire, always, always_int, always_null
from sensu.resources.wire_numbers import U32


class HandlerSocket(Wire, frozen=True):
    """Where a tcp or udp handler sends."""

    host: str = ""
    port: U32 = always_int()


class Handler(Wire, frozen=True):
    """A command, a socket or a set of other handlers that events are given to."""

    metadata: ObjectMeta = always(ObjectMeta)
    type: str = ""
    mutator: str = ""
    command: str = ""
    timeout: U32 = always_int()
    socket: HandlerSocket | None = None
    handlers: tuple[str, ...] | None = always_null()
    filters: tuple[str, ...] | None = always_null()
    env_vars: tuple[str, ...] | None = always_null()
    runtime_assets: tuple[str, ...] | None = always_null()
    secrets: tuple[SecretReference, ...] | None = always_null()
