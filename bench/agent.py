"""Measures a real agent with a minimal backend that requests checks and counts results."""

import asyncio
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import MORE, Figure
from bench.programs import PASSWORD, Process, Server, program, running
from sensu.clock import SystemClock
from sensu.resources.check import CheckConfig
from sensu.resources.check_request import CheckRequest
from sensu.resources.entity import EntityConfig
from sensu.resources.metadata import ObjectMeta
from sensu.testing.ports import free_port
from sensu.transport import codec, frames
from sensu.transport.backend_socket import Accepted, AgentConnection, AgentListener
from sensu.transport.handshake import backend_agreement, backend_headers
from sensu.transport.http1 import HTTPAnswer, HTTPRequest
from sensu.transport.websocket import Closed

BURST = 300
COMMAND = "echo hello"
IDLE_S = 5.0
PATIENCE_S = 60.0


class _Backend:
    """The session of the agent."""

    def __init__(self) -> None:
        self.codec = codec.JSON
        self._connection: AgentConnection | None = None
        self.began, self.all_came = asyncio.Event(), asyncio.Event()
        self._awaited = 0
        self._numbers = itertools.count()

    def connected(self, connection: AgentConnection) -> None:
        """Start the session."""
        self._connection = connection
        unknown = EntityConfig(metadata=ObjectMeta(name="not found", namespace="default"))
        connection.send(frames.build(frames.ENTITY_CONFIG, self.codec.encode(frames.ENTITY_CONFIG, unknown)))

    def received(self, data: bytes) -> None:
        """Count results; the first keepalive means that the agent is ready."""
        if data.startswith(b"event\n"):
            self._awaited -= 1
            if not self._awaited:
                self.all_came.set()
        else:
            self.began.set()

    def ended(self, closed: Closed) -> None:
        """The agent has disconnected."""

    async def run_checks(self, count: int) -> float:
        """Request checks with different names at once; returns the seconds until all results have arrived."""
        assert self._connection is not None
        self._awaited = count
        self.all_came.clear()
        started = time.perf_counter()
        for number in itertools.islice(self._numbers, count):
            metadata = ObjectMeta(name=f"burst-{number}", namespace="default")
            check = CheckConfig(command=COMMAND, interval=60, publish=True, metadata=metadata)
            request = CheckRequest(config=check, issued=int(time.time()))
            message = frames.build(frames.CHECK_REQUEST, self.codec.encode(frames.CHECK_REQUEST, request))
            self._connection.send(message)
        await asyncio.wait_for(self.all_came.wait(), PATIENCE_S)
        return time.perf_counter() - started


def measure(server: Server, long: bool) -> Iterator[Figure]:
    """All figures about an agent; `server` is not involved."""
    with tempfile.TemporaryDirectory(prefix="sensu-agent-bench-") as folder:
        yield from asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Figure]:
    session = _Backend()

    async def decide(request: HTTPRequest) -> Accepted | HTTPAnswer:
        agreement = backend_agreement(request)
        session.codec = codec.for_content_type(agreement.content_type)
        return Accepted(backend_headers(agreement, "bench"), session)

    listener = AgentListener(decide, SystemClock())
    await listener.start("127.0.0.1", 0)
    command = [program("sensu-agent"), "start", "--backend-url", f"ws://127.0.0.1:{listener.port}", "--disable-sockets"]
    command += ["--name", "bench", "--cache-dir", str(folder / "cache"), "--api-port", str(free_port())]
    command += ["--statsd-disable", "--user", "agent", "--password", PASSWORD]
    started = time.perf_counter()
    with running(command, folder / "agent.log") as process:
        await asyncio.wait_for(session.began.wait(), PATIENCE_S)
        figures = [Figure("agent: start to first keepalive", "s", time.perf_counter() - started)]
        figures += await _figures(session, Process(process.pid))
    await listener.stop()
    return figures


async def _figures(session: _Backend, agent: Process) -> list[Figure]:
    await asyncio.sleep(1)
    memory, cpu_at = agent.memory_mib(), agent.cpu_s()
    await asyncio.sleep(IDLE_S)
    idle_cpu = (agent.cpu_s() - cpu_at) / IDLE_S * 100
    await session.run_checks(BURST)
    cpu_at, own_at = agent.cpu_s(), agent.own_cpu_s()
    spent_s = await session.run_checks(BURST)
    cpu_ms = (agent.cpu_s() - cpu_at) / BURST * 1000
    own_ms = (agent.own_cpu_s() - own_at) / BURST * 1000
    return [
        Figure("agent: idle memory", "MiB", memory),
        Figure("agent: idle CPU", "% of a core", idle_cpu),
        Figure(f"agent: burst of {BURST} checks", "checks/s", BURST / spent_s, MORE),
        Figure("agent: own CPU for a check", "CPU ms", own_ms),
        Figure("agent: CPU for a check with its command", "CPU ms", cpu_ms),
        Figure("agent: memory after bursts", "MiB", agent.memory_mib()),
    ]
