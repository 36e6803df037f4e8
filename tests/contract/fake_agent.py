"""An agent that only does what a recording tells: a WebSocket client that speaks JSON frames."""

import asyncio
import base64
import contextlib
import json
import os
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.contract import websocket
from tests.contract.websocket import Connection

CONNECT_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 3.0


@dataclass(frozen=True)
class Frame:
    """A frame of the agent protocol and when it came."""

    type: str
    payload: Any
    at: float

    def recorded(self) -> dict[str, Any]:
        """The frame in the form of the recordings."""
        return {"type": self.type, "payload": self.payload}


class Refused(Exception):
    """The backend answered the handshake with another status than 101."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"the handshake was answered {status}: {body.strip()}")
        self.status = status
        self.body = body


@dataclass
class FakeAgent:
    """A connected agent and all it has received."""

    name: str
    namespace: str
    subscriptions: list[str]
    connection: Connection
    frames: list[Frame] = field(default_factory=list)
    pongs: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    closed: dict[str, Any] | None = None
    _reading: asyncio.Task[None] | None = None
    _closing: bool = False

    @classmethod
    async def connect(cls, port: int, name: str, namespace: str, subscriptions: list[str]) -> "FakeAgent":
        """An agent whose handshake was accepted.

        Raises Refused.
        """
        reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), CONNECT_TIMEOUT_S)
        writer.write(_handshake(port, name, namespace, subscriptions))
        head = await asyncio.wait_for(websocket.read_head(reader), CONNECT_TIMEOUT_S)
        status = int(head.first_line.split()[1])
        if status != 101:
            body = await asyncio.wait_for(websocket.read_body(reader, head), CONNECT_TIMEOUT_S)
            writer.close()
            raise Refused(status, body.decode("utf-8", "replace"))
        agent = cls(name, namespace, subscriptions, Connection(reader, writer, masked=True))
        agent._reading = asyncio.create_task(agent._read())
        return agent

    async def send(self, frame_type: str, payload: Any) -> None:
        """Sends a typed frame."""
        await self.connection.send(websocket.BINARY, frame_type.encode() + b"\n" + json.dumps(payload).encode())

    async def send_raw(self, text: str, opcode: int = websocket.BINARY) -> None:
        """Sends a frame of exactly this content."""
        await self.connection.send(opcode, text.encode())

    async def ping(self, data: bytes) -> bool:
        """Whether a ping with this data is answered with the same data."""
        await self.connection.send(websocket.PING, data)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self.pongs.get(), CLOSE_TIMEOUT_S) == data
        return False

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes and waits for the backend's answer."""
        self._closing = True
        await self.connection.close_frame(code, reason)
        await self.wait_closed(CLOSE_TIMEOUT_S)
        await self.cut()

    async def wait_closed(self, timeout_s: float) -> None:
        """Waits until the connection has ended, at most so long."""
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=timeout_s)

    async def cut(self) -> None:
        """Ends the connection at once."""
        if self._reading is not None:
            self._reading.cancel()
        await self.connection.cut()

    async def _read(self) -> None:
        while message := await self.connection.receive():
            if message.opcode == websocket.PING:
                await self.connection.send(websocket.PONG, message.data)
            elif message.opcode == websocket.PONG:
                self.pongs.put_nowait(message.data)
            elif message.opcode == websocket.CLOSE:
                self.closed = {"code": message.close_code, "reason": message.close_reason}
                if not self._closing:
                    await self.connection.send(websocket.CLOSE, message.data[:2])
                return
            else:
                self.frames.append(parse_frame(message.data))
        self.closed = {"code": websocket.ABNORMAL_CLOSURE, "reason": ""}

    def keepalive(self, changes: dict[str, Any]) -> dict[str, Any]:
        """A keepalive event of interval 20, timeout 120, with the fields of `check` and `entity` in `changes`."""
        check = {
            "metadata": {"name": "keepalive", "namespace": self.namespace},
            "handlers": ["keepalive"],
            "interval": 20,
            "timeout": 120,
        }
        return {
            "id": str(uuid.uuid4()),
            "timestamp": int(time.time()),
            "metadata": {"namespace": self.namespace},
            "entity": _changed(self.entity(), changes.get("entity", {})),
            "check": _check_changed(check, changes.get("check", {})),
        }

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event with the agent's entity and namespace where it has none."""
        defaults: dict[str, Any] = {"metadata": {"namespace": self.namespace}, "entity": self.entity()}
        return {**defaults, **event}

    def entity(self) -> dict[str, Any]:
        """The entity the agent reports of itself."""
        return {
            "entity_class": "agent",
            "system": {
                "hostname": self.name,
                "os": "linux",
                "platform": "debian",
                "platform_family": "debian",
                "platform_version": "12",
                "network": {"interfaces": []},
                "arch": "amd64",
                "libc_type": "glibc",
                "vm_system": "",
                "vm_role": "",
                "cloud_provider": "",
                "processes": None,
            },
            "subscriptions": [*self.subscriptions, f"entity:{self.name}"],
            "last_seen": 0,
            "deregister": False,
            "deregistration": {},
            "user": "agent",
            "redact": ["password"],
            "metadata": {"name": self.name, "namespace": self.namespace},
            "sensu_agent_version": "6.9.2",
        }


def parse_frame(data: bytes) -> Frame:
    """The frame of a message: type, newline, payload; a payload that is no JSON is kept as text."""
    kind, _, payload = data.partition(b"\n")
    text = payload.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    return Frame(kind.decode("utf-8", "replace"), value, time.monotonic())


def _changed(entity: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The entity with some fields changed; a change that names an entity of its own (`metadata`) stands alone."""
    return changes if "metadata" in changes else {**entity, **changes}


def _check_changed(check: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    fields = {("ttl" if name == "critical" else name): value for name, value in changes.items()}
    return {**check, **fields}


def _handshake(port: int, name: str, namespace: str, subscriptions: list[str]) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    headers = [
        ("Host", f"127.0.0.1:{port}"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", key),
        ("Sensu-Namespace", namespace),
        ("Sensu-AgentName", name),
        ("Sensu-User", "agent"),
        ("Authorization", "Basic " + base64.b64encode(b"agent:P@ssw0rd!").decode()),
        ("Sensu-Subscriptions", ",".join(subscriptions)),
        ("Accept", "application/json"),
    ]
    return websocket.head_bytes("GET / HTTP/1.1", headers)
