"""A program of ours that speaks the protocol of MySQL servers: greeting, log-in by password, and rows of text.

Source: MySQL's documentation of the client/server protocol, handshake v10, mysql_native_password, COM_QUERY.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from hashlib import sha1
from typing import BinaryIO

from tests.checks.servers import tcp_server

SALT = b"abcdefghijklmnopqrst"
CAPABILITIES = 0x0008 | 0x0200 | 0x2000 | 0x8000 | 0x80000
AUTOCOMMIT = b"\x02\x00"
OK = b"\x00\x00\x00" + AUTOCOMMIT + b"\x00\x00"
END = b"\xfe\x00\x00" + AUTOCOMMIT
QUIT, QUERY = 1, 3


def mysql_server(user: str, password: str, answers: Mapping[str, tuple[str, ...]]) -> AbstractContextManager[int]:
    """The port of a server with a user, and the row for each query; it refuses all others, and SELECT in a session
    that may write.
    """

    def talk(reading: BinaryIO, writing: BinaryIO) -> None:
        _send(writing, 0, _greeting())
        number, reply = _received(reading)
        name, _, rest = reply[32:].partition(b"\x00")
        proof = rest[1 : 1 + rest[0]]
        if name != user.encode() or proof != _proof(password):
            _send(writing, number + 1, _error(1045, "28000", f"Access denied for user '{name.decode()}'@'localhost'"))
            return
        _send(writing, number + 1, OK)
        may_write = True
        while True:
            number, command = _received(reading)
            if not command or command[0] == QUIT:
                return
            text = command[1:].decode()
            if text.startswith("SET "):
                may_write = may_write and text != "SET SESSION TRANSACTION READ ONLY"
                _send(writing, number + 1, OK)
            elif text in answers and not (may_write and text.startswith("SELECT")):
                _rows(writing, number, answers[text])
            else:
                _send(writing, number + 1, _error(1064, "42000", "You have an error in your SQL syntax"))

    return tcp_server(talk)


def _proof(password: str) -> bytes:
    once = sha1(password.encode()).digest()
    mask = sha1(SALT + sha1(once).digest()).digest()
    return bytes(one ^ other for one, other in zip(once, mask, strict=True))


def _greeting() -> bytes:
    low, high = (CAPABILITIES & 0xFFFF).to_bytes(2, "little"), (CAPABILITIES >> 16).to_bytes(2, "little")
    head = b"\x0a8.0.0\x00" + (7).to_bytes(4, "little") + SALT[:8] + b"\x00" + low + b"\x2d" + AUTOCOMMIT + high
    return head + bytes([len(SALT) + 1]) + bytes(10) + SALT[8:] + b"\x00mysql_native_password\x00"


def _error(code: int, state: str, text: str) -> bytes:
    return b"\xff" + code.to_bytes(2, "little") + f"#{state}{text}".encode()


def _rows(writing: BinaryIO, number: int, row: tuple[str, ...]) -> None:
    packets = [bytes([len(row)])]
    for _ in row:
        names = b"".join(_text(part) for part in ("def", "", "", "", "value", "value"))
        packets.append(names + b"\x0c\x2d\x00\xff\x00\x00\x00\xfd\x00\x00\x00\x00\x00")
    packets += [END, b"".join(map(_text, row)), END]
    for place, packet in enumerate(packets, number + 1):
        _send(writing, place, packet)


def _text(text: str) -> bytes:
    return bytes([len(text.encode())]) + text.encode()


def _send(writing: BinaryIO, number: int, body: bytes) -> None:
    writing.write(len(body).to_bytes(3, "little") + bytes([number % 256]) + body)


def _received(reading: BinaryIO) -> tuple[int, bytes]:
    head = reading.read(4)
    if len(head) < 4:
        return 0, b""
    return head[3], reading.read(int.from_bytes(head[:3], "little"))
