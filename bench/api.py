"""Measures the HTTP API: requests per second, lists, and memory afterwards."""

import statistics
import time
from collections.abc import Iterator

from bench.figures import MORE, Figure
from bench.generators import Clients, Target, clients
from bench.programs import Server
from bench.wire import Api

CONNECTIONS, CONNECTIONS_MANY = 16, 64
POOL = 1000
RUN_SHORT_S, RUN_LONG_S = 2.0, 10.0
LISTS = 10
KINDS = ("PUT event", "POST event", "GET event", "PUT check", "GET check")
KINDS_MANY = ("PUT event", "PUT check")


def measure(server: Server, long: bool) -> Iterator[Figure]:
    """All figures about the API."""
    api = Api(server.api_url)
    with clients() as senders:
        seconds = RUN_LONG_S if long else RUN_SHORT_S
        for kind in KINDS:
            yield from _requests(server, senders, api.token, kind, CONNECTIONS, seconds)
        for kind in KINDS_MANY:
            yield from _requests(server, senders, api.token, kind, CONNECTIONS_MANY, seconds)
        for count in (1000, 10_000, 100_000) if long else (1000, 10_000):
            yield from _lists(server, senders, api, count)
    stored = "100,000" if long else "10,000"
    yield Figure(f"memory after {stored} events and lists", "MiB", server.memory_mib())


def _requests(
    server: Server, senders: Clients, token: str, kind: str, connections: int, seconds: float
) -> Iterator[Figure]:
    to = Target(server.api_url, token)
    if kind.startswith("GET"):
        senders.send(to, kind.replace("GET", "PUT"), connections=CONNECTIONS, pool=POOL, requests=POOL)
    cpu_at = server.cpu_s()
    done = senders.send(to, kind, connections=connections, pool=POOL, seconds=seconds)
    cpu_ms = (server.cpu_s() - cpu_at) / done["requests"] * 1e6
    if done["refused"]:
        raise RuntimeError(f"{done['refused']} of {done['requests']} requests were refused: {kind}")
    what = f"{kind}, {connections} connections"
    yield Figure(what, "requests/s", done["requests"] / done["seconds"], MORE)
    yield Figure(f"{what}, p99", "ms", done["p99_ms"])
    yield Figure(f"{what}, CPU for 1,000", "CPU ms", cpu_ms)


def _lists(server: Server, senders: Clients, api: Api, count: int) -> Iterator[Figure]:
    namespace = f"bench-{count}"
    api.put(f"/api/core/v2/namespaces/{namespace}", {"name": namespace})
    to = Target(server.api_url, api.token, namespace)
    for kind, pool in (("PUT event", count), ("PUT check", min(count, POOL))):
        senders.send(to, kind, connections=CONNECTIONS, pool=pool, requests=pool)
    base = f"/api/core/v2/namespaces/{namespace}"
    yield _list(api, f"list {count:,} events", f"{base}/events")
    yield _list(api, f"page of 100 of {count:,} events", f"{base}/events?limit=100")
    if count == POOL:
        yield _list(api, f"list {count:,} checks", f"{base}/checks")


def _list(api: Api, name: str, path: str) -> Figure:
    """The median time until the last byte."""
    times = []
    for _ in range(LISTS):
        started = time.perf_counter()
        api.get(path)
        times.append(time.perf_counter() - started)
    return Figure(name, "ms", statistics.median(times) * 1000)
