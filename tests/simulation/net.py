"""A simulated network between processes: lines that take time, keep the order, and can be cut."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any, NamedTuple

from tests.simulation.loop import PROCESS, SimLoop

TRAVEL_S = 0.0003
"""How long a message takes on average."""
CONNECT_TIMEOUT_S = 5.0
BROKEN_AFTER_S = 20.0
"""A line that was cut for so long is broken; a shorter cut only delays what was sent."""


class SimListener:
    """What a process listens on, in the place of a socket."""

    family = None


class Shown(NamedTuple):
    """The certificate that one side shows; stands for TLS settings too."""

    certificate: bytes

    def getpeercert(self, binary_form: bool = True) -> bytes:
        """Part of the interface of TLS connections."""
        return self.certificate


class _Server:
    """A process that accepts connections."""

    def __init__(self, made: Callable[[], asyncio.Protocol], context: Context, shows: Shown | None) -> None:
        self.made, self.context, self.shows = made, context, shows
        self.open = True

    def close(self) -> None:
        """Accept no more."""
        self.open = False


class SimNet:
    """The network of a `SimLoop`."""

    def __init__(self, loop: SimLoop) -> None:
        self.loop = loop
        self._servers: dict[str, _Server] = {}
        self._transports: dict[str, list[SimTransport]] = {}
        self._cuts: dict[tuple[str, str], int] = {}
        loop.net = self

    def travel_s(self) -> float:
        """How long the next message takes."""
        return TRAVEL_S * (0.2 + self.loop.chance.expovariate(1.0))

    def listen(self, made: Callable[[], asyncio.Protocol], shows: Shown | None) -> _Server:
        """Accept connections to the process that calls."""
        server = self._servers[PROCESS.get()] = _Server(made, copy_context(), shows)
        return server

    async def connect(self, made: Callable[[], asyncio.Protocol], to: str, shows: Shown | None) -> Any:
        """Connect the process that calls to another one; raises OSError."""
        process = PROCESS.get()
        if self.is_cut(process, to) or self.is_cut(to, process):
            await asyncio.sleep(CONNECT_TIMEOUT_S)
            raise OSError("timed out")
        await asyncio.sleep(2 * self.travel_s())
        server = self._servers.get(to)
        if server is None or not server.open or self.loop.is_killed(to):
            raise ConnectionRefusedError(to)
        here = SimTransport(self, process, to, copy_context(), server.shows)
        there = SimTransport(self, to, process, server.context, shows)
        here.other, there.other = there, here
        for each in (here, there):
            self._transports.setdefault(each.process, []).append(each)
        self.loop.call_later(self.travel_s(), there.begin, server.made, context=server.context)
        protocol = made()
        here.protocol = protocol
        protocol.connection_made(here)
        return here, protocol

    def is_cut(self, sender: str, receiver: str) -> bool:
        """Whether nothing reaches a process from another one."""
        return self._cuts.get((_host(sender), _host(receiver)), 0) > 0

    def cut(self, sender: str, receiver: str) -> None:
        """What a host sends does not reach another one any more."""
        key = (sender, receiver)
        self._cuts[key] = self._cuts.get(key, 0) + 1

    def heal(self, sender: str, receiver: str) -> None:
        """It does again; what was sent meanwhile arrives, if the line is not broken."""
        self._cuts[sender, receiver] -= 1
        for transports in list(self._transports.values()):
            for transport in transports:
                transport.deliver_held()

    def kill(self, process: str) -> None:
        """A process is gone: the others notice that their lines to it are broken."""
        for transport in self._transports.pop(process, []):
            transport.other.lose_soon()

    def forget(self, transport: "SimTransport") -> None:
        """A connection is over."""
        transports = self._transports.get(transport.process, [])
        if transport in transports:
            transports.remove(transport)


class SimTransport(asyncio.Transport):
    """One side of a connection."""

    other: "SimTransport"

    def __init__(self, net: SimNet, process: str, to: str, context: Context, sees: Shown | None) -> None:
        super().__init__({"ssl_object": sees})
        self.process, self.to = process, to
        self.protocol: asyncio.Protocol | None = None
        self._net, self._context = net, context
        self._arrives_at = 0.0
        self._held: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._cut_since: float | None = None
        self._unread: deque[bytes] = deque()
        self._paused = self._closing = self._lost = False

    def begin(self, made: Callable[[], asyncio.Protocol]) -> None:
        """In the process that listens: the connection is there."""
        if not self._lost:
            self.protocol = made()
            self.protocol.connection_made(self)
            self._read()

    def write(self, data: Any) -> None:
        """Send."""
        if not self._closing and data:
            self._send(self.other.arrive, bytes(data))

    def _send(self, callback: Callable[..., None], *args: Any) -> None:
        """Call something at the other side, after what was sent before."""
        loop = self._net.loop
        self._arrives_at = max(self._arrives_at + 1e-6, loop.time() + self._net.travel_s())
        loop.call_at(self._arrives_at, self._pass, callback, args, context=loop.process(""))

    def _pass(self, callback: Callable[..., None], args: tuple[Any, ...]) -> None:
        """On the way: go on to the other process, or wait until the line is whole."""
        loop = self._net.loop
        if not self._held and not self._net.is_cut(self.process, self.to):
            loop.call_soon(callback, *args, context=self.other._context)
            return
        self._held.append((callback, args))
        if self._cut_since is None:
            self._cut_since = loop.time()
            loop.call_later(BROKEN_AFTER_S, self._break_if_cut, self._cut_since, context=loop.process(""))

    def deliver_held(self) -> None:
        """The line may be whole again."""
        if not self._net.is_cut(self.process, self.to):
            self._cut_since = None
            while self._held:
                callback, args = self._held.popleft()
                self._net.loop.call_soon(callback, *args, context=self.other._context)

    def _break_if_cut(self, since: float) -> None:
        if self._cut_since == since:
            self.lose_soon()
            self.other.lose_soon()

    def arrive(self, data: bytes) -> None:
        """In this process: data came."""
        if not self._lost:
            self._unread.append(data)
            self._read()

    def _read(self) -> None:
        while self._unread and not self._paused and self.protocol is not None and not self._lost:
            self.protocol.data_received(self._unread.popleft())

    def pause_reading(self) -> None:
        """Let data wait."""
        self._paused = True

    def resume_reading(self) -> None:
        """Take data again."""
        self._paused = False
        self._net.loop.call_soon(self._read)

    def get_write_buffer_size(self) -> int:
        """The system takes everything."""
        return 0

    def is_closing(self) -> bool:
        """Whether nothing more is sent."""
        return self._closing

    def close(self) -> None:
        """End the connection behind what was sent."""
        if not self._closing:
            self._closing = True
            self._send(self.other.lose)
            self._net.loop.call_soon(self.lose, context=self._context)

    def abort(self) -> None:
        """End the connection."""
        self.close()

    def lose_soon(self) -> None:
        """The system tells this process that the connection is broken."""
        self._net.loop.call_later(self._net.travel_s(), self.lose, context=self._context)

    def lose(self) -> None:
        """In this process: the connection is over."""
        if not self._lost:
            self._lost = self._closing = True
            self._net.forget(self)
            if self.protocol is not None:
                self.protocol.connection_lost(None)


def _host(process: str) -> str:
    """The host of a process is named like its member."""
    return process.rpartition(".")[0]
