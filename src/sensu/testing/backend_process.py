"""Runs a backend as a process, for tests that stop and restart it and inspect its files."""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import aiohttp

from sensu.clock import SystemClock
from sensu.testing.fork_server import ForkedProcess, ForkServer, Start
from sensu.testing.ports import free_ports

USER, PASSWORD = "admin", "P@ssw0rd!"
READY_S = 30.0
STOP_S = 10.0
POLL_S = 0.02
_programs = ForkServer()


class NotReady(Exception):
    """The backend exited or did not answer in time; the message contains the end of its log."""


class BackendProcess:
    """`sensu-backend start` on loopback ports, with its state and log in `folder`; restarts use the same ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "backend.log"
        self.api_port, self.agent_port, self.web_port = free_ports(3)
        self._process: ForkedProcess | None = None

    @property
    def api_url(self) -> str:
        """The URL of the API."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def web_url(self) -> str:
        """The URL of the web UI."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def pid(self) -> int:
        """The id of the process, 0 if it is not running."""
        return 0 if self._process is None else self._process.pid

    @property
    def agent_url(self) -> str:
        """The URL for agents."""
        return f"ws://127.0.0.1:{self.agent_port}"

    @property
    def state(self) -> list[str]:
        """The flags for the state folder."""
        return ["--state-dir", str(self.folder / "state")]

    @property
    def places(self) -> list[str]:
        """The flags of `start` that confine it to the folder and loopback addresses."""
        api = ["--api-listen-address", f"127.0.0.1:{self.api_port}", "--api-url", self.api_url]
        agents = ["--agent-host", "127.0.0.1", "--agent-port", str(self.agent_port)]
        web = ["--dashboard-host", "127.0.0.1", "--dashboard-port", str(self.web_port)]
        return [*self.state, "--cache-dir", str(self.folder / "cache"), *api, *agents, *web]

    async def initialise(self) -> None:
        """Initialise the database with the user `USER`; raises NotReady."""
        admin = ["--cluster-admin-username", USER, "--cluster-admin-password", PASSWORD]
        process = await self._spawn(["init", *admin, *self.state])
        async with asyncio.timeout(READY_S):
            if await process.wait() != 0:
                raise NotReady(self.last_words())

    async def start(self, flags: Sequence[str] = ()) -> None:
        """Start it, and return when it answers clients and takes agents; raises NotReady."""
        self._process = await self._spawn(["start", *self.places, *flags])
        clock = SystemClock()
        deadline = clock.monotonic() + READY_S
        agent_host = dict(pairwise(flags)).get("--agent-host", "127.0.0.1")
        async with aiohttp.ClientSession() as session:
            while clock.monotonic() < deadline and self._process.returncode is None:
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    async with session.get(f"{self.api_url}/health") as answer:
                        if answer.status == 200:
                            _, writer = await asyncio.open_connection(agent_host, self.agent_port)
                            writer.close()
                            return
                await asyncio.sleep(POLL_S)
        raise NotReady(self.last_words())

    async def kill(self) -> None:
        """Kill it, as `kill -9` does, and wait until its workers have ended, too."""
        await self._end(signal.SIGKILL)
        async with asyncio.timeout(STOP_S):
            while self._is_locked():  # noqa: ASYNC110 - another process has no asyncio.Event
                await asyncio.sleep(POLL_S)

    def _is_locked(self) -> bool:
        """Whether a process holds the lock of the state folder."""
        try:
            with (self.folder / "state" / "sensu.lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            pass
        return False

    async def stop(self) -> int:
        """Stop it; returns the exit status, which is negative if it had to be killed."""
        return await self._end(signal.SIGTERM)

    def send_signal(self, number: signal.Signals) -> None:
        """Send the running backend a signal that does not end it."""
        assert self._process is not None
        self._process.send_signal(number)

    async def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            async with asyncio.timeout(STOP_S):
                return await process.wait()
        except TimeoutError:
            process.kill()
            return await process.wait()

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return " | ".join(lines[-5:]) or "its log is empty"

    async def _spawn(self, arguments: Sequence[str]) -> ForkedProcess:
        self.folder.mkdir(parents=True, exist_ok=True)
        start = Start("sensu.backend.main", arguments, str(Path.cwd()), dict(os.environ), str(self.log))
        return await _programs.start(start)
