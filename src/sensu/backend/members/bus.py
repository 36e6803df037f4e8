"""The bus between the members of a cluster; `lines.py` has the connections.

Each member connects to every other one, sends its messages on that connection and receives the answers there. While a
member cannot accept a message, it reads nothing more from the sender. A member that leaves too much unread is
disconnected, and receives the whole state again when it reconnects. Members come and go while the bus runs.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, cast
from uuid import uuid4

import msgspec

from sensu.backend.members import messages
from sensu.backend.members.lines import Line, peer_certificate
from sensu.backend.members.messages import EventsStored, Hello, MemberMessage, NotMine, Reply, Seen, Welcome, packed
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields

log = logging.getLogger("sensu.members")

BACKLOG_BYTES_MAX = 64 * 1024 * 1024
"""A worker with this many unread bytes is disconnected."""
ASKS_MAX = 10_000
ANSWER_WITHIN_S = 5.0
CONNECT_PAUSE_S, CONNECT_PAUSE_MAX_S = 0.05, 1.0
"""The pause before another attempt to connect; it doubles up to the maximum while the member is not reached."""

SendReply = Callable[[MemberMessage], None]
MessageHandler = Callable[[int, Any, SendReply], "bool | None"]
"""Handles a message from a member, with a function to answer it; false if it must be offered again later."""


class PeerGone(Exception):
    """A worker did not answer."""


class Stream(asyncio.Protocol):
    """One connection; messages are sent and received in batches."""

    def __init__(self, take: Callable[["Stream", MemberMessage], bool], room: Callable[[], Awaitable[None]]) -> None:
        """`take` returns false if a message must be offered again when `room` returns."""
        self._take, self._room = take, room
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._in = bytearray()
        self._waiting: asyncio.Task[None] | None = None
        self.member = -1
        self.certificate: bytes | None = None
        """What the other side has shown, if the connection has TLS."""
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's interface."""
        self._transport = cast(asyncio.Transport, transport)
        self.certificate = peer_certificate(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio's interface."""
        self._transport = None
        if self._waiting is not None:
            self._waiting.cancel()
        if not self.closed.done():
            self.closed.set_result(None)

    def send(self, message: MemberMessage) -> None:
        """Send a message after the earlier ones, at the end of this iteration of the loop."""
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(packed(message))

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > BACKLOG_BYTES_MAX:
            log.error("disconnected a worker that does not read its messages", extra=fields(worker=self.member))
            self._transport.abort()
            return
        self._transport.write(b"".join(out))

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's interface."""
        self._in += data
        if self._waiting is None:
            self._read_on()

    def _read_on(self) -> None:
        """Process complete messages, up to one that must wait."""
        data, at = self._in, 0
        view = memoryview(data)
        try:
            while len(data) - at >= messages.LENGTH_BYTES:
                start = at + messages.LENGTH_BYTES
                end = start + int.from_bytes(view[at:start], "big")
                if len(data) < end:
                    break
                if not self._take_one(view[start:end]):
                    self._wait()
                    break
                at = end
        finally:
            view.release()
        del data[:at]

    def _take_one(self, body: memoryview) -> bool:
        try:
            return self._take(self, messages.unpacked(body))
        except (msgspec.DecodeError, ValueError):
            log.exception("invalid message from a worker", extra=fields(worker=self.member))
        except Exception:
            log.exception("processing a message from a worker failed", extra=fields(worker=self.member))
        return True

    def _wait(self) -> None:
        assert self._transport is not None
        self._transport.pause_reading()
        self._waiting = asyncio.get_running_loop().create_task(self._go_on())

    async def _go_on(self) -> None:
        await self._room()
        self._waiting = None
        if self._transport is not None:
            self._transport.resume_reading()
            self._read_on()

    def close(self) -> None:
        """Close the connection after everything is sent."""
        self._flush()
        if self._transport is not None:
            self._transport.close()


class Peer:
    """Another worker: sends it messages and requests."""

    def __init__(self, member: int, hello: Hello, line: Line, clock: Clock, name: str) -> None:
        """`name` is what operators call it."""
        self.member, self.name = member, name
        self._hello, self._line, self._clock = hello, line, clock
        self.welcome = Welcome(0)
        """Which events of this member it had stored when the connection began."""
        self._stream: Stream | None = None
        self._asked: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self._listeners: list[Callable[[bool], None]] = []
        self._hears: Callable[[Unasked], None] = lambda _: None
        self._hears_seen: Callable[[int, int], None] = lambda *_: None
        self.lost_at: float | None = clock.monotonic()
        """The time at which it disconnected, None while it is connected."""
        self.met = False
        """Whether it was connected at any time."""
        self.ending = False
        """Whether all workers are stopping, so that its end is not reported."""

    def tell_presence(self, listener: Callable[[bool], None]) -> None:
        """Call `listener` when the worker connects (true) and when it disconnects (false); now if it is connected."""
        self._listeners.append(listener)
        if self.present:
            listener(True)

    def hear(self, listener: "Callable[[Unasked], None]") -> None:
        """Call `listener` with replies to messages that were not sent with `ask`."""
        self._hears = listener

    def hear_seen(self, listener: Callable[[int, int], None]) -> None:
        """Call `listener` with this member and a revision that it has seen."""
        self._hears_seen = listener

    @property
    def present(self) -> bool:
        """Whether the worker is connected."""
        return self.lost_at is None

    def tell(self, message: MemberMessage) -> None:
        """Send a message to the worker, if it is connected."""
        if self._stream is not None and self.present:
            self._stream.send(message)

    async def ask(self, ask: Callable[[int], messages.Ask], within_s: float = ANSWER_WITHIN_S) -> Reply:
        """The reply to the request that `ask` creates with a number; raises PeerGone."""
        if not self.present or len(self._asked) >= ASKS_MAX:
            raise PeerGone(f"{self.name} does not answer")
        number = self.next_number()
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self.tell(ask(number))
        try:
            async with asyncio.timeout(within_s):
                return await answer
        except TimeoutError as err:
            raise PeerGone(f"{self.name} does not answer") from err
        finally:
            self._asked.pop(number, None)

    def next_number(self) -> int:
        """A number for a message."""
        self._number += 1
        return self._number

    async def run(self) -> None:
        """Stay connected, and reconnect if necessary, until cancelled."""
        pause_s = CONNECT_PAUSE_S
        while True:
            stream: Stream | None = None
            try:
                stream = await self._line.connect(lambda: Stream(self._take, _no_wait))
                stream.member, self._stream = self.member, stream
                stream.send(self._hello)
                await stream.closed
                pause_s = CONNECT_PAUSE_S if self.present else pause_s
            except OSError as err:
                log.debug(f"cannot connect to {self.name}", extra=fields(error=str(err)))
            finally:
                self._gone()
                if stream is not None:
                    stream.close()
            await self._clock.sleep(pause_s)
            pause_s = min(2 * pause_s, CONNECT_PAUSE_MAX_S)

    def _take(self, stream: Stream, message: MemberMessage) -> bool:
        if isinstance(message, Welcome):
            self.lost_at, self.met, self.welcome = None, True, message
            for listener in self._listeners:
                listener(True)
            return True
        if isinstance(message, EventsStored | NotMine):
            self._hears(message)
            return True
        if isinstance(message, Seen):
            self._hears_seen(self.member, message.revision)
            return True
        answer = self._asked.get(message.id)  # type: ignore[attr-defined]
        if answer is None:
            self._hears(cast(Reply, message))
        elif not answer.done():
            answer.set_result(cast(Reply, message))
        return True

    def _gone(self) -> None:
        self._stream = None
        if not self.present:
            return
        self.lost_at = self._clock.monotonic()
        if not self.ending:
            log.warning(f"{self.name} has disconnected")
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(PeerGone(f"{self.name} ended"))
        for listener in self._listeners:
            listener(False)


async def _no_wait() -> None:
    return


async def _nothing(member: int, start: str) -> Welcome:
    return Welcome(0)


Unasked = Reply | EventsStored | NotMine


class Bus:
    """The connections to all other members, and the handlers of their messages."""

    def __init__(
        self,
        member: int,
        lines: Mapping[int, Line],
        listener: socket.socket,
        clock: Clock,
        tls: ssl.SSLContext | None = None,
        certificate_of: Callable[[int], bytes | None] = lambda _: None,
    ) -> None:
        """`lines` lead to the other members; `listener` is where they reach this one, with `tls`.

        A member must show the certificate that `certificate_of` returns.
        """
        self._listener, self._clock, self._tls, self._certificate_of = listener, clock, tls, certificate_of
        self._hello = Hello(member, uuid4().hex)
        self.peers: dict[int, Peer] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._came: list[Callable[[Peer], None]] = []
        self._starts: dict[int, str] = {}
        self._stored: Callable[[int, str], Awaitable[Welcome]] = _nothing
        self._greeting: set[asyncio.Task[None]] = set()
        self._handlers: dict[type[MemberMessage], MessageHandler] = {}
        self._left: list[Callable[[int], None]] = []
        self._streams: dict[int, Stream] = {}
        self._room: Callable[[], Awaitable[None]] = _no_wait
        self._server: asyncio.Server | None = None
        for other, line in lines.items():
            self.add(other, line)

    def add(self, member: int, line: Line, name: str = "") -> None:
        """Connect to a member, now or when the bus runs; operators know it by its name."""
        peer = self.peers[member] = Peer(member, self._hello, line, self._clock, name or f"worker {member}")
        for listener in self._came:
            listener(peer)
        self._start(peer)

    def remove(self, member: int) -> None:
        """End the connections to a member that is gone."""
        del self.peers[member]
        task = self._running.pop(member, None)
        if task is not None:
            task.cancel()
        stream = self._streams.get(member)
        if stream is not None:
            stream.close()

    def on_coming(self, listener: Callable[[Peer], None]) -> None:
        """Call `listener` with each other member, those that are known now and those that come later."""
        self._came.append(listener)
        for peer in self.peers.values():
            listener(peer)

    def _start(self, peer: Peer) -> None:
        if self._group is not None:
            self._running[peer.member] = self._group.create_task(peer.run(), name=f"line to member {peer.member}")

    def on(self, kind: type[MemberMessage], handler: MessageHandler) -> None:
        """Set the handler of a type of message."""
        self._handlers[kind] = handler

    def on_leaving(self, listener: Callable[[int], None]) -> None:
        """Call `listener` with each member whose connection to this one ends."""
        self._left.append(listener)

    def when_room(self, room: Callable[[], Awaitable[None]]) -> None:
        """Await `room` before a message that was not accepted is offered again."""
        self._room = room

    def when_greeted(self, stored: Callable[[int, str], Awaitable[Welcome]]) -> None:
        """Call `stored` for which events of a start of a member are stored."""
        self._stored = stored

    def start_of(self, member: int) -> str:
        """The identifier of the start of a member that is connected."""
        return self._starts[member]

    def others(self) -> Iterable[Peer]:
        """All other members."""
        return tuple(self.peers.values())

    def tell_all(self, message: MemberMessage) -> None:
        """Send a message to every other worker that is connected."""
        for peer in self.peers.values():
            peer.tell(message)

    async def open(self) -> None:
        """Accept connections from the others."""
        loop = asyncio.get_running_loop()

        def made() -> Stream:
            return Stream(self._take, lambda: self._room())

        if self._listener.family == socket.AF_UNIX:
            self._server = await loop.create_unix_server(made, sock=self._listener)
        else:
            self._server = await loop.create_server(made, sock=self._listener, ssl=self._tls)

    async def run(self) -> None:
        """Stay connected to the others until cancelled."""
        try:
            async with asyncio.TaskGroup() as self._group:
                for peer in self.peers.values():
                    self._start(peer)
                await asyncio.get_running_loop().create_future()
        finally:
            self._group = None

    def close(self) -> None:
        """Stop listening and end all connections."""
        if self._server is not None:
            self._server.close()
        for stream in list(self._streams.values()):
            stream.close()

    def _take(self, stream: Stream, message: MemberMessage) -> bool:
        if isinstance(message, Hello):
            task = asyncio.get_running_loop().create_task(self._welcome(stream, message))
            self._greeting.add(task)
            task.add_done_callback(self._greeting.discard)
            return True
        if stream.member < 0:
            log.warning("a message came before the greeting, and is ignored")
            return True
        return self._handlers[type(message)](stream.member, message, stream.send) is not False

    async def _welcome(self, stream: Stream, hello: Hello) -> None:
        """Answer a hello; nothing else is sent on the connection before."""
        if stream.certificate != self._certificate_of(hello.member):
            log.warning("refused a member with another certificate than its own", extra=fields(worker=hello.member))
            stream.close()
            return
        try:
            welcome = await self._stored(hello.member, hello.start)
        except StoreError as err:
            log.warning("refused the connection of a worker", extra=fields(worker=hello.member, error=str(err)))
            stream.close()
            return
        stream.member = hello.member
        self._streams[hello.member], self._starts[hello.member] = stream, hello.start
        stream.closed.add_done_callback(lambda _: self._leave(stream))
        stream.send(welcome)

    def _leave(self, stream: Stream) -> None:
        if self._streams.get(stream.member) is stream:
            del self._streams[stream.member]
            for listener in self._left:
                listener(stream.member)
