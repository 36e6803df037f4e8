"""A request on a connection and its response, which is written with as few system calls as possible."""

from collections.abc import Mapping, Sequence
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

WITHOUT_BODY = (204, 304)
_CONTROLS = bytes(byte for byte in (*range(32), 127) if byte != ord("\t"))
"""The characters that a header must not contain (RFC 9110, 5.5); a line break would begin another one."""


class Cycle(RequestResponseCycle):
    """Writes the head of a response together with the first part of its body."""

    _head = b""
    _has_body = True

    async def send(self, message: Mapping[str, Any]) -> None:
        """Part of ASGI's interface."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            self._begin(message["status"], message["headers"])
        else:
            self._write(message.get("body", b""), more=message.get("more_body", False))

    def _begin(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        if self.response_started:
            raise RuntimeError("a response has begun already")
        lines = [b"%b: %b" % header for header in (*self.default_headers, *headers)]
        length = None
        for name, value in headers:
            if name == b"content-length":
                length = int(value)
            elif name == b"connection" and value == b"close":
                self.keep_alive = False
        if not self.keep_alive and (b"connection", b"close") not in headers:
            lines.append(b"connection: close")
        self._has_body = self.scope["method"] != "HEAD" and status not in WITHOUT_BODY
        self.chunked_encoding = self._has_body and length is None
        self.expected_content_length = length or 0
        if self.chunked_encoding:
            lines.append(b"transfer-encoding: chunked")
        text = b"".join(lines)
        if len(text.translate(None, _CONTROLS)) != len(text):
            raise RuntimeError("a header has a control character")
        self.response_started, self.waiting_for_100_continue = True, False
        self._head = STATUS_LINE[status] + b"\r\n".join(lines) + b"\r\n\r\n"

    def _write(self, body: bytes, *, more: bool) -> None:
        if not self.response_started or self.response_complete:
            raise RuntimeError("a body has no response that it belongs to")
        if not self._has_body:
            body = b""
        elif self.chunked_encoding:
            body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            body += b"" if more else b"0\r\n\r\n"
        else:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0 or (self.expected_content_length and not more):
                raise RuntimeError("the length of a body is not that in its Content-Length header")
        head, self._head = self._head, b""
        self.transport.write(head + body)
        if not more:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()
