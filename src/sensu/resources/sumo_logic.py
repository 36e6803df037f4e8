"""Sumo Logic metrics handlers, which send metrics over connections that stay open.

Source: docs, "Sumo Logic metrics handlers reference".
"""

from sensu.resources.metadata import ObjectMeta, SecretReference
from sensu.resources.retries import HandlerRetries
from sensu.resources.wire import always, always_int, always_null, always_str
from sensu.resources.wire_numbers import U32


class SumoLogicMetricsHandler(HandlerRetries, frozen=True):
    """The URL of an HTTP source of Sumo Logic, which is a secret by itself; `$NAME` stands for a variable of `secrets`.

    Up to `max_connections` connections are open (0: as many as are needed); `timeout` (`10s`) limits a request.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    max_connections: U32 = always_int()
    secrets: tuple[SecretReference, ...] | None = always_null()
    timeout: str = always_str()
    url: str = always_str()
