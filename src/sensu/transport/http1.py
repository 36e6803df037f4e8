"""The server side of HTTP/1.1 for small servers: bounded parsing of requests, and rendering of answers.

The local API of the agent and the agents' port of the backend use it. uvicorn serves the API of the backend, with the
same parser library.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from enum import Enum
from http import HTTPStatus

import httptools
import msgspec

HEAD_BYTES_MAX = 16 * 1024
HEADERS_MAX = 100
BODY_PIECE_BYTES = 4096
"""How much is parsed at once while a body arrives: what follows the body may hold many requests."""

PLAIN = "text/plain; charset=utf-8"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_END_OF_HEAD = b"\r\n\r\n"

Headers = Sequence[tuple[str, str]]


class HTTPRequest(msgspec.Struct, frozen=True):
    """An HTTP request; header names in lower case.

    `certificate` is the client certificate in DER form, empty without one; `address` is the address of the client.
    """

    method: str
    target: str
    headers: Headers
    body: bytes = b""
    keep_alive: bool = True
    certificate: bytes = b""
    address: str = ""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def header(self, name: str) -> str:
        """The first value of a header, empty if the request does not have it; `name` in lower case."""
        return next((value for key, value in self.headers if key == name), "")

    def tokens(self, name: str) -> set[str]:
        """The comma-separated words of all values of a header, in lower case."""
        values = (value for key, value in self.headers if key == name)
        return {word.strip().lower() for value in values for word in value.split(",")}

    @property
    def has_body(self) -> bool:
        """Whether bytes after the head belong to the request."""
        return bool(self.header("transfer-encoding")) or self.header("content-length") not in ("", "0")


class ParseProblem(Enum):
    """Why a request is not parsed any further; the connection can only be closed."""

    MALFORMED = "malformed"
    HEAD_TOO_LARGE = "head too large"
    BODY_TOO_LARGE = "body too large"


class ParserStopped(Exception):
    """Raised by a callback to stop the parser."""


class RequestParser:
    """Parses the requests of one connection, one at a time: `add` what arrives, then take requests with `next`.

    No more is parsed than the next request needs, so the owner decides how far it reads ahead: `unparsed_bytes` counts
    what has been added and not parsed. With `body_bytes_max` None, requests are complete with their head, and one that
    has a body is the last.
    """

    def __init__(
        self,
        *,
        head_bytes_max: int = HEAD_BYTES_MAX,
        body_bytes_max: int | None = None,
        on_continue: Callable[[], None] = lambda: None,
    ) -> None:
        """The bound on heads also applies to trailers. `on_continue` is called if the client waits to send a body."""
        self._head_bytes_max, self._body_bytes_max, self._on_continue = head_bytes_max, body_bytes_max, on_continue
        self._parser = httptools.HttpRequestParser(self)
        self._data, self._at = b"", 0
        self._found: deque[HTTPRequest | ParseProblem] = deque()
        self._problem: ParseProblem | None = None
        self._is_over = False
        self._head_bytes = 0
        self._in_head = self._in_body = False
        self._parsed_last = b""
        self._url, self._headers, self._body = b"", list[tuple[str, str]](), bytearray()

    @property
    def unparsed_bytes(self) -> int:
        """How many bytes have been added but not parsed."""
        return len(self._data) - self._at

    def add(self, data: bytes) -> None:
        """Append bytes that have arrived."""
        self._data, self._at = self._data[self._at :] + data, 0

    def next(self) -> HTTPRequest | ParseProblem | None:
        """The next request, None if more bytes are needed, or why there can be no more requests."""
        while not self._found and not self._is_over and self._at < len(self._data):
            end = self._end_of_piece()
            if end == self._at:
                break
            self._parse(self._data[self._at : end])
        return self._found.popleft() if self._found else None

    def rest(self) -> bytes:
        """The bytes after the last request, for a connection that no longer uses HTTP."""
        return self._data[self._at :]

    def _end_of_piece(self) -> int:
        """How far to parse now: to the end of a head, so that bytes after a request without body stay unparsed.

        The line breaks at the end of an incomplete head wait, because the end of the head may be split there. Those
        of a head that was parsed together with the body before it have not waited.
        """
        if self._in_body:
            return min(self._at + BODY_PIECE_BYTES, len(self._data))
        split = (self._parsed_last + self._data[self._at : self._at + len(_END_OF_HEAD) - 1]).find(_END_OF_HEAD)
        if split >= 0:
            return self._at + split + len(_END_OF_HEAD) - len(self._parsed_last)
        end = self._data.find(_END_OF_HEAD, self._at)
        if end >= 0:
            return end + len(_END_OF_HEAD)
        last = self._data[max(self._at, len(self._data) + 1 - len(_END_OF_HEAD)) :]
        return len(self._data) - len(last) + len(last.rstrip(b"\r\n"))

    def _parse(self, piece: bytes) -> None:
        self._head_bytes += len(piece)
        if self._head_bytes > self._head_bytes_max and not self._in_body:
            self._end(ParseProblem.HEAD_TOO_LARGE)
            return
        try:
            self._parser.feed_data(piece)
            self._at += len(piece)
        except httptools.HttpParserUpgrade as upgrade:
            self._at += upgrade.args[0]
        except httptools.HttpParserError:
            self._end(self._problem or ParseProblem.MALFORMED)
            return
        self._parsed_last = (self._parsed_last + piece)[1 - len(_END_OF_HEAD) :] if self._in_head else b""
        if self._head_bytes > self._head_bytes_max:  # of trailers, or of a line about a chunk
            self._end(ParseProblem.HEAD_TOO_LARGE)

    def _end(self, problem: ParseProblem) -> None:
        self._found.append(problem)
        self._is_over = True

    def _refuse(self, problem: ParseProblem) -> None:
        self._problem = problem
        raise ParserStopped

    def on_message_begin(self) -> None:
        """Part of httptools' interface."""
        self._in_head = True
        self._url, self._headers, self._body = b"", [], bytearray()

    def on_url(self, url: bytes) -> None:
        """Part of httptools' interface."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Part of httptools' interface; trailers are ignored."""
        if self._in_body:
            return
        if len(self._headers) >= HEADERS_MAX:
            self._refuse(ParseProblem.MALFORMED)
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")))

    def on_headers_complete(self) -> None:
        """Part of httptools' interface."""
        if not self._parser.get_http_version().startswith("1."):
            self._refuse(ParseProblem.MALFORMED)
        self._head_bytes, self._in_head, self._in_body = 0, False, True
        if self._body_bytes_max is None:
            request = self._request()
            self._found.append(request)
            self._is_over = request.has_body
        elif any(name == "expect" and value.lower() == "100-continue" for name, value in self._headers):
            self._on_continue()

    def on_chunk_header(self) -> None:
        """Part of httptools' interface."""
        self._head_bytes = 0

    def on_body(self, body: bytes) -> None:
        """Part of httptools' interface."""
        self._head_bytes = 0
        if self._body_bytes_max is None:
            return
        self._body += body
        if len(self._body) > self._body_bytes_max:
            self._refuse(ParseProblem.BODY_TOO_LARGE)

    def on_message_complete(self) -> None:
        """Part of httptools' interface."""
        self._head_bytes, self._in_body = 0, False
        if self._body_bytes_max is not None:
            self._found.append(self._request())

    def _request(self) -> HTTPRequest:
        return HTTPRequest(
            method=self._parser.get_method().decode("latin-1"),
            target=self._url.decode("latin-1"),
            headers=self._headers,
            body=bytes(self._body),
            keep_alive=self._parser.should_keep_alive(),
        )


