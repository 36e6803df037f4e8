"""Shell commands of checks, hooks, handlers and mutators: own process group, time-out, bounded output.

A command is started with `posix_spawn` on the loop's thread (about 0.4 ms) and needs no thread or task of its own.
Standard output and standard error use one pipe, so that their order is preserved.
"""

import asyncio
import codecs
import contextlib
import logging
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sensu import open_files
from sensu.clock import Clock, SystemClock
from sensu.errors import ExecutionError, system_reason
from sensu.log import fields

log = logging.getLogger("sensu.command")

OUTPUT_BYTES_MAX = 1024 * 1024
"""The default limit on the output of a command; as JSON it may become six times as long."""
LINGER_S = 0.5
"""How long to wait for output after the command has ended: a child process may keep the pipe open."""
KILL_WAIT_S = 2.0
"""How long to wait for the end of a killed command."""
DESCENDANTS_MAX = 10_000
READ_BYTES = 65536
KILLED_STATUS = 4294967295
"""The status of a command that was ended by a signal. Source: docs and recorded behaviour of the agent (CX-11)."""
TIMED_OUT_STATUS = 2
TIMED_OUT_TEXT = b"Execution timed out\n"

SHELL = "/bin/sh"


@dataclass(frozen=True, slots=True)
class Command:
    """A shell command with its input, environment and limits.

    With `env` None, the command inherits the environment of this process. `timeout_s` 0 means no time-out.
    """

    text: str
    stdin: bytes = b""
    env: Mapping[str, str] | None = None
    timeout_s: float = 0
    output_bytes_max: int = OUTPUT_BYTES_MAX


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command; `dropped_bytes` is the size of the output beyond the limit."""

    status: int
    output: bytes
    duration_s: float
    timed_out: bool = False
    dropped_bytes: int = 0

    @property
    def text(self) -> str:
        """The output decoded as UTF-8, each invalid byte replaced by one U+FFFD."""
        return as_text(self.output)


def as_text(output: bytes) -> str:
    """Decode bytes as UTF-8, each invalid byte replaced by one U+FFFD.

    Source: recorded scenario agent-exec, case output-utf8.
    """
    return output.decode("utf-8", _EACH_BYTE)


_EACH_BYTE = "sensu-each-byte"


def _replace_each_byte(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\ufffd" * (error.end - error.start), error.end


codecs.register_error(_EACH_BYTE, _replace_each_byte)


async def run(command: Command, clock: Clock | None = None) -> CommandResult:
    """Run a command and return its result; at its time-out the command and its process group are killed.

    If a child process keeps the output open after the command has ended, the result waits `LINGER_S` and the child is
    left running. If the caller is cancelled, the group is killed. Raises ExecutionError if the command cannot start.
    """
    process = _Process(command, clock or SystemClock())
    try:
        await process.done
    finally:
        process.close()
    return process.result()


class _Process:
    """A running command."""

    def __init__(self, command: Command, clock: Clock) -> None:
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self.loop.create_future()
        self._clock = clock
        self._started = clock.monotonic()
        self._bytes_max = max(command.output_bytes_max, 0)
        self._output = bytearray()
        self._dropped_bytes = 0
        self._timed_out = False
        self._kill_failed = False
        self._status: int | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._stdin = memoryview(command.stdin)
        self._pid, self._in_fd, self._out_fd = _spawn(command)
        self._watch = _ExitWatch(self.loop, self._pid, self._on_exit)
        self.loop.add_reader(self._out_fd, self._on_output)
        if self._in_fd is not None:
            self._on_input()
        if command.timeout_s > 0:
            self._timers.append(self.loop.call_later(command.timeout_s, self._on_timeout))

    def result(self) -> CommandResult:
        """The result as known now."""
        status = KILLED_STATUS if self._status is None else self._status
        output = bytes(self._output)
        if self._timed_out:
            status, output = TIMED_OUT_STATUS, TIMED_OUT_TEXT + output
            if self._kill_failed:
                output += f"Unable to TERM/KILL the process: #{self._pid}\n".encode()
        duration_s = self._clock.monotonic() - self._started
        return CommandResult(status, output, duration_s, self._timed_out, self._dropped_bytes)

    def close(self) -> None:
        """Release all resources; kill a command that is still running, and reap it when it has ended."""
        for timer in self._timers:
            timer.cancel()
        if self._status is None:
            self._kill()
        self._close_input()
        self._close_output()

    def _on_output(self) -> None:
        try:
            chunk = os.read(self._out_fd, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._close_output()
            self._settle()
            return
        room = self._bytes_max - len(self._output)
        self._output += chunk[:room]
        self._dropped_bytes += max(len(chunk) - room, 0)

    def _on_input(self) -> None:
        """Write as much input as fits; a command may end without reading all of its input."""
        assert self._in_fd is not None
        try:
            written = os.write(self._in_fd, self._stdin)
        except BlockingIOError:
            written = 0
        except OSError:
            self._close_input()
            return
        self._stdin = self._stdin[written:]
        if self._stdin:
            self.loop.add_writer(self._in_fd, self._on_input)
        else:
            self._close_input()

    def _on_exit(self, status: int) -> None:
        self._status = status
        self._settle()
        if not self.done.done():
            self._timers.append(self.loop.call_later(LINGER_S, self._finish))

    def _on_timeout(self) -> None:
        if self._status is None:
            self._timed_out = True
            self._kill()
            self._timers.append(self.loop.call_later(KILL_WAIT_S, self._finish))

    def _settle(self) -> None:
        if self._status is not None and self._out_fd < 0:
            self._finish()

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _kill(self) -> None:
        """Kill the process group, and descendants that left it, except daemons."""
        strays = descendants(self._pid)
        self._kill_group()
        for stray in strays:
            with contextlib.suppress(OSError):
                os.kill(stray, signal.SIGKILL)

    def _kill_group(self) -> None:
        try:
            os.killpg(self._pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        except PermissionError as err:
            self._kill_failed = True
            log.error("a command could not be killed", extra=fields(pid=self._pid, error=str(err)))

    def _close_output(self) -> None:
        if self._out_fd >= 0:
            self.loop.remove_reader(self._out_fd)
            os.close(self._out_fd)
            self._out_fd = -1

    def _close_input(self) -> None:
        if self._in_fd is not None:
            self.loop.remove_writer(self._in_fd)
            os.close(self._in_fd)
            self._in_fd = None


class _ExitWatch:
    """Calls `then` with the exit status of a child process and reaps it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pid: int, then: Callable[[int], None]) -> None:
        self._loop, self._pid, self._then = loop, pid, then
        try:
            self._pidfd = os.pidfd_open(pid)
        except (AttributeError, OSError):
            loop.run_in_executor(None, self._wait_in_thread)
        else:
            loop.add_reader(self._pidfd, self._on_pidfd)

    def _on_pidfd(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._then(_reap(self._pid))

    def _wait_in_thread(self) -> None:
        """Used if the kernel has no pidfd."""
        status = _reap(self._pid)
        with contextlib.suppress(RuntimeError):  # the loop may already be closed
            self._loop.call_soon_threadsafe(self._then, status)


def _reap(pid: int) -> int:
    try:
        _, wait_status = os.waitpid(pid, 0)
    except ChildProcessError:
        return KILLED_STATUS
    code = os.waitstatus_to_exitcode(wait_status)
    return code if code >= 0 else KILLED_STATUS


def descendants(pid: int) -> list[int]:
    """All descendants of a process, up to a limit; empty if the kernel does not list children."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError, ValueError):
            for children in Path(f"/proc/{one}/task").glob("*/children"):
                found += [int(word) for word in children.read_bytes().split()]
        if len(found) > DESCENDANTS_MAX:
            break
    return found[1:]


def _spawn(command: Command) -> tuple[int, int | None, int]:
    """Start the shell; returns its process id and our ends of its input (None if it has no input) and output."""
    fds: list[int] = []
    try:
        out_read, out_write = _pipe(fds)
        actions: list[tuple[object, ...]] = [
            (os.POSIX_SPAWN_DUP2, out_write, 1),
            (os.POSIX_SPAWN_DUP2, out_write, 2),
        ]
        in_write = None
        if command.stdin:
            in_read, in_write = _pipe(fds)
            actions.append((os.POSIX_SPAWN_DUP2, in_read, 0))
            os.set_blocking(in_write, False)
        else:
            actions.append((os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0))
        os.set_blocking(out_read, False)
        pid = os.posix_spawn(
            SHELL,
            ("sh", "-c", command.text),
            os.environ if command.env is None else command.env,
            file_actions=actions,
            setpgroup=0,
            setsigmask=(),
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM),
        )
        open_files.restore_in(pid)
    except (OSError, ValueError) as err:
        for fd in fds:
            os.close(fd)
        raise ExecutionError(_why(err)) from err
    for fd in fds:
        if fd not in (out_read, in_write):
            os.close(fd)
    return pid, in_write, out_read


def _pipe(fds: list[int]) -> tuple[int, int]:
    read, write = os.pipe()
    fds += (read, write)
    return read, write


def _why(err: OSError | ValueError) -> str:
    if isinstance(err, OSError):
        return f"fork/exec {SHELL}: {system_reason(err)}"
    return f"fork/exec {SHELL}: invalid argument"
