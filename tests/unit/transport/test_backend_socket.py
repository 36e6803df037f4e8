import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sensu import open_files
from sensu.clock import SystemClock
from sensu.transport import agent_socket, handshake
from sensu.transport.agent_socket import AgentSocket, HandshakeRefused, SocketLimits, Unreachable
from sensu.transport.backend_socket import Accepted, AgentConnection, AgentListener, ListenerLimits
from sensu.transport.http1 import HTTPAnswer, HTTPRequest, error
from sensu.transport.websocket import Closed
from tests.jumping_loop import JUMPING, quiet

PATIENCE_S = 10.0
EITHER_LOOP = pytest.mark.parametrize("loop_factory", [None, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
LIMITS = ListenerLimits(message_bytes_max=100_000, backlog_bytes_max=50_000)

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
BINARY, CONTINUATION, CLOSE, PING, PONG = 2, 0, 8, 9, 10


class Recorder:
    """A session that keeps what it hears."""

    def __init__(self) -> None:
        self.connection: AgentConnection | None = None
        self.messages: asyncio.Queue[bytes] = asyncio.Queue()
        self.over: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()

    def connected(self, connection: AgentConnection) -> None:
        self.connection = connection
        connection.send(b"hello\n")

    def received(self, data: bytes) -> None:
        self.messages.put_nowait(data)

    def ended(self, closed: Closed) -> None:
        self.over.set_result(closed)


class Port:
    """A listening port that accepts upgrades of `/` and answers the rest."""

    def __init__(self, limits: ListenerLimits) -> None:
        self.sessions: list[Recorder] = []
        self.listener = AgentListener(self.decide, SystemClock(), limits)

    async def decide(self, request: HTTPRequest) -> Accepted | HTTPAnswer:
        if request.path != "/":
            return error(404, "no such page")
        why = handshake.upgrade_problem(request)
        if why is not None:
            return why
        self.sessions.append(Recorder())
        return Accepted([("X-Test", "1")], self.sessions[-1])

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.listener.port}"


@asynccontextmanager
async def listening(limits: ListenerLimits = LIMITS) -> AsyncIterator[Port]:
    port = Port(limits)
    await port.listener.start("127.0.0.1", 0)
    try:
        yield port
    finally:
        await port.listener.stop()


def frame(opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True) -> bytes:
    head = bytes([(0x80 if fin else 0) | opcode])
    mask_bit = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([mask_bit | len(payload)])
    elif len(payload) < 65536:
        head += struct.pack("!BH", mask_bit | 126, len(payload))
    else:
        head += struct.pack("!BQ", mask_bit | 127, len(payload))
    return head + (b"\0\0\0\0" if masked else b"") + payload


class Wire:
    """A client that speaks bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, port: Port, data: bytes) -> "Wire":
        reader, writer = await asyncio.open_connection("127.0.0.1", port.listener.port)
        writer.write(data)
        return cls(reader, writer)

    async def head(self) -> str:
        return (await self.reader.readuntil(b"\r\n\r\n")).decode()

    async def frame(self) -> tuple[int, bytes]:
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", await self.reader.readexactly(2))
        return first & 0xF, await self.reader.readexactly(size)


async def upgraded(port: Port) -> Wire:
    wire = await Wire.to(port, UPGRADE)
    assert (await wire.head()).startswith("HTTP/1.1 101 Switching Protocols\r\n")
    assert await wire.frame() == (BINARY, b"hello\n")
    return wire


def tls_contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's context around a certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "backend")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "backend.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


@EITHER_LOOP
@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
async def test_messages_go_both_ways(loop_factory: object, secure: bool, tmp_path: Path) -> None:
    """What is sent arrives whole and in order on both sides, with and without TLS, on either loop."""
    server, client = tls_contexts(tmp_path) if secure else (None, None)
    port = Port(LIMITS)
    await port.listener.start("127.0.0.1", 0, server)
    url = port.url.replace("ws:", "wss:") if secure else port.url
    agent = await agent_socket.connect(url, [], ssl_context=client)
    assert isinstance(agent, AgentSocket)
    for text in (b"event\none", b"event\n" + b"x" * 90_000, b"event\nlast"):
        agent.send(text)
    session = port.sessions[0]
    heard = [await session.messages.get() for _ in range(3)]
    assert [len(data) for data in heard] == [9, 90_006, 10]
    assert session.connection is not None
    session.connection.send(b"check_request\n{}")
    assert [tuple(await anext(agent)) for _ in range(2)] == [("hello", b""), ("check_request", b"{}")]
    agent.close()
    assert await agent.wait_closed() == Closed(1001, "bye", by_peer=False)
    assert await session.over == Closed(1001, "bye", by_peer=True)
    await port.listener.stop()


async def test_a_backend_that_is_not_trusted_is_not_connected_to(tmp_path: Path) -> None:
    """An agent does not speak, and sends no password, to a backend whose certificate it does not trust."""
    port = Port(LIMITS)
    await port.listener.start("127.0.0.1", 0, tls_contexts(tmp_path)[0])
    outcome = await agent_socket.connect(port.url.replace("ws:", "wss:"), [("Authorization", "Basic x")])
    assert isinstance(outcome, Unreachable)
    assert "certificate" in outcome.why
    assert not port.sessions
    await port.listener.stop()


async def test_a_message_in_fragments_is_one_message() -> None:
    """Agents cut long messages into frames; pings may come in between, and are answered with their payload."""
    async with listening() as port:
        wire = await upgraded(port)
        wire.writer.write(frame(BINARY, b"event\n", fin=False))
        wire.writer.write(frame(CONTINUATION, b"a" * 4096, fin=False) + frame(PING, b"hey"))
        wire.writer.write(frame(CONTINUATION, b"b"))
        assert await wire.frame() == (PONG, b"hey")
        assert await port.sessions[0].messages.get() == b"event\n" + b"a" * 4096 + b"b"


@pytest.mark.parametrize("text_opcode", [1, BINARY])
async def test_text_and_binary_frames_are_alike(text_opcode: int) -> None:
    """A text frame is taken like a binary one."""
    async with listening() as port:
        wire = await upgraded(port)
        wire.writer.write(frame(text_opcode, b"event\n{}"))
        assert await port.sessions[0].messages.get() == b"event\n{}"


@JUMPING
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(CONTINUATION, b"x"), 1002),
        (frame(BINARY, b"x", fin=False) + frame(BINARY, b"y"), 1002),
        (frame(BINARY, b"x", masked=False), 1002),
        (b"\xc2\x80\0\0\0\0", 1002),
        (frame(BINARY, b"x" * 100_001), 1009),
        (frame(BINARY, b"x" * 60_000, fin=False) + frame(CONTINUATION, b"x" * 60_000), 1009),
    ],
    ids=["lone continuation", "unfinished message", "unmasked", "reserved bit", "too big", "too big in parts"],
)
async def test_a_broken_protocol_ends_the_connection(data: bytes, code: int, loop_factory: object) -> None:
    """An agent that breaks the WebSocket protocol or a bound is told so and disconnected; no message comes of it."""
    async with listening() as port:
        wire = await upgraded(port)
        wire.writer.write(data)
        opcode, payload = await wire.frame()
        assert (opcode, struct.unpack("!H", payload[:2])[0]) == (CLOSE, code)
        await port.sessions[0].over
        assert port.sessions[0].messages.empty()
        assert not port.listener.connections


@pytest.mark.parametrize(
    ("sent", "answer"),
    [(b"\x03\xe8", b"\x03\xe8"), (b"\x03\xe9bye", b"\x03\xe9"), (b"\x0f\xa0x", b"\x0f\xa0"), (b"", b"")],
)
async def test_a_close_is_answered_with_its_code(sent: bytes, answer: bytes) -> None:
    """The agent's close code comes back without the reason, then the connection ends."""
    async with listening() as port:
        wire = await upgraded(port)
        wire.writer.write(frame(CLOSE, sent))
        assert await wire.frame() == (CLOSE, answer)
        assert await wire.reader.read() == b""
        assert (await port.sessions[0].over).by_peer


async def test_frames_right_behind_the_handshake_are_not_lost() -> None:
    """An agent that does not wait for the 101 loses nothing."""
    async with listening() as port:
        early = frame(BINARY, b"event\n" + b"x" * 9000)
        wire = await Wire.to(port, UPGRADE + early + frame(BINARY, b"event\n2"))
        await wire.head()
        assert len(await port.sessions[0].messages.get()) == 9006
        assert await port.sessions[0].messages.get() == b"event\n2"


async def test_a_handshake_may_come_in_pieces() -> None:
    """A request that arrives byte by byte is one request."""
    async with listening() as port:
        wire = await Wire.to(port, b"")
        for byte in UPGRADE:
            wire.writer.write(bytes([byte]))
            await wire.writer.drain()
        assert (await wire.head()).startswith("HTTP/1.1 101")


async def test_refusals_leave_the_connection_open_for_the_next_request() -> None:
    """Several requests on one connection are answered in order, as HTTP/1.1 has it."""
    async with listening() as port:
        request = b"GET /nosuch HTTP/1.1\r\nHost: b\r\n\r\n"
        wire = await Wire.to(port, request * 2 + UPGRADE)
        for _ in range(2):
            assert (await wire.head()).startswith("HTTP/1.1 404 Not Found")
            assert await wire.reader.readexactly(13) == b"no such page\n"
        assert (await wire.head()).startswith("HTTP/1.1 101")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"POST /nosuch HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 404),
        (b"GET /nosuch HTTP/1.1\r\nConnection: close\r\n\r\n", 404),
        (b"\x16\x03\x01 nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 20_000, 431),
    ],
    ids=["with a body", "the client asks for it", "no HTTP", "a long head"],
)
async def test_other_requests_end_the_connection(data: bytes, status: int) -> None:
    """The answer is the last after a request with a body, one that asks for the end, or what is no request."""
    async with listening() as port:
        wire = await Wire.to(port, data)
        head = await wire.head()
        assert head.startswith(f"HTTP/1.1 {status} ")
        assert "Connection: close" in head
        await wire.reader.read()
        assert not port.listener.http_connections


