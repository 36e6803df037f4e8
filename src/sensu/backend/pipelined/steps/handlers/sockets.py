"""What handlers of the types tcp and udp share: their addresses, and the outcome of a delivery."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any

from sensu.backend.pipelined.steps.outcome import Delivered, Dropped, Outcome, Retry
from sensu.resources.handler import Handler, HandlerSocket

SOCKET_TIMEOUT_S = 60
"""The time limit of a tcp or udp handler without a timeout of its own. Source: docs, "Handler reference"."""
NO_SOCKET = "tcp and udp handlers need a valid socket"
ADDRESSES_REMEMBERED_MAX = 1000


async def delivered(
    handler: Handler, payload: bytes, send: Callable[[HandlerSocket, bytes], Awaitable[None]]
) -> Outcome:
    """The outcome of sending `payload` to the handler's socket within its timeout; `send` raises OSError."""
    target = handler.socket
    if target is None:
        return Dropped(NO_SOCKET)
    try:
        async with asyncio.timeout(handler.timeout or SOCKET_TIMEOUT_S):
            await send(target, payload)
    except (OSError, TimeoutError) as err:
        return Retry(f"{handler.type} {target.host}:{target.port}: {str(err) or 'timed out'}")
    return Delivered()


async def addresses(target: HandlerSocket, kind: socket.SocketKind) -> Sequence[Any]:
    """The addresses of a host. Only names need a lookup, which may take a while. Raises OSError."""
    numeric = _numeric_addresses(target.host, target.port, kind)
    if numeric:
        return numeric
    return await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=kind)


@lru_cache(ADDRESSES_REMEMBERED_MAX)
def _numeric_addresses(host: str, port: int, kind: socket.SocketKind) -> Sequence[Any]:
    """The address of a host given as a number, nothing for a name."""
    try:
        return socket.getaddrinfo(host, port, type=kind, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return ()
