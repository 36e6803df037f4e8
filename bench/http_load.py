"""Simulates API clients: sequential requests on several connections, for a time or a number of requests."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from bench.figures import quantile
from bench.payloads import agent_name, entity_body, event_body
from bench.wire import host_and_port

_CHECK = '{"metadata":{"name":"%s","namespace":"%s"},"command":"true","interval":60,"publish":false,"timeout":%d}'


class _Client(asyncio.Protocol):
    """A connection that sends a request as soon as the previous one is answered."""

    def __init__(self, requests: Iterator[bytes], times: list[float], gone: Callable[[], None]) -> None:
        self._requests, self._times, self._gone = requests, times, gone
        self._transport: asyncio.Transport | None = None
        self._asked_at = 0.0
        self._data = b""
        self.refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._ask()

    def _ask(self) -> None:
        assert self._transport is not None
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        self._asked_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._data = self._data + data if self._data else data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._data[:end].lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or b"0")
        if len(self._data) >= end + 4 + length:
            self._times.append(time.perf_counter() - self._asked_at)
            self.refused += head[9:10] != b"2"
            self._data = b""
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()


async def run_requests(
    url: str, token: str, kind: str, namespace: str, connections: int, pool: int, seconds: float = 0, requests: int = 0
) -> dict[str, Any]:
    """Send requests of a kind for `pool` different resources; returns the number of responses and the time."""
    times: list[float] = []
    left = connections
    done = asyncio.Event()

    def gone() -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    messages = _until(_messages(kind, urlsplit(url).netloc, token, namespace, pool), seconds, requests)
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    clients = [
        (await loop.create_connection(lambda: _Client(messages, times, gone), *host_and_port(url)))[1]
        for _ in range(connections)
    ]
    await done.wait()
    spent_s = time.perf_counter() - started
    return {
        "requests": len(times),
        "refused": sum(client.refused for client in clients),
        "seconds": spent_s,
        "p50_ms": quantile(times, 50) * 1000,
        "p99_ms": quantile(times, 99) * 1000,
    }


def _until(messages: Iterator[bytes], seconds: float, requests: int) -> Iterator[bytes]:
    ends_at = time.perf_counter() + seconds
    for sent, message in enumerate(messages):
        if (requests and sent >= requests) or (seconds and time.perf_counter() >= ends_at):
            return
        yield message


def _messages(kind: str, host: str, token: str, namespace: str, pool: int) -> Iterator[bytes]:
    """An endless series of requests; bodies differ, because stores skip writes that change nothing."""
    makers = {"PUT event": _put_event, "GET event": _get_event, "PUT check": _put_check, "GET check": _get_check}
    makers |= {"POST event": _post_event, "PUT entity": _put_entity, "PUT published check": _put_published_check}
    method, base = kind.partition(" ")[0], f"/api/core/v2/namespaces/{namespace}"
    head = f" HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    number = 0
    while True:
        for one in range(pool):
            path, body = makers[kind](one, namespace, number)
            number += 1
            yield b"%b %b%bContent-Length: %d\r\n\r\n%b" % (
                method.encode(), (base + path).encode(), head.encode(), len(body), body
            )  # fmt: skip


_bodies: dict[tuple[int, str], bytes] = {}


def _event(one: int, namespace: str) -> bytes:
    body = _bodies.get((one, namespace))
    if body is None:
        template = event_body(agent_name(one), "http").replace(
            b'"namespace":"default"', f'"namespace":"{namespace}"'.encode()
        )
        body = _bodies[one, namespace] = template
    return body % {b"at": int(time.time())}


def _put_event(one: int, namespace: str, number: int) -> tuple[str, bytes]:
    return f"/events/{agent_name(one)}/http", _event(one, namespace)


def _put_entity(one: int, namespace: str, number: int) -> tuple[str, bytes]:
    return f"/entities/{agent_name(one)}", entity_body(agent_name(one), namespace)


def _post_event(one: int, namespace: str, number: int) -> tuple[str, bytes]:
    return "/events", _event(one, namespace)


def _get_event(one: int, namespace: str, number: int) -> tuple[str, bytes]:
    return f"/events/{agent_name(one)}/http", b""


def _put_check(one: int, namespace: str, number: int) -> tuple[str, bytes]:
    name = f"check-{one:05}"
    return f"/checks/{name}", (_CHECK % (name, namespace, 1 + number % 50)).encode()


def _put_published_check(one: int, namespace: str, number: int) -> tuple[str, bytes]:
    """A check that is due once a minute, for a subscription without agents."""
    name = f"published-{one:05}"
    body = _CHECK % (name, namespace, 1 + number % 50)
    return f"/checks/{name}", body.replace('"publish":false', '"publish":true,"subscriptions":["nobody"]').encode()


def _get_check(one: int, namespace: str, number: int) -> tuple[str, bytes]:
    return f"/checks/check-{one:05}", b""