async def test_a_head_request_gets_no_body() -> None:
    """The answer to a HEAD request ends with its head, so that the next answer is found behind it."""
    async with listening() as port:
        wire = await Wire.to(port, b"HEAD /nosuch HTTP/1.1\r\n\r\n" * 2)
        for _ in range(2):
            head = await wire.head()
            assert head.startswith("HTTP/1.1 404 ")
            assert "Content-Length: 13\r\n" in head


async def test_a_silent_client_is_cut() -> None:
    """A connection that asks for nothing within the handshake's time is ended."""
    async with listening(ListenerLimits(handshake_timeout_s=0.05)) as port:
        wire = await Wire.to(port, b"GET /")
        assert await wire.reader.read() == b""


async def test_connections_before_the_handshake_are_bounded() -> None:
    """More clients than the bound that have not shaken hands are turned away at once."""
    async with listening(ListenerLimits(http_connections_max=1)) as port:
        first = await Wire.to(port, b"GET /nosuch HTTP/1.1\r\n\r\n")
        await first.head()
        second = await Wire.to(port, b"")
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await second.reader.readexactly(1)


async def test_an_agent_that_reads_too_slowly_is_cut() -> None:
    """What waits for one agent is bounded; the agent beyond the bound is disconnected, and sending says so."""
    async with listening() as port:
        wire = await upgraded(port)
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        session = port.sessions[0]
        assert session.connection is not None
        for _ in range(1000):
            session.connection.send(b"x" * 60_000)
        assert (await session.over).reason == "the agent reads too slowly"


