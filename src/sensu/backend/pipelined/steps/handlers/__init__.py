"""Handlers at work: a command that gets the event on its standard input, or a socket that it is written to."""

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sensu.backend.own_secrets import command_environment
from sensu.backend.pipelined.steps.outcome import Delivered, Dropped, Outcome, Retry
from sensu.backend.pipelined.steps.runtime_assets import RuntimeAssets
from sensu.backend.secrets import NoSecret, Secrets
from sensu.clock import Clock
from sensu.errors import ExecutionError
from sensu.execution.command import TIMED_OUT_TEXT, Command, CommandResult, run
from sensu.execution.environment import merged, pairs
from sensu.log import fields
from sensu.resources.handler import Handler, HandlerSocket
from sensu.rules.command_output import failure, without
from sensu.rules.redaction import names_secret

log = logging.getLogger("sensu.pipelined")

SOCKET_TIMEOUT_S = 60
"""How long a tcp or udp handler without a time-out may take. Source: docs, "Handler reference"."""
HUNG_AFTER_S = 3600
"""How long the command of a pipe handler or mutator without a time-out may take: it holds one of few turns."""
LOGGED_OUTPUT_BYTES = 4096
TIMED_OUT = TIMED_OUT_TEXT.decode()
ADDRESSES_REMEMBERED_MAX = 1000
DELIVERY_ID_VARIABLE = "SENSU_DELIVERY_ID"
"""Names the delivery, the same at each attempt, so that a handler can tell a repetition."""


class Handlers:
    """Gives payloads to handlers."""

    def __init__(self, assets: RuntimeAssets, secrets: Secrets, clock: Clock) -> None:
        self._assets, self._secrets, self._clock = assets, secrets, clock

    async def deliver(self, handler: Handler, payload: bytes, delivery_id: str) -> Outcome:
        """How it went to give `payload` to the handler."""
        if handler.type == "pipe":
            return await self._pipe(handler, payload, delivery_id)
        if handler.type == "tcp":
            return await self._tcp(handler, payload)
        if handler.type == "udp":
            return await self._udp(handler, payload)
        return Dropped(f"unknown handler type: {handler.type}")

    async def _pipe(self, handler: Handler, payload: bytes, delivery_id: str) -> Outcome:
        namespace = handler.metadata.namespace
        secrets = self._secrets.variables(namespace, handler.secrets)
        if isinstance(secrets, NoSecret):
            return Retry(secrets.why)
        variables = await self._assets.variables(namespace, handler.runtime_assets)
        own = [(DELIVERY_ID_VARIABLE, delivery_id)]
        env = merged(command_environment(), own, variables, pairs(handler.env_vars), secrets)
        timeout_s = handler.timeout or HUNG_AFTER_S
        command = Command(handler.command, stdin=payload, env=env, timeout_s=timeout_s)
        try:
            result = await run(command, self._clock)
        except ExecutionError as err:
            return Retry(str(err))
        hidden = hidden_values(secrets, handler.env_vars)
        _log_result(handler, result, hidden)
        if result.timed_out:
            return Retry(failure(f"timed out after {timeout_s} s", result.text.removesuffix(TIMED_OUT), hidden))
        if result.status == 0:
            return Delivered()
        return Retry(failure(f"exit status {result.status}", result.text, hidden))

    async def _tcp(self, handler: Handler, payload: bytes) -> Outcome:
        if handler.socket is None:
            return Dropped("tcp and udp handlers need a valid socket")
        try:
            async with asyncio.timeout(handler.timeout or SOCKET_TIMEOUT_S):
                await _write(handler.socket, payload)
        except (OSError, TimeoutError) as err:
            return Retry(f"tcp {handler.socket.host}:{handler.socket.port}: {str(err) or 'timed out'}")
        return Delivered()

    async def _udp(self, handler: Handler, payload: bytes) -> Outcome:
        if handler.socket is None:
            return Dropped("tcp and udp handlers need a valid socket")
        try:
            async with asyncio.timeout(handler.timeout or SOCKET_TIMEOUT_S):
                await _send_datagram(handler.socket, payload)
        except (OSError, TimeoutError) as err:
            return Retry(f"udp {handler.socket.host}:{handler.socket.port}: {str(err) or 'timed out'}")
        return Delivered()


async def _write(place: HandlerSocket, payload: bytes) -> None:
    """Return when all of the payload has left this process and the connection is closed; raises OSError.

    A plain socket: a delivery reads nothing, and a transport for it costs five times as much.
    """
    loop, refused = asyncio.get_running_loop(), OSError("the host has no address")
    for family, _, _, _, address in await _addresses(place, socket.SOCK_STREAM):
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
    """How much was sent with the connection, which to this host is there at once; raises OSError."""
    problem = sender.connect_ex(address)
    if problem not in (0, errno.EINPROGRESS):
        raise OSError(problem, os.strerror(problem))
    try:
        return sender.send(payload)
    except BlockingIOError:
        await asyncio.get_running_loop().sock_connect(sender, address)
        return 0


async def _send_datagram(place: HandlerSocket, payload: bytes) -> None:
    """Raises OSError where the datagram cannot leave this host, because it is too large for one."""
    family, _, _, _, address = (await _addresses(place, socket.SOCK_DGRAM))[0]
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.sendto(payload, address)


async def _addresses(place: HandlerSocket, kind: socket.SocketKind) -> Sequence[Any]:
    """Where a host is; only names need looking up, which may take a while; raises OSError."""
    numeric = _numeric_addresses(place.host, place.port, kind)
    if numeric:
        return numeric
    return await asyncio.get_running_loop().getaddrinfo(place.host, place.port, type=kind)


@lru_cache(ADDRESSES_REMEMBERED_MAX)
def _numeric_addresses(host: str, port: int, kind: socket.SocketKind) -> Sequence[Any]:
    """Where a host is that is named by its number, nothing for others."""
    try:
        return socket.getaddrinfo(host, port, type=kind, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return ()


def hidden_values(secrets: Iterable[tuple[str, str]], env_vars: Sequence[str] | None) -> list[str]:
    """The values that what a command wrote must not show: its secrets, and variables that are named like one."""
    return [value for _, value in secrets] + [value for name, value in pairs(env_vars) if names_secret(name)]


def _log_result(handler: Handler, result: CommandResult, secrets: Sequence[str]) -> None:
    """A handler's output is the handler's own; it is logged as the reference does, but bounded and without secrets."""
    output = without(result.text, secrets)
    failed = result.status != 0 or result.timed_out
    log.log(
        logging.ERROR if failed else logging.INFO,
        "event pipe handler failed" if failed else "event pipe handler executed",
        extra=fields(
            handler=handler.metadata.name,
            namespace=handler.metadata.namespace,
            status=result.status,
            output=output[:LOGGED_OUTPUT_BYTES],
        ),
    )
