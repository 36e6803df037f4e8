"""Measures long lists: the time to the first and the last byte, and memory use while they are read."""

import contextlib
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from bench.figures import Figure
from bench.generators import Target, clients
from bench.payloads import agent_name
from bench.programs import Server
from bench.wire import Api, opened

COUNT, COUNT_LONG, COUNT_SMALL = 10_000, 100_000, 1000
CONNECTIONS = 16
TIMES = 5
READ_BYTES = 256 * 1024


class Refused(Exception):
    """The server refused a list."""


@dataclass(frozen=True)
class Reading:
    """The times of reading a list."""

    first_byte_s: float
    whole_s: float
    size: int


def measure(server: Server, long: bool) -> Iterator[Figure]:
    """Lists of entities and events without selectors, with one that uses an index, and with one that cannot."""
    api = Api(server.api_url)
    for count in (COUNT_SMALL, COUNT_LONG if long else COUNT):
        _fill(server, api, count)
        for words, field in (("entities", "entity"), ("events", "event.entity")):
            base = f"/api/core/v2/namespaces/lists-{count}/{words}"
            indexed = quote(f"{field}.name == '{agent_name(count // 2)}'")
            read = quote(f"{field}.deregister == true")
            yield from _figures(server, api, f"{count:,} {words}", base)
            yield from _figures(server, api, f"one of {count:,} {words}, by name", f"{base}?fieldSelector={indexed}")
            yield from _figures(server, api, f"none of {count:,} {words}, by a field", f"{base}?fieldSelector={read}")
            with contextlib.suppress(Refused):  # not every server counts without listing
                head_ms = _median(_read(api, "HEAD", base).whole_s for _ in range(TIMES))
                yield Figure(f"HEAD of {count:,} {words}", "ms", head_ms)


def _fill(server: Server, api: Api, count: int) -> None:
    namespace = f"lists-{count}"
    api.put(f"/api/core/v2/namespaces/{namespace}", {"name": namespace})
    to = Target(server.api_url, api.token, namespace)
    with clients() as senders:
        for kind in ("PUT entity", "PUT event"):
            done = senders.send(to, kind, connections=CONNECTIONS, pool=count, requests=count)
            if done["refused"]:
                raise RuntimeError(f"{done['refused']} of {count} requests were refused: {kind}")


def _figures(server: Server, api: Api, name: str, path: str) -> Iterator[Figure]:
    _read(api, "GET", path)
    before_mib = server.memory_mib()
    server.forget_peak()
    readings = [_read(api, "GET", path) for _ in range(TIMES)]
    yield Figure(f"{name}, first byte", "ms", _median(reading.first_byte_s for reading in readings))
    yield Figure(f"{name}, last byte", "ms", _median(reading.whole_s for reading in readings))
    yield Figure(f"{name}, memory meanwhile", "MiB", max(server.peak_mib() - before_mib, 0.0))


def _median(seconds: Iterator[float]) -> float:
    return statistics.median(seconds) * 1000


def _read(api: Api, method: str, path: str) -> Reading:
    """Send a request on a new connection, and read the response as fast as it arrives."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {urlsplit(api.url).netloc}\r\nAuthorization: Bearer {api.token}\r\n"
    size = 0
    first_byte_s = 0.0
    with opened(api.url) as connection:
        started = time.perf_counter()
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        while received := connection.recv(READ_BYTES):
            first_byte_s = first_byte_s or time.perf_counter() - started
            if not size and not received.startswith(b"HTTP/1.1 200"):
                raise Refused(f"{method} {path} was refused: {received[:200]!r}")
            size += len(received)
        return Reading(first_byte_s, time.perf_counter() - started, size)
