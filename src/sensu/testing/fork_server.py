"""Starts our programs as processes that do not load them first, for tests that start many.

A process that has loaded the programs forks for each start, as the supervisor of several workers does for each worker.
What is run is `main()` of a module, with the arguments, environment, folder and session of its own.

`python -m sensu.testing.fork_server FD` serves on a listening socket; it ends when its standard input is closed.
"""

import asyncio
import atexit
import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PROGRAMS = ("sensu.backend.main", "sensu.agent.main")
BACKLOG = 128


@dataclass(frozen=True)
class Start:
    """A program to start: `main()` of a module; what it prints is added to the file `output`."""

    module: str
    arguments: Sequence[str]
    folder: str
    environment: Mapping[str, str]
    output: str


class ForkedProcess:
    """A running program; what `asyncio.subprocess.Process` offers for processes without pipes."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.create_task(self._end(reader, writer))

    async def wait(self) -> int:
        """The exit status, when the program has ended; a signal that killed it counts negative."""
        return await asyncio.shield(self._ended)

    def send_signal(self, number: int) -> None:
        """Send the program a signal; raises ProcessLookupError once it has ended."""
        if self.returncode is not None:
            raise ProcessLookupError(self.pid)
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, as `kill -9` does."""
        self.send_signal(signal.SIGKILL)

    async def _end(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        try:
            line = await reader.readline()
            self.returncode = int(line) if line else -signal.SIGKILL  # the server itself was killed
        finally:
            writer.close()
        return self.returncode


class ForkServer:
    """Loads the programs in a process at the first start; `close` ends that process, and no program."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, wanted: Start) -> ForkedProcess:
        """Start a program in a process group of its own."""
        reader, writer = await asyncio.open_unix_connection(self._address())
        writer.write(json.dumps(asdict(wanted)).encode() + b"\n")
        line = await reader.readline()
        if not line:
            writer.close()
            raise ConnectionError("the process that starts programs has ended")
        return ForkedProcess(int(line), reader, writer)

    def close(self) -> None:
        """End the process that starts programs."""
        if self._process is not None and self._folder is not None:
            self._process.communicate()
            self._folder.cleanup()
        self._process = self._folder = None

    def _address(self) -> str:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="sensu-fork-")
            atexit.register(self.close)
        address = str(Path(self._folder.name) / "socket")
        if self._process is None:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(address)
                listener.listen(BACKLOG)
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    [sys.executable, "-m", "sensu.testing.fork_server", str(listener.fileno())],
                    stdin=subprocess.PIPE,
                    pass_fds=[listener.fileno()],
                    start_new_session=True,
                )
        return address


class _Server:
    """Forks for each connection, and answers it with the id of the process and later with its exit status."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._running: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()

    def serve(self) -> Start | None:
        """Return in each child with what it has to run, and in this process with None at its end."""
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for each in (self._listener, self._woken, sys.stdin):
            self._selector.register(each, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in self._selector.select()]
            if self._woken in ready:
                self._woken.recv(4096)
            self._report_ended()
            if sys.stdin in ready:
                return None
            if self._listener in ready and (wanted := self._forked()) is not None:
                return wanted

    def _forked(self) -> Start | None:
        connection, _ = self._listener.accept()
        with connection.makefile("rb") as request:
            wanted = Start(**json.loads(request.readline()))
        pid = os.fork()
        if pid == 0:
            os.setsid()
            connection.sendall(f"{os.getpid()}\n".encode())
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            for each in (self._listener, self._woken, self._waker, connection, *self._running.values()):
                each.close()
            return wanted
        self._running[pid] = connection
        return None

    def _report_ended(self) -> None:
        for pid in list(self._running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                with self._running.pop(pid) as connection, contextlib.suppress(OSError):
                    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(wanted: Start) -> Callable[[], None]:
    """Give this process what the program was started with, and return what it has to run."""
    os.chdir(wanted.folder)
    os.environ.clear()
    os.environ.update(wanted.environment)
    time.tzset()
    nothing, output = os.open(os.devnull, os.O_RDONLY), os.open(wanted.output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for place, descriptor in enumerate((nothing, output, output)):
        os.dup2(descriptor, place)
    os.close(nothing)
    os.close(output)
    module = importlib.import_module(wanted.module)
    sys.argv = [str(module.__file__), *wanted.arguments]
    main: Callable[[], None] = module.main
    return main


def main(arguments: Sequence[str]) -> None:
    """Serve until standard input is closed; in a child, run its program."""
    for name in PROGRAMS:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    wanted = _Server(socket.socket(fileno=int(arguments[0]))).serve()
    if wanted is not None:
        _become(wanted)()


if __name__ == "__main__":
    main(sys.argv[1:])
