"""The helper process of the backend that sends messages: several at a time, each in a thread.

Standard input is a socket to the backend, which it reads requests from and writes answers to. The helper ends when the
backend closes it. It has neither the backend's environment nor its files.
"""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import msgspec

from sensu.notify.senders.table import send
from sensu.notify.sending import FRAME_BYTES_MAX, LENGTH_BYTES, NumberedRequest, SendAnswer, framed

THREADS = 8
"""Messages that are sent at the same time; the backend asks for no more."""


def serve() -> None:
    """Answer requests until the backend closes the socket."""
    with socket.socket(fileno=0) as connection:
        answers = _Answers(connection)
        answers.write(SendAnswer(0))
        pool = ThreadPoolExecutor(THREADS)
        decoder = msgspec.msgpack.Decoder(NumberedRequest)
        while (body := _frame(connection)) is not None:
            pool.submit(_answer, decoder.decode(body), answers)
    os._exit(0)  # a thread that hangs must not keep the process


class _Answers:
    """Writes whole answers."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._lock = connection, Lock()

    def write(self, answer: SendAnswer) -> None:
        with self._lock:
            self._connection.sendall(framed(answer))


def _answer(numbered: NumberedRequest, answers: _Answers) -> None:
    answers.write(SendAnswer(numbered.number, send(numbered.request)))


def _frame(connection: socket.socket) -> bytes | None:
    """The next request, None at the end."""
    head = _exactly(connection, LENGTH_BYTES)
    length = int.from_bytes(head or b"", "big")
    return _exactly(connection, length) if head and length <= FRAME_BYTES_MAX else None


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    received = bytearray()
    while len(received) < count:
        part = connection.recv(count - len(received))
        if not part:
            return None
        received += part
    return bytes(received)