async def test_an_agent_that_reads_nothing_is_cut() -> None:
    """An agent that takes nothing for the write time-out is disconnected, even where little waits for it."""
    limits = ListenerLimits(write_timeout_s=0.05, backlog_bytes_max=10**8)
    async with listening(limits) as port:
        wire = await upgraded(port)
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        session = port.sessions[0]
        assert session.connection is not None
        for _ in range(1000):
            session.connection.send(b"x" * 60_000)
        assert (await session.over).reason == "the agent does not read"


@EITHER_LOOP
async def test_an_agent_that_pings_and_does_not_read_fills_no_memory(loop_factory: object) -> None:
    """Answers that nobody takes are not piled up: of an agent that does not read its pongs no more pings are read."""
    async with listening(ListenerLimits(write_timeout_s=0.3)) as port:
        wire = await upgraded(port)
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        connection = port.sessions[0].connection
        assert connection is not None
        most, pings = 0, frame(PING, b"x" * 125) * 500
        while not port.sessions[0].over.done():
            if wire.writer.transport.get_write_buffer_size() < 1_000_000:
                wire.writer.write(pings)
            await asyncio.sleep(0)
            most = max(most, connection.backlog_bytes)
        assert most < 300_000
        assert (await port.sessions[0].over).reason == "the agent does not read"


