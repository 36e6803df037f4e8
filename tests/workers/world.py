"""A backend of several workers as a process, and clients that know which worker answers them."""

import base64
import contextlib
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psutil

from sensu.testing.backend_process import PASSWORD, USER, BackendProcess

WORKERS = 3
PATIENCE_S = 20.0
CONNECTIONS_MAX = 500
NAMESPACE = "/api/core/v2/namespaces/default"


def workers_of(backend: BackendProcess) -> list[psutil.Process]:
    """The processes that serve, by age."""
    return [child for child in psutil.Process(backend.pid).children() if _runs(child)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(condition: Callable[[], Any], what: str, within_s: float = PATIENCE_S) -> Any:
    """What the condition says once it says anything."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise TimeoutError(what)


def worker_at(backend: BackendProcess, local_port: int) -> int:
    """The process that has the connection which comes from a port."""
    for worker in (*workers_of(backend), psutil.Process(backend.pid)):
        for connection in worker.net_connections("tcp"):
            if connection.raddr and connection.raddr.port == local_port:
                return worker.pid
    return 0


class Client:
    """One connection to the API, and the worker at its other end."""

    def __init__(self, backend: BackendProcess) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", backend.api_port, timeout=PATIENCE_S)
        self._connection.connect()
        opened: socket.socket = self._connection.sock
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = opened.getsockname()[1]
        self.worker = until(lambda: worker_at(backend, port), "nobody took the connection")
        self.authorization = ""

    def close(self) -> None:
        self._connection.close()

    def ask(
        self, method: str, path: str, body: Any = None, authorization: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Status and document of an answer."""
        sent = {"Authorization": self.authorization if authorization is None else authorization}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent["Content-Type"] = headers.get("Content_Type", "application/json")
        self._connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        with contextlib.suppress(ValueError):
            return answer.status, json.loads(text)
        return answer.status, text

    def tokens(self, username: str = USER, password: str = PASSWORD) -> dict[str, str]:
        """The tokens of a new session, none where that is refused."""
        basic = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
        status, tokens = self.ask("GET", "/auth", authorization=basic)
        return tokens if status == 200 else {}

    def log_in(self, username: str = USER, password: str = PASSWORD) -> str:
        """The Authorization header of a new session, empty where that is refused."""
        tokens = self.tokens(username, password)
        return f"Bearer {tokens['access_token']}" if tokens else ""

    def put(self, path: str, body: Any) -> None:
        """Store a resource of the namespace default."""
        status, answer = self.ask("PUT", f"{NAMESPACE}/{path}", body)
        assert status == 201, (status, answer)


@contextlib.contextmanager
def clients(backend: BackendProcess, number: int = WORKERS) -> Iterator[Sequence[Client]]:
    """A client of each worker, all logged in with the same session."""
    found: dict[int, Client] = {}
    for _ in range(CONNECTIONS_MAX):
        client = Client(backend)
        if client.worker in found:
            client.close()
        else:
            found[client.worker] = client
        if len(found) == number:
            break
    assert len(found) == number
    ordered = [found[pid] for pid in sorted(found)]
    authorization = ordered[0].log_in()
    for client in ordered:
        client.authorization = authorization
        assert client.ask("GET", "/version")[0] == 200  # the first request of a connection has to come soon
    try:
        yield ordered
    finally:
        for client in ordered:
            client.close()


def event_of(entity: str, check: str, status: int = 0, **more: Any) -> dict[str, Any]:
    """A result as clients post it."""
    metadata = {"name": entity, "namespace": "default"}
    result = {"metadata": {"name": check, "namespace": "default"}, "status": status, "interval": 60, **more}
    return {"entity": {"entity_class": "proxy", "metadata": metadata}, "check": result}