@dataclass(frozen=True, slots=True)
class HTTPAnswer:
    """An HTTP answer other than an upgrade.

    `nosniff` tells browsers not to guess the type; errors have it. The body of an `until_close` answer has no length
    and ends with the connection.
    """

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: Headers = ()
    nosniff: bool = False
    until_close: bool = False


def error(status: int, text: str, headers: Headers = ()) -> HTTPAnswer:
    """An error in plain text."""
    return HTTPAnswer(status, text.encode() + b"\n", PLAIN, headers, nosniff=True)


def rendered(answer: HTTPAnswer, now: float, *, keep_alive: bool, is_head: bool = False) -> bytes:
    """The bytes of an answer, without its body for a HEAD request; `now` is for its Date header, in Unix seconds."""
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if answer.content_type:
        lines.append(f"Content-Type: {answer.content_type}")
    if answer.nosniff:
        lines.append("X-Content-Type-Options: nosniff")
    lines.append(f"Date: {formatdate(now, usegmt=True)}")
    if not answer.until_close and not (is_head and not answer.body):
        lines.append(f"Content-Length: {len(answer.body)}")
    if not keep_alive and not answer.until_close:
        lines.append("Connection: close")
    return head_bytes(lines) + (b"" if is_head else answer.body)


def head_bytes(lines: Sequence[str]) -> bytes:
    """The bytes of a status line and headers."""
    return "\r\n".join(lines).encode("latin-1", "replace") + _END_OF_HEAD
