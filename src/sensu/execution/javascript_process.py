"""The parent's side of a process that evaluates JavaScript: sends batches of jobs, and enforces time limits."""

import asyncio
import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sensu.errors import ExecutionError
from sensu.log import fields

log = logging.getLogger("sensu.javascript")

ANSWER_BYTES_MAX = 64 * 1024 * 1024
"""A process whose answers are larger is killed."""
START_LIMIT_S = 20.0
"""A process that is not ready within this time is killed."""
REAP_S = 0.05
STARVED_FACTOR, HAD_ITS_TIME = 5.0, 0.9
"""On a busy machine, an evaluation that got less than `HAD_ITS_TIME` of its limit as processor time may take longer."""
TICKS = 4
"""How often within a time limit the parent checks what is running."""
_LENGTH_BYTES = 4
_PROGRESS_BYTES = 65_536
_START = "import sys; sys.path[:] = sys.argv[1:]; from sensu.execution.javascript_child import serve; serve()"
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(slots=True, eq=False)
class ScriptJob:
    """A job: the request to the child, its time limit, and the number of evaluations that it reports."""

    request: Sequence[Any]
    limit_s: float
    parts: int
    size: int
    done: asyncio.Future[Any]
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """A batch that was interrupted: `finished` jobs were done, and these evaluations of the next job.

    If `late`, the process was killed because that job took too long; otherwise it ended unexpectedly.
    """

    finished: int
    values: bytes
    late: bool
    why: str


class ChildProcess(asyncio.Protocol):
    """One child process; `run` accepts one batch at a time."""

    def __init__(self, niceness: int = 0) -> None:
        """Start the process; raises ExecutionError if that fails."""
        own, theirs = socket.socketpair()
        progress, write_end = os.pipe()
        try:
            self._process = _started(theirs.fileno(), write_end, niceness)
        except (OSError, subprocess.SubprocessError) as err:
            own.close()
            os.close(progress)
            raise ExecutionError(f"a process for JavaScript cannot be started: {err}") from err
        finally:
            theirs.close()
            os.close(write_end)
        os.set_blocking(progress, False)
        own.setblocking(False)
        self._socket, self._progress = own, progress
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._reply: asyncio.Future[bytes | None] | None = None
        self._watch = _Watch((), self._process.pid)
        self._timer: asyncio.TimerHandle | None = None
        self._late = False
        self.alive = True

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @classmethod
    async def start(cls, niceness: int = 0) -> "ChildProcess":
        """Start a process that is ready for jobs; raises ExecutionError if that fails."""
        starting = asyncio.get_running_loop().run_in_executor(None, cls, niceness)
        try:
            child = await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(_close)
            raise
        try:
            await child.open()
        except BaseException:
            child.close()
            raise
        return child

    async def open(self) -> None:
        """Wait until the process is ready; raises ExecutionError if it does not start."""
        loop = asyncio.get_running_loop()
        self._reply = loop.create_future()
        self._transport, _ = await loop.create_connection(lambda: self, sock=self._socket)
        greeting = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_LIMIT_S):
                greeting = await self._reply
        if greeting is None:
            self.close()
            raise ExecutionError(f"the process for JavaScript does not start (status {self._process.returncode})")

    async def run(self, jobs: Sequence[ScriptJob]) -> list[Any] | Broken:
        """The result of each job, and the seconds that it took."""
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        batch = json.dumps([job.request for job in jobs]).encode()
        self._reply, self._late = loop.create_future(), False
        self._watch = _Watch(jobs, self._process.pid)
        self._timer = loop.call_later(self._watch.tick_s, self._tick)
        if self._transport.is_closing():
            self._reply.set_result(None)
        else:
            self._transport.write(len(batch).to_bytes(_LENGTH_BYTES, "big") + batch)
        try:
            body = await self._reply
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._timer.cancel()
            self._reply = None
        answers = None if body is None else _answers(body, len(jobs))
        self._watch.note(self._read_progress())
        if answers is not None:
            return answers
        self.close()
        return self._watch.broken(late=self._late, status=self._process.returncode)

    def _tick(self) -> None:
        self._watch.note(self._read_progress())
        if self._watch.overdue():
            self._late = True
            log.warning("killed a process that evaluated JavaScript: it took too long", extra=fields(pid=self.pid))
            self.close()
            self._end_reply()
            return
        self._timer = asyncio.get_running_loop().call_later(self._watch.tick_s, self._tick)

    def _read_progress(self) -> bytes:
        with contextlib.suppress(BlockingIOError):
            return os.read(self._progress, _PROGRESS_BYTES) if self.alive else b""
        return b""

    def data_received(self, data: bytes) -> None:
        """A part of an answer."""
        self._received += data
        if len(self._received) < _LENGTH_BYTES:
            return
        end = _LENGTH_BYTES + int.from_bytes(self._received[:_LENGTH_BYTES], "big")
        if end > ANSWER_BYTES_MAX:
            self._end_reply()
        elif len(self._received) >= end and self._reply is not None and not self._reply.done():
            self._reply.set_result(bytes(self._received[_LENGTH_BYTES:end]))
            self._received = bytearray()

    def connection_lost(self, exc: Exception | None) -> None:
        """The process has ended."""
        self._end_reply()

    def _end_reply(self) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(None)

    def close(self) -> None:
        """Kill the process if it is running."""
        if not self.alive:
            return
        self._watch.note(self._read_progress())
        self.alive = False
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._reap()
        os.close(self._progress)
        if self._transport is not None:
            self._transport.abort()
        else:
            self._socket.close()

    def _reap(self) -> None:
        """Wait for the end of the process, for which the kernel needs a moment."""
        if self._process.poll() is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(REAP_S)
        else:
            loop.call_later(REAP_S, self._reap)


