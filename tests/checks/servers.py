"""Servers on the loopback interface, each in a thread, for the checks of the network."""

import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

NTP_EPOCH_S = 2_208_988_800

Talk = Callable[[BinaryIO, BinaryIO], None]
"""What a server does with a connection: a file to read from, and one to write to."""


@contextmanager
def tcp_server(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of a server that talks to each connection."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                connection = self.request if tls is None else tls.wrap_socket(self.request, server_side=True)
                with (
                    connection,
                    connection.makefile("rb") as reading,
                    connection.makefile("wb", buffering=0) as writing,
                ):
                    talk(reading, writing)
            except (OSError, ValueError):
                pass  # the check did not want to go on

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        with _serving(server):
            yield server.server_address[1]


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()


def greeting(line: bytes) -> Talk:
    """A server that greets, and waits for the other side to go."""

    def talk(reading: BinaryIO, writing: BinaryIO) -> None:
        writing.write(line)
        reading.read()

    return talk


def answering(answers: dict[bytes, bytes], first: bytes = b"") -> Talk:
    """A server of a line protocol: it greets, and answers each line by its beginning."""

    def talk(reading: BinaryIO, writing: BinaryIO) -> None:
        writing.write(first)
        for line in reading:
            for start, answer in answers.items():
                if line.upper().startswith(start):
                    writing.write(answer)
                    break

    return talk


Pages = dict[str, Callable[[BaseHTTPRequestHandler], tuple[int, dict[str, str], bytes]]]


@contextmanager
def http_server(pages: Pages, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of a web server with pages by path; others are 404."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            missing: Any = lambda _: (404, {}, b"not found")  # noqa: E731 - a page like the others
            status, headers, body = pages.get(self.path.partition("?")[0], missing)(self)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_HEAD = answer  # noqa: N815 - the names that the library calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with server, _serving(server):
        yield f"http{'' if tls is None else 's'}://127.0.0.1:{server.server_address[1]}"


@contextmanager
def udp_server(answer: Callable[[bytes], bytes | None]) -> Iterator[int]:
    """The port of a server that answers datagrams."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, opened = self.request
            reply = answer(data)
            if reply is not None:
                opened.sendto(reply, self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server, _serving(server):
        yield server.server_address[1]


def ntp_answer(ahead_s: float, stratum: int = 2) -> Callable[[bytes], bytes]:
    """The answer of a time server (RFC 5905) whose clock is ahead of this host's."""

    def stamp(at: float) -> bytes:
        seconds = at + NTP_EPOCH_S
        return struct.pack("!II", int(seconds) % 2**32, int((seconds % 1) * 2**32))

    def answer(request: bytes) -> bytes:
        now = stamp(time.time() + ahead_s)
        return struct.pack("!BBbb", 0x24, stratum, 0, -20) + bytes(12) + now + request[40:48] + now + now

    return answer


def dns_answer(records: dict[tuple[str, str], list[str]], authoritative: bool = False) -> Callable[[bytes], bytes]:
    """The answer of a name server that knows these records."""

    def answer(request: bytes) -> bytes:
        question = dns.message.from_wire(request)
        reply = dns.message.make_response(question)
        name, kind = question.question[0].name, question.question[0].rdtype.name
        found = records.get((name.to_text(omit_final_dot=True), kind))
        if found is not None:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *found))
        elif all(known != name.to_text(omit_final_dot=True) for known, _ in records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        if authoritative:
            reply.flags |= dns.flags.AA
        return reply.to_wire()

    return answer


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
