"""WebSocket frames and handshakes on plain streams, for fakes that must also be able to misbehave.

Written apart from the libraries our programs use, so that a fault there cannot hide behind the same fault here.
Source: RFC 6455.
"""

import asyncio
import base64
import contextlib
import hashlib
import os
import struct
from dataclasses import dataclass

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
ACCEPT_SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
FRAME_BYTES_MAX = 64 * 1024 * 1024
HEAD_BYTES_MAX = 64 * 1024
ABNORMAL_CLOSURE = 1006

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Message:
    """A whole message, or a control frame."""

    opcode: int
    data: bytes

    @property
    def close_code(self) -> int | None:
        """The code of a close frame, None where it has none."""
        return struct.unpack(">H", self.data[:2])[0] if len(self.data) >= 2 else None

    @property
    def close_reason(self) -> str:
        """The reason of a close frame."""
        return self.data[2:].decode("utf-8", "replace")


@dataclass(frozen=True)
class Head:
    """The first line and the headers of a request or an answer."""

    first_line: str
    headers: Headers

    def value(self, name: str) -> str | None:
        """The value of a header whatever the case of its name; None where it is missing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Connection:
    """One side of an open WebSocket; `masked` on the client's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, masked: bool) -> None:
        self._reader = reader
        self._writer = writer
        self._masked = masked

    async def send(self, opcode: int, data: bytes) -> None:
        """Sends one unfragmented frame; nothing happens on a connection that is gone."""
        head = bytes([0x80 | opcode])
        flag = 0x80 if self._masked else 0
        if len(data) < 126:
            head += bytes([flag | len(data)])
        elif len(data) < 65536:
            head += bytes([flag | 126]) + struct.pack(">H", len(data))
        else:
            head += bytes([flag | 127]) + struct.pack(">Q", len(data))
        if self._masked:
            key = os.urandom(4)
            head, data = head + key, _mask(data, key)
        with contextlib.suppress(ConnectionError, RuntimeError):
            self._writer.write(head + data)
            await self._writer.drain()

    async def close_frame(self, code: int, reason: str = "") -> None:
        """Sends a close frame."""
        await self.send(CLOSE, struct.pack(">H", code) + reason.encode())

    async def receive(self) -> Message | None:
        """The next message or control frame; None when the connection ended without a close frame."""
        opcode, parts = 0, b""
        try:
            while True:
                final, kind, data = await self._frame()
                if kind >= CLOSE:
                    return Message(kind, data)
                opcode, parts = kind or opcode, parts + data
                if final:
                    return Message(opcode, parts)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            return None

    async def _frame(self) -> tuple[bool, int, bytes]:
        first, second = await self._reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", await self._reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", await self._reader.readexactly(8))
        if size > FRAME_BYTES_MAX:
            raise ValueError("the frame is too large")
        key = await self._reader.readexactly(4) if second & 0x80 else b""
        data = await self._reader.readexactly(size)
        return bool(first & 0x80), first & 0x0F, _mask(data, key) if key else data

    async def cut(self) -> None:
        """Ends the connection without a close frame."""
        self._writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


def _mask(data: bytes, key: bytes) -> bytes:
    size = len(data)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big") if size else b""


def accept_value(key: str) -> str:
    """What a server answers to a Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1((key + ACCEPT_SALT).encode(), usedforsecurity=False).digest()).decode()


def head_bytes(first_line: str, headers: Headers) -> bytes:
    """The head of a request or an answer as it is sent."""
    return "\r\n".join([first_line, *(f"{name}: {value}" for name, value in headers), "", ""]).encode("latin-1")


async def read_head(reader: asyncio.StreamReader) -> Head:
    """The head of what comes next.

    Raises ConnectionError if the connection ends before.
    """
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ConnectionResetError("the connection ended before an answer") from error
    first_line, *lines = text.strip("\r\n").split("\r\n")
    fields = [line.partition(":") for line in lines]
    return Head(first_line, [(name.strip(), value.strip()) for name, _, value in fields])


async def read_body(reader: asyncio.StreamReader, head: Head) -> bytes:
    """The body that belongs to a head: by its length, by chunks, else until the connection ends."""
    length = head.value("content-length")
    if length is not None:
        return await reader.readexactly(int(length))
    if (head.value("transfer-encoding") or "").lower() != "chunked":
        return await reader.read()
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readline()
    return body
