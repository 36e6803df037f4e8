"""UDP handlers: a datagram that carries the event."""

import asyncio
import socket

from sensu.backend.pipelined.steps.handlers.addresses import NO_SOCKET, SOCKET_TIMEOUT_S, addresses
from sensu.backend.pipelined.steps.handlers.deliver import Tools
from sensu.backend.pipelined.steps.outcome import Delivered, Dropped, Outcome, Retry
from sensu.resources.handler import Handler, HandlerSocket


async def deliver(tools: Tools, handler: Handler, payload: bytes, delivery_id: str) -> Outcome:
    """Send `payload` to the handler's socket as one datagram."""
    if handler.socket is None:
        return Dropped(NO_SOCKET)
    try:
        async with asyncio.timeout(handler.timeout or SOCKET_TIMEOUT_S):
            await _send_datagram(handler.socket, payload)
    except (OSError, TimeoutError) as err:
        return Retry(f"udp {handler.socket.host}:{handler.socket.port}: {str(err) or 'timed out'}")
    return Delivered()


async def _send_datagram(target: HandlerSocket, payload: bytes) -> None:
    """Raises OSError if the payload is too large for a datagram, or the datagram cannot leave this host."""
    family, _, _, _, address = (await addresses(target, socket.SOCK_DGRAM))[0]
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.sendto(payload, address)
