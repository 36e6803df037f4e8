"""The HTTP side of the agent protocol, pure: requests, answers, and what agent and backend agree on.

Source: recorded scenarios handshake, agent-first-frames, agent-close-1000 (Content-Type on reconnects).
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

JSON_TYPE = "application/json"
PROTOBUF_TYPE = "application/octet-stream"

USER_AGENT = "Go-http-client/1.1"
"""What agents call themselves in a handshake. Source: recorded scenario agent-first-frames."""

HEAD_BYTES_MAX = 16 * 1024
HEADERS_MAX = 100

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request without a body; header names in lower case.

    `certificate` is the client's in DER form, where it showed one and TLS verified it; `address` is where it connects
    from.
    """

    method: str
    target: str
    headers: Headers
    certificate: bytes = b""
    address: str = ""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def header(self, name: str) -> str:
        """The first value of a header, empty where there is none; `name` in lower case."""
        return next((value for key, value in self.headers if key == name), "")

    def tokens(self, name: str) -> set[str]:
        """The comma-separated words of all values of a header, in lower case."""
        values = (value for key, value in self.headers if key == name)
        return {word.strip().lower() for value in values for word in value.split(",")}

    @property
    def has_body(self) -> bool:
        """Whether bytes after the head belong to the request."""
        return bool(self.header("transfer-encoding")) or self.header("content-length") not in ("", "0")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer other than an upgrade.

    `plain` answers carry `X-Content-Type-Options: nosniff`. The body of `until_close` answers has no length and ends
    with the connection.
    """

    status: int
    body: bytes
    headers: Headers = ()
    until_close: bool = False
    plain: bool = True


def parse_request(head: bytes) -> Request | None:
    """The request in everything before the empty line, or None where it is none of HTTP/1.1."""
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or len(lines) > HEADERS_MAX + 1:
        return None
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            return None
        headers.append((name.lower(), value.strip(" \t")))
    return Request(words[0], words[1], headers)


def render_answer(answer: Answer, now: float) -> bytes:
    """The bytes of an answer; `now` in Unix seconds for its Date."""
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    lines.append("Content-Type: text/plain; charset=utf-8")
    if answer.plain:
        lines.append("X-Content-Type-Options: nosniff")
    lines.append(f"Date: {formatdate(now, usegmt=True)}")
    if not answer.until_close:
        lines.append(f"Content-Length: {len(answer.body)}")
    return _render(lines, answer.body)


def render_upgrade(key: str, headers: Headers) -> bytes:
    """The bytes of the 101 answer to a request with that Sec-WebSocket-Key."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines.append(f"Sec-WebSocket-Accept: {accept_value(key)}")
    lines += [f"{name}: {value}" for name, value in headers]
    return _render(lines, b"")


def _render(lines: Iterable[str], body: bytes) -> bytes:
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


def accept_value(key: str) -> str:
    """The Sec-WebSocket-Accept for a key (RFC 6455, 4.2.2)."""
    text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return base64.b64encode(hashlib.sha1(text.encode("latin-1", "replace"), usedforsecurity=False).digest()).decode()


def upgrade_problem(request: Request) -> Answer | None:
    """The answer to a request that asks for no WebSocket, or None where it does.

    Source: recorded scenario handshake (no-upgrade, no-key, post, origin).
    """
    client = "the client is not using the websocket protocol: "
    if "upgrade" not in request.tokens("connection"):
        return _bad_upgrade(400, client + "'upgrade' token not found in 'Connection' header")
    if "websocket" not in request.tokens("upgrade"):
        return _bad_upgrade(400, client + "'websocket' token not found in 'Upgrade' header")
    if request.method != "GET":
        return _bad_upgrade(405, client + "request method is not GET")
    if "13" not in request.tokens("sec-websocket-version"):
        return _bad_upgrade(400, "unsupported version: 13 not found in 'Sec-Websocket-Version' header")
    if _is_foreign_origin(request):
        return _bad_upgrade(403, "request origin not allowed by Upgrader.CheckOrigin")
    if not request.header("sec-websocket-key"):
        return _bad_upgrade(400, "not a websocket handshake: 'Sec-WebSocket-Key' header is missing or blank")
    return None


def _bad_upgrade(status: int, why: str) -> Answer:
    body = f"{HTTPStatus(status).phrase}\nwebsocket: {why}\n".encode()
    return Answer(status, body, (("Sec-WebSocket-Version", "13"),))


def _is_foreign_origin(request: Request) -> bool:
    """Whether a browser's page from elsewhere asks."""
    origin = request.header("origin")
    return bool(origin) and origin.partition("://")[2].lower() != request.header("host").lower()


def basic_credentials(request: Request) -> tuple[str, str] | None:
    """User name and password of the Authorization header, or None where it holds none."""
    scheme, _, encoded = request.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (user, password) if colon else None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What holds in one direction of a connection: the payloads' media type, and whether events are acknowledged.

    A handshake agrees on the media type, for both directions; see `sensu.transport.acknowledgement` for the rest.
    """

    content_type: str = JSON_TYPE
    acknowledged: bool = False


def backend_agreement(request: Request) -> Agreement:
    """What a backend chooses: protobuf for exactly that Accept, else JSON.

    Source: recorded scenario handshake (protobuf, json, accept-both, accept-any).
    """
    wants_protobuf = request.header("accept") == PROTOBUF_TYPE
    return Agreement(PROTOBUF_TYPE if wants_protobuf else JSON_TYPE)


def backend_headers(agreement: Agreement, backend_id: str) -> Headers:
    """The headers of the 101 answer beside the WebSocket's own."""
    chosen = [("Backend-Id", backend_id), ("Content-Type", agreement.content_type)]
    return [*chosen, ("Accept", PROTOBUF_TYPE), ("Accept", JSON_TYPE)]


def agent_agreement(asked: Headers, answered: Headers) -> Agreement:
    """What an agent keeps to that sent the headers `asked` and got a 101 with the headers `answered` (any case).

    Protobuf where both name it in Accept, else JSON, which every backend reads from an agent that asked for it.
    Source: recorded scenarios agent-first-frames (a backend of JSON alone), handshake (one of both).
    """
    answer = [(name.lower(), value) for name, value in answered]
    wanted = any(name.lower() == "accept" and value == PROTOBUF_TYPE for name, value in asked)
    protobuf = wanted and ("accept", PROTOBUF_TYPE) in answer
    return Agreement(PROTOBUF_TYPE if protobuf else JSON_TYPE)


def agent_headers(
    name: str,
    namespace: str,
    subscriptions: Iterable[str],
    *,
    credentials: tuple[str, str] | None,
    content_type: str = "",
    accept: str = PROTOBUF_TYPE,
) -> list[tuple[str, str]]:
    """The headers of an agent's handshake beside the WebSocket's own.

    `subscriptions` as configured, without `entity:<name>`. `credentials` are None where a client certificate stands for
    the agent. `content_type` is what the last handshake of this process agreed on. These are all that an agent of the
    reference sends, and nothing else may be among them.
    Source: recorded scenarios agent-first-frames, agent-first-frames-flags, agent-close-1000 (Content-Type).
    """
    headers = [("User-Agent", USER_AGENT), ("Accept", accept)]
    if credentials is not None:
        encoded = base64.b64encode(":".join(credentials).encode()).decode()
        headers += [("Authorization", f"Basic {encoded}"), ("Sensu-User", credentials[0])]
    if content_type:
        headers.append(("Content-Type", content_type))
    headers += [("Sensu-Agentname", name), ("Sensu-Namespace", namespace)]
    headers.append(("Sensu-Subscriptions", ",".join(subscriptions)))
    return headers