@JUMPING
async def test_an_agent_that_reads_again_is_read_again(loop_factory: object) -> None:
    """Reading stops while an agent takes nothing, and goes on with what it sent meanwhile once it does."""
    async with listening(ListenerLimits(backlog_bytes_max=10**8)) as port:
        wire = await upgraded(port)
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        session = port.sessions[0]
        assert session.connection is not None
        while session.connection._stalled is None:
            session.connection.send(b"x" * 60_000)
            await asyncio.sleep(0)
        wire.writer.write(frame(BINARY, b"event\n1"))
        await quiet()
        assert session.messages.empty()
        session.connection.resume_reading()
        await quiet()
        assert session.messages.empty()
        wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
        drain = asyncio.ensure_future(wire.reader.read(10**9))
        while session.messages.empty():
            await asyncio.sleep(0.001)
            if drain.done():
                drain = asyncio.ensure_future(wire.reader.read(10**9))
        drain.cancel()


async def test_a_client_that_reads_no_answers_fills_no_memory() -> None:
    """Requests that follow each other without their answers being read are not answered without end."""
    async with listening(ListenerLimits(handshake_timeout_s=1.0)) as port:
        wire = await Wire.to(port, b"")
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        most, requests = 0, b"GET /nosuch HTTP/1.1\r\n\r\n" * 400
        while not wire.writer.transport.is_closing():
            if wire.writer.transport.get_write_buffer_size() < 100_000:
                wire.writer.write(requests)
            await asyncio.sleep(0)
            for connection in port.listener.http_connections:
                assert connection._transport is not None
                most = max(most, connection._transport.get_write_buffer_size() + connection._parser.unparsed_bytes)
            if not port.listener.http_connections and most:
                break
        assert most < 600_000


