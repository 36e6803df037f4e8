"""What pages of the web UI cost the backend: rows and overviews of many events, searches, and browsers that follow."""

import asyncio
import contextlib
import selectors
import socket
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from bench.figures import Figure
from bench.payloads import EventTemplate, agent_name, make_event
from bench.programs import Server, backend, started_again
from bench.wire import Api, connected_agent, opened
from sensu.resources import wire
from sensu.resources.check import CheckHistory
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.store import SQLiteStore
from sensu.store.values import EventKey, EventState, PutEvent

EVENTS, EVENTS_SHORT = 100_000, 20_000
CHECKS = 20
TIMES, TIMES_OVERVIEW = 40, 300
BROWSERS = 200
RESULTS_PER_S, CHANGES_PER_S = 500, 100
AGENTS = 10
FOLLOWED_S, FOLLOWED_SHORT_S = 15.0, 8.0
SETTLE_S = 2.0
BATCHES_PER_S = 10
ROWS = "/api/sensu/v1/namespaces/default/events/rows"
OVERVIEW = "/api/sensu/v1/namespaces/default/overview"
LIVE = "/api/sensu/v1/live?topics=counts:default,events:default"
_MS, _PERCENT = 1000.0, 100.0


def measure(long: bool) -> Iterator[Figure]:
    """All figures, of a backend that has these events from its start."""
    events = EVENTS if long else EVENTS_SHORT
    with tempfile.TemporaryDirectory(prefix="sensu-web-") as folder:
        with backend(Path(folder)):
            pass
        asyncio.run(_fill(Path(folder), events))
        with started_again(Path(folder)) as server:
            api = Api(server.api_url)
            yield from _rows(server, api, events)
            yield from _overview(server, api, events)
            yield from _followed(server, api, FOLLOWED_S if long else FOLLOWED_SHORT_S)


async def _fill(folder: Path, number: int) -> None:
    """Store events as if they had come in: one in a thousand fails, and each has a label."""
    store = SQLiteStore(folder, Durability.NORMAL)
    await store.open()
    for start in range(0, number, 1000):
        await store.commit([_stored(at) for at in range(start, min(start + 1000, number))])
    await store.close()