def _close(starting: "asyncio.Future[ChildProcess]") -> None:
    """Kill a process that is no longer needed."""
    if starting.exception() is None:
        starting.result().close()


def _started(connection: int, progress: int, niceness: int) -> subprocess.Popen[bytes]:
    """Start the process with two descriptors and a minimal environment."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    paths = (path or str(Path.cwd()) for path in sys.path)
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", _START, *paths],
        stdin=connection,
        stdout=progress,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={**kept, "SENSU_NICE": str(niceness)},
        start_new_session=True,
    )


def _answers(body: bytes, count: int) -> list[Any] | None:
    """The answers in a reply, or None if it is invalid, as a compromised child may send it."""
    try:
        answers = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answers if isinstance(answers, list) and len(answers) == count else None


@dataclass(slots=True)
class _Watch:
    """Tracks the progress of a batch, and whether the running job takes too long."""

    jobs: Sequence[ScriptJob]
    pid: int
    finished: int = 0
    values: bytearray = field(default_factory=bytearray)
    ticks: int = 0
    cpu_s: float | None = None

    def __post_init__(self) -> None:
        self.cpu_s = _processor_time_s(self.pid)

    @property
    def tick_s(self) -> float:
        """When to check next."""
        return self._limit_s / TICKS

    @property
    def _limit_s(self) -> float:
        return self.jobs[min(self.finished, len(self.jobs) - 1)].limit_s if self.jobs else 1.0

    def note(self, progress: bytes) -> None:
        """Evaluations have ended."""
        self.values += progress
        while self.finished < len(self.jobs) and len(self.values) >= self.jobs[self.finished].parts:
            del self.values[: self.jobs[self.finished].parts]
            self.finished += 1
            self.ticks, self.cpu_s = 0, _processor_time_s(self.pid)

    def overdue(self) -> bool:
        """Whether the running job has exceeded its limit; called once per tick."""
        self.ticks += 1
        if self.ticks < TICKS:
            return False
        used_s = _processor_time_s(self.pid)
        starved = used_s is not None and self.cpu_s is not None and used_s - self.cpu_s < self._limit_s * HAD_ITS_TIME
        return not starved or self.ticks >= TICKS * STARVED_FACTOR

    def broken(self, *, late: bool, status: int | None) -> Broken:
        """The progress of the batch."""
        return Broken(self.finished, bytes(self.values), late, f"the process ended with status {status}")


def _processor_time_s(pid: int) -> float | None:
    """The processor time of a process, or None if the system does not report it.

    Source: Linux, the clock's id of a process (include/linux/posix-timers.h: CPUCLOCK_SCHED).
    """
    try:
        return time.clock_gettime((~pid << 3) | 2) if sys.platform == "linux" else None
    except OSError:
        return None
