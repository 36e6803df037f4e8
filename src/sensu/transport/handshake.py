"""The handshake of the agent protocol: its headers, the answer, and the codec that both sides agree on. Pure.

Source: recorded scenarios handshake, agent-first-frames, agent-close-1000 (Content-Type on reconnects).
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from sensu.transport.http1 import Headers, HTTPAnswer, HTTPRequest, error, head_bytes

JSON_TYPE = "application/json"
PROTOBUF_TYPE = "application/octet-stream"

USER_AGENT = "Go-http-client/1.1"
"""The User-Agent of agents. Source: recorded scenario agent-first-frames."""


def render_upgrade(key: str, headers: Headers) -> bytes:
    """The bytes of the 101 answer to a request with the given Sec-WebSocket-Key."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines.append(f"Sec-WebSocket-Accept: {accept_value(key)}")
    lines += [f"{name}: {value}" for name, value in headers]
    return head_bytes(lines)


def accept_value(key: str) -> str:
    """The Sec-WebSocket-Accept for a key (RFC 6455, 4.2.2)."""
    text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return base64.b64encode(hashlib.sha1(text.encode("latin-1", "replace"), usedforsecurity=False).digest()).decode()


def upgrade_problem(request: HTTPRequest) -> HTTPAnswer | None:
    """The answer to a request that is not a valid WebSocket upgrade, or None if it is one.

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


def _bad_upgrade(status: int, why: str) -> HTTPAnswer:
    return error(status, f"{HTTPStatus(status).phrase}\nwebsocket: {why}", (("Sec-WebSocket-Version", "13"),))


def _is_foreign_origin(request: HTTPRequest) -> bool:
    """Whether the request comes from a web page of another origin."""
    origin = request.header("origin")
    return bool(origin) and origin.partition("://")[2].lower() != request.header("host").lower()


def basic_credentials(request: HTTPRequest) -> tuple[str, str] | None:
    """The user name and password of the Authorization header, or None."""
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
    """The agreement for one direction of a connection: the media type, and whether events are acknowledged.

    The handshake sets the media type for both directions; `sensu.transport.acknowledgement` can change it later.
    """

    content_type: str = JSON_TYPE
    acknowledged: bool = False


def backend_agreement(request: HTTPRequest) -> Agreement:
    """The backend's choice: protobuf if the Accept header is exactly its media type, else JSON.

    Source: recorded scenario handshake (protobuf, json, accept-both, accept-any).
    """
    wants_protobuf = request.header("accept") == PROTOBUF_TYPE
    return Agreement(PROTOBUF_TYPE if wants_protobuf else JSON_TYPE)


def backend_headers(agreement: Agreement, backend_id: str) -> Headers:
    """The headers of the 101 answer, without those of the WebSocket protocol."""
    chosen = [("Backend-Id", backend_id), ("Content-Type", agreement.content_type)]
    return [*chosen, ("Accept", PROTOBUF_TYPE), ("Accept", JSON_TYPE)]


def agent_agreement(asked: Headers, answered: Headers) -> Agreement:
    """The agent's choice, given the headers that it sent (`asked`) and those of the 101 answer (`answered`, any case).

    Protobuf if both sides accept it, else JSON, which every backend accepts.
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
    """The headers of an agent's handshake, without those of the WebSocket protocol.

    `subscriptions` are the configured ones, without `entity:<name>`. `credentials` are None if the agent authenticates
    with a client certificate. `content_type` is the result of the previous handshake of this process. Agents of the
    reference send exactly these headers.
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
