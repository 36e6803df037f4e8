"""The agent as a process of its own, for tests that harm it or its surroundings."""

import asyncio
import contextlib
import json
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from sensu.testing.ports import free_ports

READY_S = 20.0
STOP_S = 10.0
POLL_S = 0.02


class AgentProcess:
    """`sensu-agent start` named ag1, its cache and log in `folder`; ports and cache outlive restarts.

    `within` is a command that starts another one in its surroundings, where the local API has the address `host`.
    """

    def __init__(
        self,
        folder: Path,
        backend_url: str,
        flags: Sequence[str] = (),
        *,
        within: Sequence[str] = (),
        host: str = "127.0.0.1",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.backend_url, self.flags = folder, backend_url, flags
        self._within, self._host = within, host
        self.log = folder / "agent.log"
        self.cache = folder / "cache"
        self.api_port, self.socket_port, self.statsd_port = free_ports(3)
        self.process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self, file_bytes_max: int = 0) -> None:
        """Return when the local API answers; `file_bytes_max` bounds the size of every file it writes."""
        words = ["--name", "ag1", "--backend-url", self.backend_url]
        if "--subscriptions" not in self.flags:  # further ones would be added to those
            words += ["--subscriptions", "linux"]
        words += ["--cache-dir", str(self.cache), "--retry-min", "50ms", "--retry-max", "500ms"]
        words += ["--api-host", self._host, "--api-port", str(self.api_port), "--socket-port", str(self.socket_port)]
        words += ["--statsd-metrics-port", str(self.statsd_port), "--events-rate-limit", "0", *self.flags]
        limits = (file_bytes_max, file_bytes_max)
        with self.log.open("ab") as sink:
            self.process = await asyncio.create_subprocess_exec(
                *(*self._within, sys.executable, "-m", "sensu.agent.main", "start", *words),
                stdout=sink,
                stderr=asyncio.subprocess.PIPE if file_bytes_max else sink,
                preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)) if file_bytes_max else None,
            )
        if file_bytes_max:
            self._copying = asyncio.create_task(self._copy_log())
        await until(lambda: self.answers(), READY_S)

    async def _copy_log(self) -> None:
        """Where files are bounded the log comes through a pipe."""
        assert self.process is not None
        assert self.process.stderr is not None
        with self.log.open("ab") as sink:
            while data := await self.process.stderr.read(65536):
                sink.write(data)
                sink.flush()

    async def answers(self) -> bool:
        """Whether the local API is there."""
        assert self.process is not None
        assert self.process.returncode is None, self.log.read_text()[-2000:]
        return await self.get("/version") is not None

    async def get(self, path: str) -> str | None:
        """What the local API answers, None where nothing does."""
        try:
            async with self._client().get(f"http://{self._host}:{self.api_port}{path}") as answer:
                return await answer.text()
        except aiohttp.ClientError:
            return None

    async def post(self, check: str, number: int, **more: Any) -> int:
        """The status that the local API answers to the result `number` of a check; its time is the number."""
        result = {"metadata": {"name": check}, "executed": number, "output": str(number), "status": number % 2, **more}
        body = json.dumps({"check": result, "timestamp": number}).encode()
        async with self._client().post(f"http://{self._host}:{self.api_port}/events", data=body) as answer:
            return answer.status

    async def value(self, name: str) -> float:
        """A metric of the agent."""
        text = await self.get("/metrics") or ""
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))

    async def kill(self) -> None:
        """End it as `kill -9` does."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to end; its exit status."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        process, self.process = self.process, None
        if self._session is not None:
            await self._session.close()
            self._session = None
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

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session


@contextlib.asynccontextmanager
async def running_agent(
    folder: Path, backend_url: str, *flags: str, surroundings: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[AgentProcess]:
    """An agent process that is ended with the block."""
    agent = AgentProcess(folder, backend_url, flags, **(surroundings or {}))
    try:
        await agent.start(**options)
        yield agent
    finally:
        await agent.kill()


async def until(reached: Any, patience_s: float = 20.0) -> Any:
    """What `reached` answers once it is true; raises TimeoutError with its last answer."""
    deadline = time.monotonic() + patience_s
    while True:
        answer = reached()
        answer = await answer if asyncio.iscoroutine(answer) else answer
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"last answer: {answer!r}")
        await asyncio.sleep(POLL_S)
