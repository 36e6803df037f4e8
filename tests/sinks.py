"""What receives messages in tests: an HTTP server that records requests, and a mail server."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Request:
    """A request that a sink got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = tuple[int, dict[str, Any]]


@dataclass
class HttpSink:
    """An HTTP server on the loopback interface. `answer` gives the status and JSON for a request."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    answer: Callable[[Request], Answer] = lambda request: (200, {})
    released: threading.Event = field(default_factory=threading.Event)
    """Requests whose path contains `/slow` are answered once it is set."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def http_sink(answer: Callable[[Request], Answer] | None = None) -> Iterator[HttpSink]:
    """A server that answers 500 to paths with `/fail`, and otherwise what `answer` says (200)."""
    sink = HttpSink()
    if answer is not None:
        sink.answer = answer

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, self.path, dict(self.headers), body)
            sink.requests.append(request)
            if "/slow" in self.path:
                sink.released.wait(20)
            status, value = (500, {}) if "/fail" in self.path else sink.answer(request)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        do_PUT = do_PATCH = do_GET = do_POST  # noqa: N815 - names of the standard library

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        sink.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield sink
        sink.released.set()
        server.shutdown()
        thread.join()


@dataclass
class MailSink:
    """A mail server on the loopback interface."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        return "250 taken"


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    """A server that takes every mail."""
    sink = MailSink()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        sink.port = probe.getsockname()[1]
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
