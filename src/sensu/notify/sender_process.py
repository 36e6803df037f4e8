"""The backend's side of the helper process that sends messages."""

import asyncio
import contextlib
import itertools
import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec

from sensu.errors import ExecutionError
from sensu.notify.sending import (
    FRAME_BYTES_MAX,
    LENGTH_BYTES,
    NumberedRequest,
    SendAnswer,
    SendRequest,
    SendResult,
    framed,
)

AT_A_TIME_MAX = 8
"""Messages that are sent at the same time; further ones wait, and their deliveries with them."""
START_LIMIT_S = 20.0
GRACE_S = 2.0
"""How long after the time limit of a message its answer may arrive; then the helper is not used any more."""
IDLE_S = 300.0
"""The helper ends after this time without a message, and starts again with the next."""
ENDED = "the process that sends messages ended unexpectedly"
_START = "import sys; sys.path[:] = sys.argv[1:]; from sensu.notify.sender_child import serve; serve()"
_KEPT_VARIABLES = (
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "LANG",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    *(name for proxy in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (proxy, proxy.upper())),
)
"""What of the backend's environment the helper needs: certificates and proxies."""


class SenderProcess:
    """Sends messages through one process, which starts at the first message."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._process: _Child | None = None
        self._starting = asyncio.Lock()
        self._turns = asyncio.Semaphore(AT_A_TIME_MAX)
        self._idle: asyncio.TimerHandle | None = None

    async def send(self, request: SendRequest) -> SendResult:
        """Send a message; a failure is an answer."""
        async with self._turns:
            try:
                process = await self._running()
            except ExecutionError as err:
                return SendResult(str(err))
            answer = await process.send(request)
        self._rest_later()
        return answer

    def close(self) -> None:
        """End the process."""
        if self._idle is not None:
            self._idle.cancel()
        if self._process is not None:
            self._process.close()
            self._process = None

    async def _running(self) -> "_Child":
        async with self._starting:
            if self._process is None or not self._process.usable:
                if self._process is not None:
                    self._process.retire()
                self._process = await _Child.start()
            return self._process

    def _rest_later(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._rest)

    def _rest(self) -> None:
        """End the process, unless it is sending a message that takes long."""
        if self._process is not None and self._process.is_sending:
            self._rest_later()
        else:
            self.close()


class _Child(asyncio.Protocol):
    """One helper process."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._received = bytearray()
        self._waiting: dict[int, asyncio.Future[SendResult]] = {}
        self._transport: asyncio.Transport | None = None
        self.usable = True

    @classmethod
    async def start(cls) -> "_Child":
        """Start a process that is ready; raises ExecutionError."""
        own, theirs = socket.socketpair()
        own.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            process = cls(await loop.run_in_executor(None, _started, theirs.fileno()))
            transport, _ = await loop.create_connection(lambda: process, sock=own)
        except (OSError, subprocess.SubprocessError) as err:
            own.close()
            raise ExecutionError(f"the process that sends messages cannot be started: {err}") from err
        finally:
            theirs.close()
        process._transport = transport
        ready = process._waiting[0] = loop.create_future()
        try:
            async with asyncio.timeout(START_LIMIT_S):
                greeting = await ready
        except TimeoutError:
            greeting = SendResult(f"not ready within {START_LIMIT_S:g} s")
        del process._waiting[0]
        if greeting.why:
            process.close()
            raise ExecutionError(f"the process that sends messages cannot be started: {greeting.why}")
        return process

    async def send(self, request: SendRequest) -> SendResult:
        """The answer to a request. A process that does not answer in time takes no further requests."""
        assert self._transport is not None
        number = next(self._numbers)
        answer: asyncio.Future[SendResult] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        if self._transport.is_closing():
            answer.set_result(SendResult(ENDED))
        else:
            self._transport.write(framed(NumberedRequest(number, request)))
        try:
            async with asyncio.timeout(request.timeout_s + GRACE_S):
                return await answer
        except TimeoutError:
            self.usable = False
            return SendResult(f"timed out after {request.timeout_s:g} s", request.timeout_s)
        finally:
            self._waiting.pop(number, None)
            if not self.usable and not self._waiting:
                self.close()

    @property
    def is_sending(self) -> bool:
        """Whether an answer is due."""
        return bool(self._waiting)

    def retire(self) -> None:
        """End the process as soon as its requests are answered."""
        self.usable = False
        if not self._waiting:
            self.close()

    def close(self) -> None:
        """Kill the process."""
        self.usable = False
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.poll()
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """A part of an answer."""
        self._received += data
        while len(self._received) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(self._received[:LENGTH_BYTES], "big")
            if end > FRAME_BYTES_MAX:
                self.close()
                return
            if len(self._received) < end:
                return
            answer = msgspec.msgpack.decode(bytes(self._received[LENGTH_BYTES:end]), type=SendAnswer)
            del self._received[:end]
            waiting = self._waiting.get(answer.number)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer.sent)

    def connection_lost(self, exc: Exception | None) -> None:
        """The process has ended."""
        self.usable = False
        self._process.poll()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(SendResult(ENDED))


def _started(connection: int) -> "subprocess.Popen[bytes]":
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    paths = (path or str(Path.cwd()) for path in sys.path)
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", _START, *paths],
        stdin=connection,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=kept,
        start_new_session=True,
    )
