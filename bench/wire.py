"""A minimal HTTP and WebSocket client on blocking sockets; its cost is part of the measurements."""

import base64
import json
import socket
import time
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from bench.payloads import CODECS
from bench.programs import ADMIN, PASSWORD

AGENT_USER = "agent"
PATIENCE_S = 60.0
RESTED_S = 20.0
_READ_BYTES = 1024 * 1024


def basic(user: str, password: str) -> str:
    """An Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def handshake(url: str, codec: str, agent: str) -> bytes:
    """The request with which an agent of the user `agent` connects."""
    where = urlsplit(url)
    headers = {
        "Host": where.netloc,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Accept": CODECS[codec],
        "Content-Type": CODECS[codec],
        "Authorization": basic(AGENT_USER, PASSWORD),
        "Sensu-User": AGENT_USER,
        "Sensu-Agentname": agent,
        "Sensu-Namespace": "default",
        "Sensu-Subscriptions": "bench",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {where.path or '/'} HTTP/1.1\r\n{lines}\r\n".encode()


def host_and_port(url: str) -> tuple[str, int]:
    """The host and port of a URL."""
    where = urlsplit(url)
    return where.hostname or "127.0.0.1", where.port or 80


def opened(url: str) -> socket.socket:
    """A connection to a URL's host and port."""
    connection = socket.create_connection(host_and_port(url), timeout=PATIENCE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def connected_agent(url: str, codec: str, agent: str) -> socket.socket:
    """An agent's connection after the handshake."""
    connection = opened(url)
    connection.sendall(handshake(url, codec, agent))
    answer = connection.recv(4096)
    if not answer.startswith(b"HTTP/1.1 101"):
        raise RuntimeError(answer.decode(errors="replace"))
    return connection


def token(api_url: str) -> str:
    """An access token of the administrator."""
    request = urllib.request.Request(f"{api_url}/auth", headers={"Authorization": basic(ADMIN, PASSWORD)})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return str(json.load(answer)["access_token"])


class Api:
    """A persistent, authenticated connection to an API, which is reopened after a long pause."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._buffer = bytearray(_READ_BYTES)
        self._open()

    def _open(self) -> None:
        self.token = token(self.url)
        self._connection = opened(self.url)
        self._head = f"Host: {urlsplit(self.url).netloc}\r\nAuthorization: Bearer {self.token}\r\n"
        self._used_at = time.monotonic()

    def get(self, path: str) -> bytes:
        """The body of a response; raises RuntimeError unless the status is 200."""
        self._send(f"GET {path} HTTP/1.1\r\n{self._head}\r\n")
        status, body = self._answer()
        if status != 200:
            raise RuntimeError(f"GET {path}: {status} {body[:200]!r}")
        return body

    def put(self, path: str, resource: dict[str, Any]) -> None:
        """Put a resource; raises RuntimeError if it is refused."""
        body = json.dumps(resource)
        head = f"{self._head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._send(f"PUT {path} HTTP/1.1\r\n{head}\r\n{body}")
        status, answer = self._answer()
        if status not in (200, 201, 204):
            raise RuntimeError(f"PUT {path}: {status} {answer[:200]!r}")

    def _send(self, request: str) -> None:
        """Send a request; reconnects after a long pause, because servers close connections and tokens expire."""
        if time.monotonic() - self._used_at > RESTED_S:
            self._connection.close()
            self._open()
        self._used_at = time.monotonic()
        self._connection.sendall(request.encode())

    def _answer(self) -> tuple[int, bytes]:
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._received()
        head, rest = data[:end].lower(), data[end + 4 :]
        status = int(head[9:12])
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        if length:
            return status, self._read(rest, int(length))
        if b"transfer-encoding: chunked" in head:
            return status, self._read_chunks(rest)
        return status, rest

    def _read(self, start: bytes, size: int) -> bytes:
        parts, left = [start], size - len(start)
        while left > 0:
            parts.append(self._received())
            left -= len(parts[-1])
        return b"".join(parts)

    def _read_chunks(self, start: bytes) -> bytes:
        """The chunked body including its framing, because only the time until its end is measured."""
        parts = [start]
        while not (parts[-1] if len(parts[-1]) > 5 else b"".join(parts[-2:])).endswith(b"0\r\n\r\n"):
            parts.append(self._received())
        return b"".join(parts)

    def _received(self) -> bytes:
        size = self._connection.recv_into(self._buffer)
        if not size:
            raise RuntimeError("the API closed the connection")
        return bytes(self._buffer[:size])


def events_processed(server_url: str) -> int:
    """The number of processed events that the server reports."""
    with urllib.request.urlopen(f"{server_url}/metrics", timeout=PATIENCE_S) as answer:
        lines = answer.read().decode().splitlines()
    return round(sum(float(line.split()[-1]) for line in lines if line.startswith("sensu_go_events_processed{")))
