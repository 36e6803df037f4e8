"""A backend that only does what a recording tells: it accepts agents, sends what it is given and keeps what comes."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from tests.contract import websocket
from tests.contract.fake_agent import Frame, parse_frame
from tests.contract.websocket import Connection, Head

POLL_S = 0.02
REASONS = {401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests", 503: "Service Unavailable"}


@dataclass
class AgentConnection:
    """One accepted connection of an agent."""

    head: Head
    connection: Connection
    opened_at: float
    frames: list[Frame] = field(default_factory=list)
    pings: list[tuple[float, bytes]] = field(default_factory=list)
    close_frame: tuple[int | None, str | None] = (None, None)
    ended_at: float | None = None
    closing: bool = False

    async def send(self, text: str) -> None:
        """Sends a frame of exactly this content."""
        await self.connection.send(websocket.BINARY, text.encode())

    async def close(self, code: int, reason: str) -> None:
        """Begins to close; the agent's answer is kept as `close_frame`."""
        self.closing = True
        await self.connection.close_frame(code, reason)


class FakeBackend:
    """A WebSocket server on the loopback interface.

    `refusals`: statuses and bodies that the first handshakes are answered with. `greeting`: the frame each accepted
    agent gets at once, none where it is None.
    """

    def __init__(
        self,
        greeting: str | None,
        refusals: list[tuple[int, str]] | None = None,
        answer_pings: bool = True,
        always_refuse: tuple[int, str] | None = None,
    ) -> None:
        self._greeting = greeting
        self._refusals = list(refusals or [])
        self._answer_pings = answer_pings
        self._always_refuse = always_refuse
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.attempts: list[float] = []
        self.heads: list[Head] = []
        self.connections: list[AgentConnection] = []

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def __aenter__(self) -> "FakeBackend":
        await self.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.go_away()

    async def listen(self) -> None:
        """Accepts connections, on the same port as before where there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def go_away(self) -> None:
        """Ends all connections and refuses new ones."""
        if self._server is not None:
            self._server.close()
        for one in self.connections:
            if one.ended_at is None:
                await one.connection.cut()
        for task in list(self._tasks):
            task.cancel()

    @property
    def frames(self) -> list[Frame]:
        """All frames of all connections in the order of their coming."""
        return sorted((frame for one in self.connections for frame in one.frames), key=lambda frame: frame.at)

    def events(self) -> list[Any]:
        """The payloads of all event frames."""
        return [frame.payload for frame in self.frames if frame.type == "event"]

    @property
    def open(self) -> AgentConnection | None:
        """The newest connection that is still there."""
        return next((one for one in reversed(self.connections) if one.ended_at is None), None)

    async def until(self, reached: Callable[[], bool], timeout_s: float) -> bool:
        """Whether something became true within the time."""
        deadline = time.monotonic() + timeout_s
        while not reached():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            head = await websocket.read_head(reader)
            self.attempts.append(time.monotonic())
            self.heads.append(head)
            refusal = self._refusals.pop(0) if self._refusals else self._always_refuse
            if refusal is not None:
                await _refuse(writer, *refusal)
            else:
                await self._accept(reader, writer, head)
        writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: Head) -> None:
        headers = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", websocket.accept_value(head.value("Sec-WebSocket-Key") or "")),
            ("Accept", "application/json"),
            ("Content-Type", "application/json"),
        ]
        writer.write(websocket.head_bytes("HTTP/1.1 101 Switching Protocols", headers))
        one = AgentConnection(head, Connection(reader, writer, masked=False), time.monotonic())
        self.connections.append(one)
        if self._greeting is not None:
            await one.send(self._greeting)
        try:
            await self._read(one)
        finally:
            one.ended_at = time.monotonic()

    async def _read(self, one: AgentConnection) -> None:
        while message := await one.connection.receive():
            if message.opcode == websocket.PING:
                one.pings.append((time.monotonic(), message.data))
                if self._answer_pings:
                    await one.connection.send(websocket.PONG, message.data)
            elif message.opcode == websocket.CLOSE:
                one.close_frame = (message.close_code, message.close_reason)
                if not one.closing:
                    await one.connection.send(websocket.CLOSE, message.data[:2])
                return
            elif message.opcode in (websocket.BINARY, websocket.TEXT):
                one.frames.append(parse_frame(message.data))


async def _refuse(writer: asyncio.StreamWriter, status: int, body: str) -> None:
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body.encode())))]
    writer.write(websocket.head_bytes(f"HTTP/1.1 {status} {REASONS.get(status, 'Refused')}", headers) + body.encode())
    await writer.drain()
