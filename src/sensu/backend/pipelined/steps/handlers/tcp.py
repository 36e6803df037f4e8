"""TCP handlers: a connection that the event is written to."""

import asyncio
import errno
import os
import socket
from typing import Any

from sensu.backend.pipelined.steps.handlers.deliver import Occasion, Tools
from sensu.backend.pipelined.steps.handlers.sockets import addresses, delivered
from sensu.backend.pipelined.steps.outcome import Outcome
from sensu.resources.handler import Handler, HandlerSocket


async def deliver(tools: Tools, handler: Handler, payload: bytes, occasion: Occasion) -> Outcome:
    """Write `payload` to the handler's socket and close the connection."""
    return await delivered(handler, payload, _write)


async def _write(target: HandlerSocket, payload: bytes) -> None:
    """Return when the whole payload has left this process and the connection is closed; raises OSError.

    Uses a plain socket: a delivery reads nothing, and an asyncio transport costs five times as much.
    """
    loop, refused = asyncio.get_running_loop(), OSError("the host has no address")
    for family, _, _, _, address in await addresses(target, socket.SOCK_STREAM):
        with socket.socket(family, socket.SOCK_STREAM) as sender:
            sender.setblocking(False)
            try:
                sent = await _connect(sender, address, payload)
            except OSError as err:
                refused = err
                continue
            if sent < len(payload):
                await loop.sock_sendall(sender, memoryview(payload)[sent:])
            return
    raise refused


async def _connect(sender: socket.socket, address: Any, payload: bytes) -> int:
    """The number of bytes sent while connecting: connections to this host open at once. Raises OSError."""
    problem = sender.connect_ex(address)
    if problem not in (0, errno.EINPROGRESS):
        raise OSError(problem, os.strerror(problem))
    try:
        return sender.send(payload)
    except BlockingIOError:
        await asyncio.get_running_loop().sock_connect(sender, address)
        return 0
