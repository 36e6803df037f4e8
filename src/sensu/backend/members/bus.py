"""The bus between the workers of a backend: a Unix socket for each, accessible only to the owner of the state folder.

Each worker connects to every other one, sends its messages on that connection and receives the answers there. While a
worker cannot accept a message, it reads nothing more from the sender. A worker that leaves too much unread is
disconnected, and receives the whole state again when it reconnects.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast
from uuid import uuid4

import msgspec

from sensu.backend.members import messages
from sensu.backend.members.messages import EventsStored, Hello, MemberMessage, Reply, Welcome, packed
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields

log = logging.getLogger("sensu.members")

BACKLOG_BYTES_MAX = 64 * 1024 * 1024
"""A worker with this many unread bytes is disconnected."""
ASKS_MAX = 10_000
ANSWER_WITHIN_S = 5.0
CONNECT_PAUSE_S = 0.05

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
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's interface."""
        self._transport = cast(asyncio.Transport, transport)

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

    def __init__(self, member: int, hello: Hello, address: str, clock: Clock) -> None:
        self.member = member
        self._hello, self._address, self._clock = hello, address, clock
        self.stored = 0
        """The number of the last event from this member that it had stored when the connection began."""
        self._stream: Stream | None = None
        self._asked: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self._listeners: list[Callable[[bool], None]] = []
        self._hears: Callable[[Reply | EventsStored], None] = lambda _: None
        self.lost_at: float | None = clock.monotonic()
        """The time at which it disconnected, None while it is connected."""
        self.ending = False
        """Whether all workers are stopping, so that its end is not reported."""

    def tell_presence(self, listener: Callable[[bool], None]) -> None:
        """Call `listener` when the worker connects (true) and when it disconnects (false)."""
        self._listeners.append(listener)

    def hear(self, listener: Callable[[Reply | EventsStored], None]) -> None:
        """Call `listener` with replies to messages that were not sent with `ask`."""
        self._hears = listener

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
            raise PeerGone(f"worker {self.member} does not answer")
        number = self.next_number()
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self.tell(ask(number))
        try:
            async with asyncio.timeout(within_s):
                return await answer
        except TimeoutError as err:
            raise PeerGone(f"worker {self.member} does not answer") from err
        finally:
            self._asked.pop(number, None)

    def next_number(self) -> int:
        """A number for a message."""
        self._number += 1
        return self._number

    async def run(self) -> None:
        """Stay connected, and reconnect if necessary, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            stream: Stream | None = None
            try:
                _, stream = await loop.create_unix_connection(lambda: Stream(self._take, _no_wait), self._address)
                stream.member, self._stream = self.member, stream
                stream.send(self._hello)
                await stream.closed
            except OSError as err:
                log.debug("cannot connect to a worker", extra=fields(worker=self.member, error=str(err)))
            finally:
                self._gone()
                if stream is not None:
                    stream.close()
            await self._clock.sleep(CONNECT_PAUSE_S)

    def _take(self, stream: Stream, message: MemberMessage) -> bool:
        if isinstance(message, Welcome):
            self.lost_at, self.stored = None, message.stored
            for listener in self._listeners:
                listener(True)
            return True
        if type(message) is EventsStored:
            self._hears(message)
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
            log.warning("a worker has disconnected", extra=fields(worker=self.member))
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(PeerGone(f"worker {self.member} ended"))
        for listener in self._listeners:
            listener(False)


async def _no_wait() -> None:
    return


async def _nothing(member: int, start: str) -> int:
    return 0


class Bus:
    """The connections to all other workers, and the handlers of their messages."""

    def __init__(self, member: int, addresses: Mapping[int, str], listener: socket.socket, clock: Clock) -> None:
        """`addresses` are those of the other members; `listener` is where they reach this one."""
        self._listener = listener
        hello = Hello(member, uuid4().hex)
        self.peers = {other: Peer(other, hello, address, clock) for other, address in addresses.items()}
        self._starts: dict[int, str] = {}
        self._stored: Callable[[int, str], Awaitable[int]] = _nothing
        self._greeting: set[asyncio.Task[None]] = set()
        self._handlers: dict[type[MemberMessage], MessageHandler] = {}
        self._left: list[Callable[[int], None]] = []
        self._streams: dict[int, Stream] = {}
        self._room: Callable[[], Awaitable[None]] = _no_wait
        self._server: asyncio.Server | None = None

    def on(self, kind: type[MemberMessage], handler: MessageHandler) -> None:
        """Set the handler of a type of message."""
        self._handlers[kind] = handler

    def on_leaving(self, listener: Callable[[int], None]) -> None:
        """Call `listener` with each member whose connection to this one ends."""
        self._left.append(listener)

    def when_room(self, room: Callable[[], Awaitable[None]]) -> None:
        """Await `room` before a message that was not accepted is offered again."""
        self._room = room

    def when_greeted(self, stored: Callable[[int, str], Awaitable[int]]) -> None:
        """Call `stored` for the number up to which all events of a start of a member are stored."""
        self._stored = stored

    def start_of(self, member: int) -> str:
        """The identifier of the start of a member that is connected."""
        return self._starts[member]

    def tell_all(self, message: MemberMessage) -> None:
        """Send a message to every other worker that is connected."""
        for peer in self.peers.values():
            peer.tell(message)

    async def open(self) -> None:
        """Accept connections from the others."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(
            lambda: Stream(self._take, lambda: self._room()), sock=self._listener
        )

    async def run(self) -> None:
        """Stay connected to the others until cancelled."""
        async with asyncio.TaskGroup() as group:
            for peer in self.peers.values():
                group.create_task(peer.run())

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
        return self._handlers[type(message)](stream.member, message, stream.send) is not False

    async def _welcome(self, stream: Stream, hello: Hello) -> None:
        """Answer a hello; nothing else is sent on the connection before."""
        try:
            stored = await self._stored(hello.member, hello.start)
        except StoreError as err:
            log.warning("refused the connection of a worker", extra=fields(worker=hello.member, error=str(err)))
            stream.close()
            return
        stream.member = hello.member
        self._streams[hello.member], self._starts[hello.member] = stream, hello.start
        stream.closed.add_done_callback(lambda _: self._leave(stream))
        stream.send(Welcome(stored))

    def _leave(self, stream: Stream) -> None:
        if self._streams.get(stream.member) is stream:
            del self._streams[stream.member]
            for listener in self._left:
                listener(stream.member)
