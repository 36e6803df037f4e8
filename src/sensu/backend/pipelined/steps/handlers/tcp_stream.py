"""TCP stream handlers: events are written to connections that stay open."""

import ssl

from sensu.backend.pipelined.steps.handlers.deliver import Occasion, Tools
from sensu.backend.pipelined.steps.handlers.stream_connection import StreamTarget
from sensu.backend.pipelined.steps.handlers.stream_pool import StreamPool, StreamSettings
from sensu.backend.pipelined.steps.outcome import Dropped, Outcome
from sensu.resources.kinds import TCP_STREAM
from sensu.resources.tcp_stream import TCPStreamHandler
from sensu.rules.streams import host_and_port, reconnect_policy
from sensu.store.values import Key
from sensu.tls import client_context


async def deliver(tools: Tools, handler: TCPStreamHandler, payload: bytes, occasion: Occasion) -> Outcome:
    """Write `payload` to a connection of the handler; an event without a mutator ends with a newline."""
    place = host_and_port(handler.address)
    if place is None:
        return Dropped(f"the address {handler.address} is not HOST:PORT")
    target = StreamTarget(*place, (lambda: _context(handler)) if _is_encrypted(handler) else None)
    settings = StreamSettings(
        f"TCP stream {handler.address}", target, reconnect_policy(handler), handler.max_connections
    )
    key = Key(TCP_STREAM.qualified_name, handler.metadata.namespace, handler.metadata.name)
    pool = tools.pools.pool(key, lambda pool_tools: StreamPool(settings, pool_tools))
    return await pool.send(payload + b"\n" if occasion.is_event else payload)


def _is_encrypted(handler: TCPStreamHandler) -> bool:
    return bool(handler.tls_ca_cert_file or handler.tls_cert_file)


def _context(handler: TCPStreamHandler) -> ssl.SSLContext:
    """The TLS context of a new connection, so that files can be replaced; raises OSError."""
    context = client_context(handler.tls_ca_cert_file)
    if handler.tls_cert_file:
        context.load_cert_chain(handler.tls_cert_file, handler.tls_key_file)
    return context
