"""TCP stream handlers, which send events over connections that stay open.

Source: docs, "TCP stream handlers reference".
"""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.retries import HandlerRetries
from sensu.resources.wire import always, always_int, always_str
from sensu.resources.wire_numbers import U32


class TCPStreamHandler(HandlerRetries, frozen=True):
    """An address (`host:port`) that events are written to, and the connections to it.

    Up to `max_connections` connections stay open (0: a new one for each event). The pauses before new connections grow
    from `min_reconnect_delay` to `max_reconnect_delay` (`10ms`, `10s`). Each of the files turns TLS on.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    address: str = always_str()
    max_connections: U32 = always_int()
    max_reconnect_delay: str = always_str()
    min_reconnect_delay: str = always_str()
    tls_ca_cert_file: str = always_str()
    tls_cert_file: str = always_str()
    tls_key_file: str = always_str()
