"""A Unix socket in the state folder, through which `sensu-backend init` reaches the backend that uses the folder.

Only the owner of the folder and root can connect. Requests and responses are one line of JSON each; credentials are
hashed before they are sent.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from sensu.backend.initialise import InitOrder, InitOutcome, carry_out
from sensu.clock import Clock
from sensu.errors import InvalidResource, StoreError
from sensu.log import fields
from sensu.resources.wire import Wire, decode, encode
from sensu.store.contract import Store

log = logging.getLogger("sensu.backend")

SOCKET = "sensu.operator"
LINE_BYTES_MAX = 16 * 1024
REQUEST_WITHIN_S = 10.0
"""A client that does not send a line or read the response within this time is disconnected."""
ADDRESS_BYTES_MAX = 100
"""The length of a Unix socket's address is limited; a longer path is opened through a descriptor of its folder."""


class _Answer(Wire, frozen=True):
    outcome: str = ""
    problem: str = ""


@contextlib.contextmanager
def _address(folder: Path) -> Iterator[str]:
    path = str(folder.resolve() / SOCKET)
    if len(path.encode()) <= ADDRESS_BYTES_MAX:
        yield path
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)


class OperatorSocket:
    """Executes orders of other processes on the open store; `open` and `close` run on the store's event loop."""

    def __init__(self, folder: Path, store: Store, clock: Clock) -> None:
        self._folder, self._store, self._clock = folder, store, clock
        self._server: asyncio.AbstractServer | None = None

    async def open(self) -> None:
        """Listen; replaces the socket of an earlier backend. If that fails, the backend runs without the socket."""
        try:
            with _address(self._folder) as address:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(address)  # noqa: PTH108 - one name, once
                before = os.umask(0o177)
                try:
                    self._server = await asyncio.start_unix_server(self._serve, address, limit=LINE_BYTES_MAX)
                finally:
                    os.umask(before)
        except OSError as err:
            log.warning("sensu-backend init cannot reach this backend", extra=fields(error=err.strerror or str(err)))

    async def close(self) -> None:
        """Stop listening, and remove the socket."""
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(OSError):
                (self._folder / SOCKET).unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(REQUEST_WITHIN_S):
                line = await reader.readline()
                if line:
                    writer.write(encode(await self._answered(line)) + b"\n")
                    await writer.drain()
        writer.close()

    async def _answered(self, line: bytes) -> _Answer:
        try:
            order = decode(InitOrder, line)
            outcome = await carry_out(self._store, order, self._clock.now())
        except (InvalidResource, StoreError) as err:
            return _Answer(problem=str(err))
        if outcome is InitOutcome.DONE:
            log.warning("an administrator was set up", extra=fields(action=order.action, username=order.username))
        return _Answer(outcome=outcome.value)


async def ask(folder: Path, order: InitOrder) -> InitOutcome | None:
    """The outcome from the backend that uses the folder, None if no backend answers; raises StoreError."""
    try:
        async with asyncio.timeout(REQUEST_WITHIN_S):
            with _address(folder) as address:
                reader, writer = await asyncio.open_unix_connection(address, limit=LINE_BYTES_MAX)
            writer.write(encode(order) + b"\n")
            line = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return None
    if not line:
        return None
    answer = decode(_Answer, line)
    if answer.problem:
        raise StoreError(f"the backend that uses {folder} refused: {answer.problem}")
    return InitOutcome(answer.outcome)
