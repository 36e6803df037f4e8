"""UDP handlers: a datagram that carries the event."""

import socket
from functools import cache

from sensu.backend.pipelined.steps.handlers.deliver import Occasion, Tools
from sensu.backend.pipelined.steps.handlers.sockets import addresses, delivered
from sensu.backend.pipelined.steps.outcome import Outcome
from sensu.resources.handler import Handler, HandlerSocket


async def deliver(tools: Tools, handler: Handler, payload: bytes, occasion: Occasion) -> Outcome:
    """Send `payload` to the handler's socket as one datagram."""
    return await delivered(handler, payload, _send_datagram)


async def _send_datagram(target: HandlerSocket, payload: bytes) -> None:
    """Raises OSError if the payload is too large for a datagram, or the datagram cannot leave this host."""
    family, _, _, _, address = (await addresses(target, socket.SOCK_DGRAM))[0]
    _sender(family).sendto(payload, address)


@cache
def _sender(family: int) -> socket.socket:
    """The socket from which this process sends: a new one for each event would cost four times as much."""
    sender = socket.socket(family, socket.SOCK_DGRAM)
    sender.setblocking(False)
    return sender
