"""An agent in this process, and a backend that only does what a test says."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sensu.agent import settings
from sensu.agent.allow_list import AllowList
from sensu.agent.main import Agent
from sensu.clock import SystemClock
from sensu.testing.ports import free_ports
from tests.contract.fake_backend import FakeBackend

PATIENCE_S = 10.0
NOT_FOUND = "entity_config\n" + json.dumps({"metadata": {"name": "not found", "namespace": "default"}})


class AgentWorld:
    """Says in a test's words what the backend does and what came from the agent."""

    def __init__(self, backend: FakeBackend, agent: Agent, ports: tuple[int, int, int]) -> None:
        self.backend, self.agent = backend, agent
        self.api_port, self.socket_port, self.statsd_port = ports
        self._issued = 0

    async def is_connected(self) -> None:
        """The agent's first keepalive of a session has come."""
        await self.until(lambda: self.backend.open is not None and bool(self.backend.open.frames))

    async def until(self, reached: Any) -> None:
        """Something becomes true within a bounded time."""
        assert await self.backend.until(reached, PATIENCE_S), [frame.type for frame in self.backend.frames]

    async def send(self, text: str) -> None:
        """The backend sends a frame."""
        assert self.backend.open is not None
        await self.backend.open.send(text)

    async def request(self, name: str, command: str, *, more: dict[str, Any] | None = None, **config: Any) -> None:
        """The backend asks for a check run."""
        self._issued += 1
        metadata = {"name": name, "namespace": "default", **config.pop("metadata", {})}
        check = {"command": command, "interval": 60, "metadata": metadata, **config}
        request = {"config": check, "issued": self._issued, **(more or {})}
        await self.send("check_request\n" + json.dumps(request))

    async def events(self, count: int) -> list[Any]:
        """The events that have come, once there are so many."""
        await self.until(lambda: len(self.backend.events()) >= count)
        return self.backend.events()

    async def result_of(self, command: str, **config: Any) -> Any:
        """The event of one check run."""
        seen = len(self.backend.events())
        await self.request(f"check{seen}", command, **config)
        return (await self.events(seen + 1))[seen]

    async def http(self, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
        """Status and body of the agent's local API."""
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        answer = (await self.talk(self.api_port, head.encode() + body)).decode()
        first, _, rest = answer.partition("\r\n")
        return int(first.split()[1]) if answer else 0, rest.partition("\r\n\r\n")[2]

    async def talk(self, port: int, data: bytes) -> bytes:
        """What a local port of the agent answers to some bytes, until it closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.closing(writer):
            writer.write(data)
            return await asyncio.wait_for(reader.read(), PATIENCE_S)


@contextlib.asynccontextmanager
async def agent_world(
    folder: Path, *arguments: str, greeting: str | None = NOT_FOUND, allowed: AllowList | None = None, wait: bool = True
) -> AsyncIterator[AgentWorld]:
    """An agent named ag1 and its backend, connected unless it is not to `wait` for that; both end with the block."""
    api_port, socket_port, statsd_port = free_ports(3)
    async with FakeBackend(greeting) as backend:
        words = ["--name", "ag1", "--subscriptions", "linux", "--backend-url", backend.url, "--retry-min", "50ms"]
        words += ["--cache-dir", str(folder / "cache"), "--api-port", str(api_port), "--socket-port", str(socket_port)]
        words += ["--statsd-metrics-port", str(statsd_port), *arguments]
        agent = Agent(settings.read(words, {}), allowed or AllowList(), SystemClock())
        running = asyncio.create_task(agent.run())
        world = AgentWorld(backend, agent, (api_port, socket_port, statsd_port))
        try:
            if wait:
                await world.is_connected()
            yield world
        finally:
            agent.stop()
            await asyncio.wait_for(running, PATIENCE_S)
