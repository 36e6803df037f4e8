"""Handlers, which process events."""

from sensu.resources.metadata import ObjectMeta, SecretReference
from sensu.resources.wire import Wire, always, always_int, always_null
from sensu.resources.wire_numbers import U32

HANDLER_TYPES = ("pipe", "notify", "tcp", "udp", "set")


class HandlerSocket(Wire, frozen=True):
    """The address that a tcp or udp handler sends to."""

    host: str = ""
    port: U32 = always_int()


class NotifyTemplate(Wire, frozen=True):
    """Templates for the parts of messages, with the tokens of checks; an empty part is the built-in one."""

    title: str = ""
    text: str = ""
    html: str = ""


class NotifyStorm(Wire, frozen=True):
    """More than `after` problems `within` a time begin a storm, with a digest every `digest`.

    What is unset has its default; `after` 0 means that there are no storms.
    """

    after: U32 | None = None
    within: str = ""
    digest: str = ""


class Notify(Wire, frozen=True):
    """Where a notify handler sends messages, and about which events; Sensu Go has no such handlers.

    `urls` are those of services; `${NAME}` in them is the value of a variable in the handler's `secrets`. `when` has
    the occasions for a message (empty: the default); `repeat` is the time after which an incident that goes on is
    announced again, such as `4h` (empty: never); `template` replaces parts of the built-in messages;
    `rate` is the largest number of messages in a time, such as `30/1m` (empty: the default).
    """

    urls: tuple[str, ...] | None = always_null()
    when: tuple[str, ...] = ()
    repeat: str = ""
    template: NotifyTemplate | None = None
    storm: NotifyStorm | None = None
    rate: str = ""


class Handler(Wire, frozen=True):
    """A command, a socket, services for messages or a set of other handlers that receives events.

    Fields that Sensu Go does not have: `notify`; after a failed attempt, up to `retry_attempts` more are made (None:
    the default), the first after `retry_delay` seconds (0: the default); each pause is twice as long as the last, up to
    `retry_delay_max` seconds (0: the default). `fallback_handler` receives events that are given up then.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    type: str = ""
    mutator: str = ""
    command: str = ""
    timeout: U32 = always_int()
    socket: HandlerSocket | None = None
    notify: Notify | None = None
    handlers: tuple[str, ...] | None = always_null()
    filters: tuple[str, ...] | None = always_null()
    env_vars: tuple[str, ...] | None = always_null()
    runtime_assets: tuple[str, ...] | None = always_null()
    secrets: tuple[SecretReference, ...] | None = always_null()
    retry_attempts: U32 | None = None
    retry_delay: U32 = 0
    retry_delay_max: U32 = 0
    fallback_handler: str = ""
