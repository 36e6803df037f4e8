"""Handlers: what is done with an event."""

from sensu.resources.metadata import ObjectMeta, SecretReference
from sensu.resources.wire import Wire, always, always_int, always_null
from sensu.resources.wire_numbers import U32


class HandlerSocket(Wire, frozen=True):
    """Where a tcp or udp handler sends."""

    host: str = ""
    port: U32 = always_int()


class Handler(Wire, frozen=True):
    """A command, a socket or a set of other handlers that events are given to.

    Fields of ours: `retry_attempts` further attempts after a failed one (None: the default), the first of them after
    `retry_delay` seconds (0: the default), each wait twice as long as the one before up to `retry_delay_max` seconds
    (0: the default); `fallback_handler` gets what is given up then.
    """

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
    retry_attempts: U32 | None = None
    retry_delay: U32 = 0
    retry_delay_max: U32 = 0
    fallback_handler: str = ""
