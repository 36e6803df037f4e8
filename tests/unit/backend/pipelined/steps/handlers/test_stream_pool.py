"""Connections of stream handlers, against peers with real sockets."""

import asyncio
import contextlib
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from sensu.backend.pipelined.steps.handlers import stream_connection
from sensu.backend.pipelined.steps.handlers.pools import Pools, PoolTools
from sensu.backend.pipelined.steps.handlers.stream_connection import StreamTarget
from sensu.backend.pipelined.steps.handlers.stream_pool import GROUP_MAX, StreamPool, StreamSettings
from sensu.backend.pipelined.steps.outcome import Delivered, Outcome, Retry
from sensu.rules.streams import ReconnectPolicy
from sensu.store.values import Key
from sensu.testing.virtual_clock import VirtualClock
from sensu.tls import accept_client_certificates, client_context, server_context
from tests.flows.certificate_authority import Authority

HANDLER = Key("pipeline/v1.TCPStreamHandler", "default", "logs")
Behaviour = Callable[["Peer", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Peer:
    """A server that notes the lines that it gets."""

    def __init__(self) -> None:
        self.port, self.connections, self.ended = 0, 0, 0
        self.lines: list[bytes] = []
        self.open: list[asyncio.StreamWriter] = []
        self.behaves: Behaviour = takes_everything

    @classmethod
    @contextlib.asynccontextmanager
    async def listening(cls, context: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator["Peer"]:
        peer = cls()
        server = await asyncio.start_server(peer._accept, "127.0.0.1", port, ssl=context)
        peer.port = server.sockets[0].getsockname()[1]
        try:
            yield peer
        finally:
            server.close()
            for writer in peer.open:
                writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.append(writer)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self.behaves(self, reader, writer)
        self.ended += 1

    def reset(self, writer: asyncio.StreamWriter) -> None:
        """End a connection as a host does whose process is killed."""
        own: socket.socket = writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


async def takes_everything(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    rest = bytearray()
    while data := await reader.read(1 << 20):
        rest += data
        if b"\n" in data:
            *lines, rest = rest.split(b"\n")
            peer.lines += [bytes(line) + b"\n" for line in lines]


class Sender:
    """A pool whose handler sends to a peer."""

    def __init__(self, port: int, *, connections: int = 1, context: Callable[[], ssl.SSLContext] | None = None) -> None:
        self.clock = VirtualClock()
        self.pools = Pools(PoolTools(self.clock, lambda: 0.0))
        target = StreamTarget("127.0.0.1", port, context)
        self.settings = StreamSettings("TCP stream here", target, ReconnectPolicy(1.0, 8.0), connections)

    async def send(self, payload: bytes) -> Outcome:
        pool = self.pools.pool(HANDLER, lambda tools: StreamPool(self.settings, tools))
        return await pool.send(payload)

    def begin(self, payload: bytes) -> "asyncio.Task[Outcome]":
        return asyncio.create_task(self.send(payload))


@contextlib.asynccontextmanager
async def sender(port: int, **settings: object) -> AsyncIterator[Sender]:
    one = Sender(port, **settings)  # type: ignore[arg-type]
    try:
        yield one
    finally:
        await one.pools.close()


async def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not what():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.002)


async def test_events_share_connections() -> None:
    """Events that come together use as many connections as the handler allows, and later ones use those again."""
    async with Peer.listening() as peer, sender(peer.port, connections=3) as logs:
        lines = [b"%03d" % number * 100_000 + b"\n" for number in range(GROUP_MAX)]
        outcomes = await asyncio.gather(*map(logs.send, lines))
        outcomes += [await logs.send(b"last\n")]
        assert outcomes == [Delivered()] * len(outcomes)
        await until(lambda: len(peer.lines) == len(outcomes))
        assert sorted(peer.lines) == sorted([*lines, b"last\n"])
        assert peer.connections == 3


async def test_without_a_pool_each_event_has_its_own_connection() -> None:
    """With `max_connections` 0, a connection carries one event and is closed."""
    async with Peer.listening() as peer, sender(peer.port, connections=0) as logs:
        await asyncio.gather(*(logs.send(b"%d\n" % number) for number in range(5)))
        await until(lambda: len(peer.lines) == 5 and peer.connections == 5)


async def test_a_connection_that_the_peer_closed_is_not_used() -> None:
    """An event after the end of a connection is sent on a new one."""
    async with Peer.listening() as peer, sender(peer.port) as logs:
        assert await logs.send(b"one\n") == Delivered()
        await until(lambda: peer.lines == [b"one\n"])
        peer.open[0].close()
        assert await advanced_until_done(logs, logs.begin(b"two\n")) == Delivered()
        await until(lambda: peer.lines == [b"one\n", b"two\n"])
        assert peer.connections == 2


async def test_an_event_that_is_cut_is_sent_again_whole() -> None:
    """An event whose connection breaks before the peer has all of it arrives on the next connection."""
    large = b"x" * 12_000_000 + b"\n"

    async def breaks_once(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if peer.connections == 1:
            await reader.readexactly(1000)
            peer.reset(writer)
            return
        await takes_everything(peer, reader, writer)

    async with Peer.listening() as peer, sender(peer.port) as logs:
        peer.behaves = breaks_once
        sending = logs.begin(large)
        assert await advanced_until_done(logs, sending) == Delivered()
        await until(lambda: peer.lines == [large])


async def test_a_peer_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event is not delivered while its bytes are in this host's buffers; its attempt fails after a while."""
    monkeypatch.setattr(stream_connection, "PROGRESS_S", 0.1)

    async def takes_nothing(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    async with Peer.listening() as peer, sender(peer.port) as logs:
        peer.behaves = takes_nothing
        sending = logs.begin(b"x" * 12_000_000)
        outcome = await advanced_until_done(logs, sending)
        assert outcome == Retry("TCP stream here: the peer took nothing for 0.1 s")


async def advanced_until_done(logs: Sender, sending: "asyncio.Task[Outcome]") -> Outcome:
    async with asyncio.timeout(20):
        while not sending.done():
            await logs.clock.advance(1)
            await asyncio.sleep(0.02)
    return await sending


async def test_events_wait_for_a_peer_that_is_down() -> None:
    """Pauses between connections double up to the longest; an event fails when it has waited three times as long."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    async with sender(port) as logs:
        began = logs.clock.monotonic()
        outcome = await advanced_until_done(logs, logs.begin(b"one\n"))
        assert isinstance(outcome, Retry)
        assert outcome.why.startswith("TCP stream here: [Errno 111]")
        assert 24 <= logs.clock.monotonic() - began <= 33
        sending = logs.begin(b"two\n")
        async with Peer.listening(port=port) as peer:
            assert await advanced_until_done(logs, sending) == Delivered()
            await until(lambda: peer.lines == [b"two\n"])


async def test_a_handler_that_changed_gets_new_connections() -> None:
    """Connections of a handler end when it changes, and its next event goes to its new address."""
    async with Peer.listening() as old, Peer.listening() as new, sender(old.port) as logs:
        await logs.send(b"one\n")
        logs.pools.forget(HANDLER)
        logs.settings = StreamSettings("new", StreamTarget("127.0.0.1", new.port), logs.settings.policy, 1)
        await logs.send(b"two\n")
        await until(lambda: new.lines == [b"two\n"])
        await until(lambda: old.ended == 1)
        assert old.lines == [b"one\n"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_peer_can_require_a_certificate(tmp_path: Path, version: ssl.TLSVersion) -> None:
    """With TLS, events reach only peers that the authority vouches for; a client without a certificate is refused."""
    authority = Authority(tmp_path)
    server, client = authority.issue("logs"), authority.issue("sensu")
    context = server_context(str(server.cert_file), str(server.key_file))
    accept_client_certificates(context, authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = version

    def with_certificate() -> ssl.SSLContext:
        made = client_context(authority.file)
        made.load_cert_chain(client.cert_file, client.key_file)
        return made

    async with Peer.listening(context) as peer:
        async with sender(peer.port, context=with_certificate) as logs:
            assert await logs.send(b"x" * 300_000 + b"\n") == Delivered()
            await until(lambda: [len(line) for line in peer.lines] == [300_001])
        async with sender(peer.port, context=lambda: client_context(authority.file)) as logs:
            outcome = await advanced_until_done(logs, logs.begin(b"one\n"))
            assert isinstance(outcome, Retry)
        async with sender(peer.port, context=client_context) as logs:
            outcome = await advanced_until_done(logs, logs.begin(b"one\n"))
            assert isinstance(outcome, Retry)
            assert "certificate verify failed" in outcome.why
        assert len(peer.lines) == 1