def _stored(number: int) -> PutEvent:
    key = EventKey("default", agent_name(number // CHECKS), f"check-{number % CHECKS:02}")
    event, status = make_event(key.entity, key.check), 2 if number % 1000 == 0 else 0
    assert event.check is not None
    history = tuple(CheckHistory(0, 1_799_000_000 + at) for at in range(21))
    labels = ObjectMeta(name=key.check, namespace="default", labels={"region": "eu" if number % 50 == 0 else "us"})
    check = msgspec.structs.replace(event.check, status=status, history=history, metadata=labels)
    body = wire.encode(Event(check, event.entity, event.id, event.metadata, timestamp=event.timestamp))
    return PutEvent(key, body, state=EventState(0 if status else 3, 1_700_000_000 + number % 5000))


def _rows(server: Server, api: Api, events: int) -> Iterator[Figure]:
    """Pages of 100 rows by CPU, as the generator shares the machine."""
    places = (("first", 0), ("in the middle", events // 2), ("last", events - 100))
    for order in ("severity", "changed", "name"):
        for word, offset in places:
            cpu_ms = _cpu_ms(server, api, f"{ROWS}?order={order}&offset={offset}&limit=100")
            yield Figure(f"100 rows of {events:,} events by {order}, {word}: CPU", "ms", cpu_ms)
    yield Figure(
        f"100 rows of {events:,} events, failing ones: CPU", "ms", _cpu_ms(server, api, f"{ROWS}?status=critical")
    )
    yield Figure(
        f"a word in the names of {events:,} events: CPU", "ms", _cpu_ms(server, api, f"{ROWS}?word=bench-00001")
    )
    selector = f"{ROWS}?labelSelector=region%3D%3Deu"
    began = time.perf_counter()
    api.get(selector)
    yield Figure(f"a label of {events:,} events: until the first answer", "ms", (time.perf_counter() - began) * _MS)
    before_s, path = server.own_cpu_s(), selector
    while token := msgspec.json.decode(api.get(path))["next"]:
        path = f"{selector}&next={token}"
    yield Figure(
        f"a label of {events:,} events: CPU until all are searched", "ms", (server.own_cpu_s() - before_s) * _MS
    )
    listed = "/api/core/v2/namespaces/default/events?limit=100&fieldSelector=event.check.status+!%3D+'0'"
    yield Figure(
        f"100 failing of {events:,} events as a list, for comparison: CPU", "ms", _cpu_ms(server, api, listed, 5)
    )


def _cpu_ms(server: Server, api: Api, path: str, times: int = TIMES) -> float:
    """CPU milliseconds of the backend for one request, without what it does meanwhile on its own."""
    api.get(path)
    before_s = server.own_cpu_s()
    for _ in range(times):
        api.get(path)
    return (server.own_cpu_s() - before_s) / times * _MS


def _overview(server: Server, api: Api, events: int) -> Iterator[Figure]:
    seconds: list[float] = []
    before_s = server.own_cpu_s()
    for _ in range(TIMES_OVERVIEW):
        began = time.perf_counter()
        api.get(OVERVIEW)
        seconds.append(time.perf_counter() - began)
    cpu_ms = (server.own_cpu_s() - before_s) / TIMES_OVERVIEW * _MS
    yield Figure(f"overview of {events:,} events, 99 % of the answers within", "ms", _p99(seconds) * _MS)
    yield Figure(f"overview of {events:,} events: CPU", "ms", cpu_ms)


def _p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


def _followed(server: Server, api: Api, for_s: float) -> Iterator[Figure]:
    """The same results with and without browsers that follow them."""
    with _results(server):
        time.sleep(SETTLE_S)
        alone = _load_percent(server, for_s)
        with _browsers(api) as received:
            time.sleep(SETTLE_S)
            before = received()
            followed = _load_percent(server, for_s)
            rate_kib = (received() - before) / for_s / 1024
        again = _load_percent(server, for_s)
    base = (alone + again) / 2
    words = f"{RESULTS_PER_S} results/s, {CHANGES_PER_S} of them state changes"
    yield Figure(f"{words}: CPU without browsers", "% of a core", base)
    yield Figure(f"{words}: CPU for {BROWSERS} browsers that follow", "% of a core", followed - base)
    yield Figure(f"{words}: sent to {BROWSERS} browsers", "KiB/s", rate_kib)


def _load_percent(server: Server, for_s: float) -> float:
    before_s, began = server.own_cpu_s(), time.perf_counter()
    time.sleep(for_s)
    return (server.own_cpu_s() - before_s) / (time.perf_counter() - began) * _PERCENT


@contextlib.contextmanager
def _results(server: Server) -> Iterator[None]:
    """Agents that send results at a steady rate; each of a part of their checks fails and recovers in turn."""
    agents = [connected_agent(server.agents_url, "json", f"web-{number}") for number in range(AGENTS)]
    pairs = [(agents[n % AGENTS], EventTemplate("json", f"web-{n % AGENTS}", f"c{n}")) for n in range(RESULTS_PER_S)]
    ending = threading.Event()

    def send() -> None:
        began, number = time.perf_counter(), 0
        while not ending.is_set():
            for _ in range(RESULTS_PER_S // BATCHES_PER_S):
                at = number % RESULTS_PER_S
                agent, template = pairs[at]
                frame = template.frame(int(time.time()), number, str(uuid.uuid4()))
                fails = at < CHANGES_PER_S and number // RESULTS_PER_S % 2
                agent.sendall(frame.replace(b'"status":0', b'"status":2', 1) if fails else frame)
                number += 1
            ending.wait(max(0.0, began + number / RESULTS_PER_S - time.perf_counter()))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        ending.set()
        sender.join()
        for agent in agents:
            agent.close()


class _Received:
    """Counts what many connections receive."""

    def __init__(self, connections: Sequence[socket.socket]) -> None:
        self.size, self.lost = 0, 0
        self._ending = threading.Event()
        self._selector = selectors.DefaultSelector()
        for connection in connections:
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._ending.is_set():
            for key, _ in self._selector.select(0.1):
                data = key.fileobj.recv(1 << 20)  # type: ignore[union-attr]
                self.size += len(data)
                if not data:
                    self.lost += 1
                    self._selector.unregister(key.fileobj)

    def end(self) -> None:
        """Read no more."""
        self._ending.set()
        self._thread.join()


@contextlib.contextmanager
def _browsers(api: Api) -> Iterator[Callable[[], int]]:
    """Connections that follow the namespace; yields how many bytes all of them have received."""
    connections = [opened(api.url) for _ in range(BROWSERS)]
    for connection in connections:
        connection.sendall(f"GET {LIVE} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {api.token}\r\n\r\n".encode())
        if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
            raise RuntimeError("a browser cannot follow")
    received = _Received(connections)
    try:
        yield lambda: received.size
    finally:
        received.end()
        for connection in connections:
            connection.close()
        if received.lost:
            raise RuntimeError(f"{received.lost} of {BROWSERS} browsers were dropped")
