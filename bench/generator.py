"""A process that simulates agents or API clients: `python -m bench.generator`.

It reads jobs from standard input, one per line as JSON, and answers each with one line. It exits when the input ends.
"""

import asyncio
import json
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import uvloop

from bench.http_load import run_requests
from bench.payloads import EventTemplate, agent_name, keepalive
from bench.wire import handshake, host_and_port

CONNECTING_MAX = 32
PATIENCE_S = 120.0


class AgentWire(asyncio.Protocol):
    """The connection of a simulated agent; received data is only counted."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._transport: asyncio.Transport | None = None
        self._answer = b""
        self._may_write = asyncio.Event()
        self._may_write.set()
        loop = asyncio.get_running_loop()
        self.upgraded: asyncio.Future[None] = loop.create_future()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the handshake."""
        self._transport = transport  # type: ignore[assignment]
        self.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Read the response to the handshake, and ignore the rest."""
        if self.upgraded.done():
            return
        self._answer += data
        if b"\r\n\r\n" in self._answer:
            if self._answer.startswith(b"HTTP/1.1 101"):
                self.upgraded.set_result(None)
            else:
                self.upgraded.set_exception(RuntimeError(self._answer.decode(errors="replace")))
            self._answer = b""

    def connection_lost(self, exc: Exception | None) -> None:
        """Report a lost agent, which invalidates the measurement."""
        self.lost = True
        self._may_write.set()
        if not self.upgraded.done():
            self.upgraded.set_exception(RuntimeError("the connection was closed"))

    def pause_writing(self) -> None:
        """The server does not read at present."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """The server reads again."""
        self._may_write.set()

    async def room(self) -> None:
        """Return when the server accepts more data; raises RuntimeError if the connection is closed."""
        if not self._may_write.is_set():
            await self._may_write.wait()
        if self.lost:
            raise RuntimeError("an agent's connection was closed")

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self._transport is not None:
            self._transport.write(data)


class Generator:
    """Runs jobs; agents stay connected between them."""

    def __init__(self) -> None:
        self._agents: dict[int, AgentWire] = {}
        self._beating: asyncio.Task[None] | None = None

    async def do(self, job: dict[str, Any]) -> dict[str, Any]:
        """Run the job of that name, and return its result."""
        jobs: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
            "connect": self._connect,
            "push": self._push,
            "beat": self._beat,
            "requests": self._requests,
        }
        return await jobs[job.pop("job")](**job)

    async def _requests(self, **words: Any) -> dict[str, Any]:
        """Send requests to an API; nothing else happens meanwhile."""
        return run_requests(**words)

    async def _connect(self, url: str, codec: str, first: int, count: int, keepalives: bool) -> dict[str, Any]:
        """Connect agents, a few at a time; with `keepalives`, each sends its first keepalive."""
        turns = asyncio.Semaphore(CONNECTING_MAX)
        started = time.perf_counter()

        async def one(number: int) -> None:
            async with turns:
                self._agents[number] = agent = await _connected(url, codec, agent_name(number))
            if keepalives:
                agent.write(keepalive(codec, agent_name(number), int(time.time()), 20))

        await asyncio.gather(*(one(first + offset) for offset in range(count)))
        return {"seconds": time.perf_counter() - started}

    async def _beat(self, codec: str, interval_s: float) -> dict[str, Any]:
        """Start to send keepalives, spread over the interval."""
        self._beating = asyncio.create_task(self._beat_forever(codec, interval_s))
        return {}

    async def _beat_forever(self, codec: str, interval_s: float) -> None:
        frames = {number: keepalive(codec, agent_name(number), int(time.time()), 20) for number in self._agents}
        while True:
            for number, agent in self._agents.items():
                agent.write(frames[number])
                await asyncio.sleep(interval_s / len(self._agents))

    async def _push(
        self,
        codec: str,
        checks: int,
        events: int,
        rate_per_s: float = 0,
        handlers: Sequence[str] = (),
        timed: bool = False,
    ) -> dict[str, Any]:
        """Send events from all agents, as fast as the server accepts them or at a rate; returns the duration.

        The ids of `timed` events end with the time of sending, in microseconds since 1970, as 14 hexadecimal digits.
        """
        pairs = [(agent, EventTemplate(codec, agent_name(number), f"check-{check}", tuple(handlers)))
                 for check in range(checks) for number, agent in self._agents.items()]  # fmt: skip
        started = time.perf_counter()
        for number, (agent, frame) in enumerate(_frames(pairs, events, timed)):
            await agent.room()
            agent.write(frame)
            if rate_per_s:
                ahead_s = started + number / rate_per_s - time.perf_counter()
                if ahead_s > 0.001:
                    await asyncio.sleep(ahead_s)
            elif number % 64 == 0:
                await asyncio.sleep(0)
        return {"seconds": time.perf_counter() - started}


def _frames(
    pairs: Sequence[tuple[AgentWire, EventTemplate]], events: int, timed: bool
) -> Iterator[tuple[AgentWire, bytes]]:
    prefix = str(uuid.uuid4())[:21]
    for number in range(events):
        agent, template = pairs[number % len(pairs)]
        now = time.time()
        tail = f"{int(now * 1e6) if timed else number:014x}"
        yield agent, template.frame(int(now), number, f"{prefix}{tail[:2]}-{tail[2:]}")


async def _connected(url: str, codec: str, name: str) -> AgentWire:
    request = handshake(url, codec, name)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE_S):
        _, agent = await loop.create_connection(lambda: AgentWire(request), *host_and_port(url))
        await agent.upgraded
    return agent


async def main() -> None:
    """Run jobs until the input ends."""
    generator = Generator()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await generator.do(json.loads(line))), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