@EITHER_LOOP
async def test_plain_http_at_a_port_with_tls(loop_factory: object, tmp_path: Path) -> None:
    """Plain HTTP sent to a port with TLS is answered with what is wrong."""
    port = Port(LIMITS)
    await port.listener.start("127.0.0.1", 0, tls_contexts(tmp_path)[0])
    wire = await Wire.to(port, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = await wire.reader.read()
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
    await port.listener.stop()


@EITHER_LOOP
async def test_connections_in_their_tls_handshake_are_bounded(loop_factory: object, tmp_path: Path) -> None:
    """Clients that connect and begin no TLS handshake cannot use up the files; they are dropped after a while."""
    port = Port(ListenerLimits(http_connections_max=2, handshake_timeout_s=0.2))
    server, client = tls_contexts(tmp_path)
    await port.listener.start("127.0.0.1", 0, server)
    held = [await Wire.to(port, b"") for _ in range(2)]
    turned_away = await Wire.to(port, b"")
    assert await turned_away.reader.read() == b""
    for wire in held:
        assert await wire.reader.read() == b""
    agent = await agent_socket.connect(port.url.replace("ws:", "wss:"), [], ssl_context=client)
    assert isinstance(agent, AgentSocket)
    await port.listener.stop()


async def test_handshakes_leave_files_to_the_rest_of_the_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that are not upgraded use at most a quarter of the files that the process may open."""
    monkeypatch.setattr(open_files, "limit", lambda: 12)
    async with listening() as port:
        held = [await Wire.to(port, b"GET /nosuch HTTP/1.1\r\n\r\n") for _ in range(3)]
        for wire in held:
            await wire.head()
        turned_away = await Wire.to(port, b"")
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await turned_away.reader.readexactly(1)


async def test_while_reading_is_paused_nothing_arrives() -> None:
    """A session that cannot take more stops the agent, and gets everything in order when it reads on."""
    async with listening() as port:
        wire = await upgraded(port)
        session = port.sessions[0]
        assert session.connection is not None
        session.connection.pause_reading()
        wire.writer.write(frame(BINARY, b"event\n1"))
        await wire.writer.drain()
        await asyncio.sleep(0)
        assert session.messages.empty()
        session.connection.resume_reading()
        assert await session.messages.get() == b"event\n1"


async def test_stopping_ends_everything() -> None:
    """After a stop no connection is left, and every session has heard of its end."""
    async with listening() as port:
        wire = await upgraded(port)
        agent = await agent_socket.connect(port.url, [])
        assert isinstance(agent, AgentSocket)
        await port.listener.stop()
        assert all(session.over.done() for session in port.sessions)
        assert (await agent.wait_closed()).code == 1006
        assert await wire.reader.read() == b""
        assert isinstance(await agent_socket.connect(port.url, []), Unreachable)


async def test_the_agent_hears_why_it_is_refused() -> None:
    """A refused handshake gives the agent status and words, not an exception."""
    async with listening() as port:
        outcome = await agent_socket.connect(f"{port.url}/nosuch", [])
        assert outcome == HandshakeRefused(404, "no such page")


@JUMPING
async def test_heartbeats_keep_a_connection(loop_factory: object) -> None:
    """Pings are answered, so a healthy connection outlives the heartbeat time-out."""
    limits = SocketLimits(heartbeat_interval_s=30, heartbeat_timeout_s=45)
    async with listening() as port:
        agent = await agent_socket.connect(port.url, [], limits=limits)
        assert isinstance(agent, AgentSocket)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await agent.wait_closed()
        assert agent.closed is None


@JUMPING
async def test_a_backend_that_answers_no_heartbeat_is_left(loop_factory: object) -> None:
    """An agent whose pings stay unanswered ends the connection after the heartbeat time-out."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
        writer.write(handshake.render_upgrade(key, []))
        while await reader.read(1000):
            pass
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    limits = SocketLimits(heartbeat_interval_s=30, heartbeat_timeout_s=45)
    url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    agent = await agent_socket.connect(url, [], limits=limits)
    assert isinstance(agent, AgentSocket)
    started_at = asyncio.get_running_loop().time()
    assert await agent.wait_closed() == Closed(1006, "no answer to heartbeats", by_peer=False)
    assert 44 < asyncio.get_running_loop().time() - started_at < 46
    server.close()


async def test_an_agent_that_is_behind_stops_the_backend() -> None:
    """Messages that wait in the agent are bounded; nothing is lost once it reads on."""
    async with listening(ListenerLimits()) as port:
        agent = await agent_socket.connect(port.url, [], limits=SocketLimits(messages_waiting_max=4))
        assert isinstance(agent, AgentSocket)
        connection = port.sessions[0].connection
        assert connection is not None
        for number in range(50):
            connection.send(b"n\n%d" % number)
        numbers = [int((await anext(agent)).payload or b"-1") for _ in range(51)]
        assert numbers == [-1, *range(50)]


async def test_a_message_without_a_newline_ends_the_agents_session() -> None:
    """An agent says good-bye to a backend that sends a message without a type."""
    async with listening() as port:
        agent = await agent_socket.connect(port.url, [])
        assert isinstance(agent, AgentSocket)
        assert port.sessions[0].connection is not None
        port.sessions[0].connection.send(b"no newline")
        assert await agent.wait_closed() == Closed(1001, "bye", by_peer=False)
        assert await port.sessions[0].over == Closed(1001, "bye", by_peer=True)
        assert [tuple(message) async for message in agent] == [("hello", b"")]
        assert not agent.send(b"event\n{}")


@pytest.mark.parametrize("host", ["", "::", "localhost"])
async def test_the_port_is_reachable_by_ipv4(host: str) -> None:
    """An address that stands for all of them takes agents that know only IPv4, and a name is resolved."""
    port = Port(LIMITS)
    await port.listener.start(host, 0)
    agent = await agent_socket.connect(port.url, [])
    assert isinstance(agent, AgentSocket)
    await port.listener.stop()


async def test_a_port_that_is_taken_is_an_error() -> None:
    """Two backends cannot have one port; the second is told so when it starts."""
    async with listening() as port:
        second = Port(LIMITS)
        with pytest.raises(OSError, match="in use"):
            await second.listener.start("127.0.0.1", port.listener.port)
