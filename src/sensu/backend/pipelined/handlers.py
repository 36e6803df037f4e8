"""Handlers at work: a command that gets the event on its standard input, or a socket that it is written to."""

import asyncio
import logging
import os

from sensu.backend.pipelined.outcome import Delivered, Dropped, Outcome, Retry
from sensu.backend.pipelined.runtime_assets import RuntimeAssets
from sensu.clock import Clock
from sensu.errors import ExecutionError
from sensu.execution.command import Command, CommandResult, run
from sensu.execution.environment import merged, pairs
from sensu.log import fields
from sensu.resources.handler import Handler

log = logging.getLogger("sensu.pipelined")

SOCKET_TIMEOUT_S = 60
"""How long a tcp or udp handler without a time-out may take. Source: docs, "Handler reference"."""
RUNNING_MAX = 50
"""How many deliveries one handler works on at the same time; further ones wait their turn."""
LOGGED_OUTPUT_BYTES = 4096
DELIVERY_ID_VARIABLE = "SENSU_DELIVERY_ID"
"""Names the delivery, the same at each attempt, so that a handler can tell a repetition."""


class Handlers:
    """Gives payloads to handlers, a bounded number at a time for each."""

    def __init__(self, assets: RuntimeAssets, clock: Clock) -> None:
        self._assets, self._clock = assets, clock
        self._turns: dict[tuple[str, str], asyncio.Semaphore] = {}

    async def deliver(self, handler: Handler, payload: bytes, delivery_id: str) -> Outcome:
        """How it went to give `payload` to the handler, after waiting for its turn."""
        key = (handler.metadata.namespace, handler.metadata.name)
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = asyncio.Semaphore(RUNNING_MAX)
        async with turn:
            if handler.type == "pipe":
                return await self._pipe(handler, payload, delivery_id)
            if handler.type == "tcp":
                return await self._tcp(handler, payload)
            if handler.type == "udp":
                return await self._udp(handler, payload)
        return Dropped(f"unknown handler type: {handler.type}")

    async def _pipe(self, handler: Handler, payload: bytes, delivery_id: str) -> Outcome:
        variables = await self._assets.variables(handler.metadata.namespace, handler.runtime_assets)
        own = [(DELIVERY_ID_VARIABLE, delivery_id)]
        env = merged(os.environ, own, *variables, pairs(handler.env_vars))
        command = Command(handler.command, stdin=payload, env=env, timeout_s=handler.timeout)
        try:
            result = await run(command, self._clock)
        except ExecutionError as err:
            return Retry(str(err))
        _log_result(handler, result)
        if result.timed_out:
            return Retry(f"timed out after {handler.timeout} s")
        return Delivered() if result.status == 0 else Retry(f"exit status {result.status}")

    async def _tcp(self, handler: Handler, payload: bytes) -> Outcome:
        if handler.socket is None:
            return Dropped("tcp and udp handlers need a valid socket")
        try:
            async with asyncio.timeout(handler.timeout or SOCKET_TIMEOUT_S):
                _, writer = await asyncio.open_connection(handler.socket.host, handler.socket.port)
                try:
                    writer.write(payload)
                    await writer.drain()
                finally:
                    writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError) as err:
            return Retry(f"tcp {handler.socket.host}:{handler.socket.port}: {err or 'timed out'}")
        return Delivered()

    async def _udp(self, handler: Handler, payload: bytes) -> Outcome:
        if handler.socket is None:
            return Dropped("tcp and udp handlers need a valid socket")
        errors: list[Exception] = []
        try:
            async with asyncio.timeout(handler.timeout or SOCKET_TIMEOUT_S):
                transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Datagram(errors), remote_addr=(handler.socket.host, handler.socket.port)
                )
                transport.sendto(payload)
                transport.close()
        except (OSError, TimeoutError) as err:
            errors.append(err)
        return Retry(f"udp {handler.socket.host}:{handler.socket.port}: {errors[0]}") if errors else Delivered()


class _Datagram(asyncio.DatagramProtocol):
    """Keeps what the socket complains of, such as a datagram that is too large."""

    def __init__(self, errors: list[Exception]) -> None:
        self._errors = errors

    def error_received(self, exc: Exception) -> None:
        """The kernel refused the datagram."""
        self._errors.append(exc)


def _log_result(handler: Handler, result: CommandResult) -> None:
    """A handler's output is the handler's own; it is logged, bounded, as the reference does."""
    failed = result.status != 0 or result.timed_out
    log.log(
        logging.ERROR if failed else logging.INFO,
        "event pipe handler failed" if failed else "event pipe handler executed",
        extra=fields(
            handler=handler.metadata.name,
            namespace=handler.metadata.namespace,
            status=result.status,
            output=result.text[:LOGGED_OUTPUT_BYTES],
        ),
    )
