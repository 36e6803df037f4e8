"""An agent that reaches its backend through an HTTP proxy, with real sockets."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sensu.transport import frames
from sensu.transport.codec import PROTOBUF
from tests.faults.agent_process import until
from tests.flows.certificate_authority import Authority
from tests.flows.test_agent_extensions import ProtobufBackend, agent_of, protobuf_backend
from tests.flows.test_agent_tls import tls_backend

NAME = "backend.invalid"
"""A host that only the proxy finds."""


class Proxy:
    """Answers CONNECT by a connection to one port, and keeps what it was asked for."""

    def __init__(self, target_port: int, status: int = 200) -> None:
        self._target_port, self._status = target_port, status
        self.asked: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head)
        writer.write(f"HTTP/1.1 {self._status} Answer\r\n\r\n".encode())
        if self._status == 200:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def proxy_to(target_port: int, status: int = 200) -> AsyncIterator[Proxy]:
    proxy = Proxy(target_port, status)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()


async def first_keepalive(backend: ProtobufBackend) -> None:
    assert (await asyncio.wait_for(backend.heard(PROTOBUF, frames.KEEPALIVE), 10)).entity is not None


async def test_through_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY is for ws, and its user and password are shown to the proxy alone."""
    async with protobuf_backend() as (backend, url), proxy_to(int(url.rpartition(":")[2])) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:secret@127.0.0.1:{proxy.port}")
        async with agent_of(f"ws://{NAME}:8081", tmp_path):
            await first_keepalive(backend)
        assert proxy.asked[0].startswith(f"CONNECT {NAME}:8081 HTTP/1.1")
        assert base64.b64encode(b"me:secret").decode() in proxy.asked[0]
        assert "proxy-authorization" not in {key.lower() for key, _ in backend.requests[0].headers}


async def test_tls_through_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY is for wss, which stays secret from the proxy."""
    authority = Authority(tmp_path)
    async with tls_backend(authority) as (backend, url), proxy_to(int(url.rpartition(":")[2])) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        async with agent_of(f"wss://{NAME}:8081", tmp_path, "--insecure-skip-tls-verify"):
            await first_keepalive(backend)
        assert proxy.asked[0].startswith(f"CONNECT {NAME}:8081 HTTP/1.1")


async def test_past_the_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What NO_PROXY names, and this host itself, is reached directly."""
    async with protobuf_backend() as (backend, url), proxy_to(1) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        async with agent_of(url, tmp_path):
            await first_keepalive(backend)
        monkeypatch.setenv("NO_PROXY", f"other.invalid,{NAME}")
        async with agent_of(f"ws://{NAME}:8081", tmp_path) as agent:
            await until(lambda: agent.counters.value("sensu_go_agent_websocket_errors"))
        assert proxy.asked == []


async def test_a_proxy_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that does not let the agent through is tried again like a backend that is away."""
    async with proxy_to(1, 407) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{proxy.port}")
        async with agent_of(f"ws://{NAME}:8081", tmp_path):
            await until(lambda: len(proxy.asked) >= 2)


async def test_several_backends_take_turns(tmp_path: Path) -> None:
    """An agent with several URLs finds the backend that is there, and the next one when that goes away."""
    async with protobuf_backend() as (one, one_url), protobuf_backend() as (other, other_url):
        urls = f"ws://127.0.0.1:1,{one_url},{other_url}"
        async with agent_of(urls, tmp_path, "--retry-max", "60ms") as agent:
            await until(lambda: agent.counters.value("sensu_go_agent_new_connections"))
            first, second = (one, other) if one.requests else (other, one)
            await first_keepalive(first)
            await first.listener.stop()
            await first_keepalive(second)
