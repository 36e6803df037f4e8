"""The addresses of socket handlers."""

import asyncio
import socket
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sensu.resources.handler import HandlerSocket

SOCKET_TIMEOUT_S = 60
"""The time limit of a tcp or udp handler without a timeout of its own. Source: docs, "Handler reference"."""
NO_SOCKET = "tcp and udp handlers need a valid socket"
ADDRESSES_REMEMBERED_MAX = 1000


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
