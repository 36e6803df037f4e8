"""Simulates API clients: sequential requests on several connections, for a time or a number of requests.

A request costs this process about 10 µs beside its system calls: requests are prepared before the first one is sent,
and a loop over the sockets that are readable needs no event loop. `generators.players` runs several processes.
"""

import select
import time
from collections.abc import Iterator
from itertools import count, islice
from typing import Any
from urllib.parse import urlsplit

from bench.figures import quantile
from bench.payloads import agent_name, entity_body, event_body
from bench.wire import PATIENCE_S, opened

READ_BYTES = 64 * 1024
TIMEOUTS = range(10, 60)
"""The timeouts that a check is given in turn, of two digits each, because stores skip writes that change nothing."""
_CHECK = b'{"metadata":{"name":"%b","namespace":"%b"},"command":"true","interval":60,%b,"timeout":%%(timeout)d}'
_PUBLISHED = b'"publish":true,"subscriptions":["nobody"]'
"""A check that is due once a minute, for a subscription without agents."""


class _Client:
    """A connection that waits for a response before it sends the next request."""

    def __init__(self, url: str) -> None:
        self.socket = opened(url)
        self.asked_at = 0.0
        self._data = b""

    def ask(self, request: bytes) -> None:
        """Send a request."""
        self.asked_at = time.perf_counter()
        self.socket.sendall(request)

    def status(self) -> bytes:
        """Read; returns the status line once the response is complete. Raises RuntimeError if the connection ended."""
        read = self.socket.recv(READ_BYTES)
        if not read:
            raise RuntimeError("the API closed a connection")
        data = self._data + read
        end = data.find(b"\r\n\r\n")
        if end >= 0:
            head = data[:end].lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            if len(data) >= end + 4 + int(length or b"0"):
                self._data = b""
                return head[:12]
        self._data = data
        return b""


def run_requests(
    url: str,
    token: str,
    kind: str,
    namespace: str,
    connections: int,
    pool: int,
    seconds: float = 0,
    requests: int = 0,
    first: int = 0,
) -> dict[str, Any]:
    """Send requests of a kind for the `pool` resources from number `first` on, for a time or a number of requests.

    Returns the number of responses and of refusals, the time of all, and the time of each in microseconds.
    """
    endless = messages(kind, urlsplit(url).netloc, token, namespace, range(first, first + pool))
    to_send = islice(endless, requests) if requests else endless
    clients = {client.socket.fileno(): client for client in [_Client(url) for _ in range(connections)]}
    poll = select.epoll()
    for number in clients:
        poll.register(number, select.EPOLLIN)
    times, refused, waiting = list[int](), 0, 0
    started = time.perf_counter()
    ends_at = started + seconds if seconds else float("inf")
    for client, message in zip(clients.values(), to_send, strict=False):
        client.ask(message)
        waiting += 1
    while waiting:
        for number, _ in poll.poll(PATIENCE_S) or _too_late():
            client = clients[number]
            status = client.status()
            if not status:
                continue
            now = time.perf_counter()
            times.append(round((now - client.asked_at) * 1e6))
            refused += status[9:10] != b"2"
            message = next(to_send, b"") if now < ends_at else b""
            if message:
                client.ask(message)
            else:
                waiting -= 1
    spent_s = time.perf_counter() - started
    poll.close()
    for client in clients.values():
        client.socket.close()
    return {"requests": len(times), "refused": refused, "seconds": spent_s, "times_us": times}


def _too_late() -> list[tuple[int, int]]:
    raise RuntimeError(f"the API did not answer within {PATIENCE_S:g} s")


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The result of generators that ran at the same time."""
    times_ms = [time_us / 1000 for part in parts for time_us in part["times_us"]]
    return {
        "requests": len(times_ms),
        "refused": sum(part["refused"] for part in parts),
        "seconds": max(part["seconds"] for part in parts),
        "p50_ms": quantile(times_ms, 50),
        "p99_ms": quantile(times_ms, 99),
    }


def messages(kind: str, host: str, token: str, namespace: str, pool: range) -> Iterator[bytes]:
    """An endless series of requests for all resources in turn; bodies differ from those of the turn before."""
    method, _, what = kind.partition(" ")
    words = f"Host: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    templates = []
    for one in pool:
        path, body = _place_and_body(what, one, namespace)
        if method == "GET":
            body = b""
        size = len(body % {b"at": int(time.time()), b"timeout": TIMEOUTS[0]})
        path = "/events" if method == "POST" else path
        head = f"{method} /api/core/v2/namespaces/{namespace}{path} HTTP/1.1\r\n{words}Content-Length: {size}\r\n\r\n"
        templates.append(head.encode() + body)
    for turn in count():
        for template in templates:
            yield template % {b"at": int(time.time()), b"timeout": TIMEOUTS[turn % len(TIMEOUTS)]}


def _place_and_body(what: str, one: int, namespace: str) -> tuple[str, bytes]:
    """The path of a resource in its namespace, and its JSON, whose values that change have names."""
    agent = agent_name(one)
    if what == "event":
        body = event_body(agent, "http").replace(b'"namespace":"default"', f'"namespace":"{namespace}"'.encode())
        return f"/events/{agent}/http", body
    if what == "entity":
        return f"/entities/{agent}", entity_body(agent, namespace)
    published = what == "published check"
    name = f"published-{one:05}" if published else f"check-{one:05}"
    more = _PUBLISHED if published else b'"publish":false'
    return f"/checks/{name}", _CHECK % (name.encode(), namespace.encode(), more)
