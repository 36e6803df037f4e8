"""The fields of handlers about what happens after a failed attempt; Sensu Go does not have them."""

from sensu.resources.wire import Wire
from sensu.resources.wire_numbers import U32


class HandlerRetries(Wire, frozen=True):
    """After a failed attempt, up to `retry_attempts` more are made (None: the default).

    The first is made after `retry_delay` seconds (0: the default); each pause is twice as long as the last, up to
    `retry_delay_max` seconds (0: the default). `fallback_handler` receives events that are given up then.
    """

    retry_attempts: U32 | None = None
    retry_delay: U32 = 0
    retry_delay_max: U32 = 0
    fallback_handler: str = ""
