"""Measures handlers: events per second through a filter and a handler, and the latency."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from bench.agents import PATIENCE_S, PUSHING_AGENTS
from bench.figures import MORE, Figure, quantile
from bench.generators import player
from bench.programs import Server
from bench.wire import Api

EVENTS = {"tcp": (6000, 40_000), "udp": (6000, 40_000), "pipe": (500, 4000)}
RATE_PER_S, RATED_EVENTS = 200, 600
QUIET_S = 5.0
"""A handler that gets nothing for so long gets nothing more."""
COMMITS = 100
BASE = "/api/core/v2/namespaces/default"
FILTER = "event.check.status == 0 && event.entity.entity_class == 'agent'"


class Sink:
    """Counts deliveries to a TCP or UDP port, and records the time at which each TCP delivery ended.

    If it `stands_still`, it accepts no TCP connection until `go_on`, except for one or two that the kernel accepts.
    """

    def __init__(self, kind: str, *, stands_still: bool = False) -> None:
        self.count = 0
        self.bodies: list[tuple[float, bytes]] = []
        self.keeps = False
        self._goes_on = threading.Event()
        family = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
        self._socket = socket.socket(socket.AF_INET, family)
        if kind == "udp":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024 * 1024)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        if kind != "udp":
            self._socket.listen(1)
        if not stands_still:
            self.go_on()
        threading.Thread(target=self._count_datagrams if kind == "udp" else self._accept, daemon=True).start()

    def go_on(self) -> None:
        """Start to accept connections."""
        if self._socket.type == socket.SOCK_STREAM:
            self._socket.listen(1024)
        self._goes_on.set()

    def close(self) -> None:
        """Stop counting."""
        self._socket.close()

    def _count_datagrams(self) -> None:
        with contextlib.suppress(OSError):
            while self._socket.recv(65536):
                self.count += 1

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while self._goes_on.wait():
                connection, _ = self._socket.accept()
                with connection:
                    self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        parts = []
        while data := connection.recv(65536):
            parts.append(data)
        if self.keeps:
            self.bodies.append((time.time(), b"".join(parts)))
        self.count += 1


def measure(server: Server, long: bool) -> Iterator[Figure]:
    """All figures about handlers."""
    api = Api(server.api_url)
    put_filter(api)
    for kind in ("tcp", "udp"):
        sink = Sink(kind)
        name = f"bench-{kind}"
        put_socket_handler(api, name, kind, sink)
        events = EVENTS[kind][long]
        rate, handled = _pushed(server, events, name, sink)
        yield Figure(f"events through a filter to a {kind} handler", "events/s", rate, MORE)
        if kind == "udp":
            yield Figure("datagrams that were lost", "%", 100 * (1 - handled / events))
        else:
            _require_all(name, handled, events)
            yield from _latency(server, sink, name)
            yield from _latency_from_commit(api, sink, name)
        sink.close()
    yield from _pipe(server, api, EVENTS["pipe"][long])


def put_filter(api: Api) -> None:
    """Create the JavaScript filter of all handlers here."""
    metadata = {"name": "bench-filter", "namespace": "default"}
    api.put(f"{BASE}/filters/bench-filter", {"metadata": metadata, "action": "allow", "expressions": [FILTER]})


def put_socket_handler(api: Api, name: str, kind: str, sink: Sink, **more: int) -> None:
    """Create a handler that sends events that pass the filter to a sink."""
    where = {"host": "127.0.0.1", "port": sink.port}
    _put_handler(api, name, {"type": kind, "socket": where, "timeout": 10, **more})


def _put_handler(api: Api, name: str, more: dict[str, Any]) -> None:
    metadata = {"name": name, "namespace": "default"}
    api.put(f"{BASE}/handlers/{name}", {"metadata": metadata, "filters": ["bench-filter"], **more})


def _pipe(server: Server, api: Api, events: int) -> Iterator[Figure]:
    """The handler's command does almost nothing, so that mainly the start of processes is measured."""
    sink = Sink("udp")
    command = f"exec 3<>/dev/udp/127.0.0.1/{sink.port}; echo x >&3"
    _put_handler(api, "bench-pipe", {"type": "pipe", "command": f"exec bash -c '{command}'", "timeout": 10})
    rate, handled = _pushed(server, events, "bench-pipe", sink)
    _require_all("bench-pipe", handled, events)
    yield Figure("events through a filter to a pipe handler", "events/s", rate, MORE)
    sink.close()


def _pushed(server: Server, events: int, handler: str, sink: Sink) -> tuple[float, int]:
    """How many events a second the handler got, and how many in all; the end is when nothing more comes."""
    with player() as agents:
        agents.ask("connect", url=server.agents_url, codec="json", first=0, count=PUSHING_AGENTS, keepalives=False)
        started = last = time.perf_counter()
        agents.begin("push", codec="json", checks=5, events=events, handlers=[handler])
        handled = 0
        while handled < events and time.perf_counter() - last < (QUIET_S if handled else PATIENCE_S):
            if sink.count > handled:
                handled, last = sink.count, time.perf_counter()
            time.sleep(0.005)
        agents.finish()
    if not handled:
        raise RuntimeError(f"{handler} got none of {events} events within {PATIENCE_S:g} s")
    return handled / (last - started), handled


def _require_all(handler: str, handled: int, events: int) -> None:
    """Raise RuntimeError if a handler did not get nearly all events (the pipe handler's are counted by datagrams)."""
    if handled < events * 0.99:
        raise RuntimeError(f"{handler} got {handled} of {events} events")


def _latency(server: Server, sink: Sink, handler: str) -> Iterator[Figure]:
    """The latency from a frame to its handler, including the connection; events contain the time of sending."""
    time.sleep(0.5)
    sink.keeps = True
    before = sink.count
    with player() as agents:
        agents.ask("connect", url=server.agents_url, codec="json", first=0, count=PUSHING_AGENTS, keepalives=False)
        words = {"codec": "json", "checks": 5, "handlers": [handler], "timed": True}
        agents.ask("push", events=RATED_EVENTS, rate_per_s=RATE_PER_S, **words)
        deadline = time.perf_counter() + 10
        while sink.count < before + RATED_EVENTS and time.perf_counter() < deadline:
            time.sleep(0.01)
    times = [(came - _sent_at(body)) * 1000 for came, body in sink.bodies]
    for of_100 in (50, 99):
        yield Figure(f"frame to tcp handler at {RATE_PER_S} events/s, p{of_100}", "ms", quantile(times, of_100))


def _latency_from_commit(api: Api, sink: Sink, handler: str) -> Iterator[Figure]:
    """The latency from the response to a PUT of an event, which follows its commit, to its handler."""
    times = []
    for number in range(COMMITS):
        before = sink.count
        check = {"metadata": {"name": "handled"}, "interval": 60, "status": 0, "handlers": [handler]}
        entity = {"entity_class": "agent", "metadata": {"name": "bench-handled"}}
        api.put(f"{BASE}/events/bench-handled/handled", {"check": {**check, "issued": number}, "entity": entity})
        committed = time.time()
        deadline = time.perf_counter() + PATIENCE_S
        while sink.count == before and time.perf_counter() < deadline:
            time.sleep(0.0002)
        times.append((sink.bodies[-1][0] - committed) * 1000)
    for of_100 in (50, 99):
        yield Figure(f"commit to tcp handler, p{of_100}", "ms", max(0.0, quantile(times, of_100)))


def _sent_at(body: bytes) -> float:
    """The time that the generator wrote into the end of the id: microseconds since 1970, as 13 digits."""
    return int(json.loads(body)["id"].replace("-", "")[-14:], 16) / 1e6
