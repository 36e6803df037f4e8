"""Connections of checks: addresses, TLS, and messages that say what went wrong."""

from __future__ import annotations

import socket
import ssl
from argparse import Namespace
from typing import NamedTuple

from sensu_check import clock
from sensu_check.finding import Failed, Late, Unknown

LINE_MAX = 64 * 1024


class Address(NamedTuple):
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(text: str, port: int | None = None) -> Address:
    """The address that `HOST`, `HOST:PORT` or `[IPv6]:PORT` names.

    Raises Unknown if the port is missing and has no default, or is not a port.
    """
    host, colon, given = text.rpartition(":")
    if text.startswith("[") and text.endswith("]"):
        host, given = text, ""
    elif not colon or (":" in host and not host.startswith("[")):
        host, given = text, ""  # a name, or an IPv6 address without brackets
    host = host.removeprefix("[").removesuffix("]")
    if not host:
        raise Unknown(f'"{text}" has no host: use HOST:PORT')
    if not given and port is None:
        raise Unknown(f'"{text}" has no port: use HOST:PORT')
    if given and not (given.isascii() and given.isdigit() and 0 < int(given) < 65536):
        raise Unknown(f'"{text}" has the port "{given}", which must be a number from 1 to 65535')
    return Address(host, int(given) if given else port or 0)


def family_of(args: Namespace) -> socket.AddressFamily:
    """The address family that `--ip4` or `--ip6` demands."""
    return socket.AF_INET if args.ip4 else socket.AF_INET6 if args.ip6 else socket.AF_UNSPEC


def connect(to: Address, timeout: float, family: socket.AddressFamily = socket.AF_UNSPEC) -> socket.socket:
    """A TCP connection, to the first address of the host that accepts one.

    Raises Failed with the reason.
    """
    problem: Exception | None = None
    ends = clock.monotonic() + timeout
    for found, kind, protocol, _, where in resolved(to, family):
        opened = socket.socket(found, kind, protocol)
        try:
            opened.settimeout(max(0.05, ends - clock.monotonic()))
            opened.connect(where)
        except OSError as err:
            opened.close()
            problem = err
        else:
            return opened
    raise failed(to, problem)


Resolved = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]]


def resolved(to: Address, family: socket.AddressFamily, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[Resolved]:
    """The addresses of a host, in the order in which they should be tried.

    Raises Failed if the name cannot be resolved.
    """
    try:
        return socket.getaddrinfo(to.host, to.port, family, kind)  # type: ignore[return-value]  # no address of bytes
    except (socket.gaierror, UnicodeError) as err:
        wanted = {socket.AF_INET: " to an IPv4 address", socket.AF_INET6: " to an IPv6 address"}.get(family, "")
        raise Failed(f"{to.host} cannot be resolved{wanted}: {reason(err)}") from None


def failed(where: object, err: BaseException | None) -> Failed:
    """The finding about a place that gave this error."""
    text = f"{where}: {reason(err)}"
    return Late(text) if isinstance(err, TimeoutError) else Failed(text)


def reason(err: BaseException | None) -> str:
    """What an error of a connection means, in a few words."""
    match err:
        case None:
            return "the host has no address"
        case ssl.SSLCertVerificationError():
            return f"the certificate is not valid: {err.verify_message.rstrip('.')}"
        case ssl.SSLError():
            return f"TLS failed: {(err.reason or str(err)).lower().replace('_', ' ')}"
        case TimeoutError():
            return "no answer in time"
        case ConnectionRefusedError():
            return "connection refused"
        case ConnectionResetError() | BrokenPipeError():
            return "the other side closed the connection"
        case OSError():
            return (err.strerror or str(err)).lower()
        case _:
            return str(err)


class LineConnection:
    """Reads and writes lines of a connection; each line has at most 64 KiB."""

    def __init__(self, connection: socket.socket, ends: float) -> None:
        self.connection = connection
        self._ends = ends
        self._rest = b""

    def write(self, line: str) -> None:
        """Send a line.

        Raises OSError.
        """
        self.connection.settimeout(self._left())
        self.connection.sendall(line.encode() + b"\r\n")

    def read(self) -> str:
        """The next line, without its end.

        Raises Failed if the connection ends before the line does, or the line is too long, and OSError.
        """
        while b"\n" not in self._rest:
            self.connection.settimeout(self._left())
            more = self.connection.recv(4096)
            if not more:
                raise Failed("the other side closed the connection")
            self._rest += more
            if len(self._rest) > LINE_MAX:
                raise Failed(f"the other side sent a line of more than {LINE_MAX // 1024} KiB")
        line, _, self._rest = self._rest.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Continue with TLS.

        Raises Failed if the other side has sent more than it should in plain text, and OSError.
        """
        if self._rest:
            raise Failed("the other side sent data before the TLS handshake")
        self.connection.settimeout(self._left())
        self.connection = context.wrap_socket(self.connection, server_hostname=host)

    def _left(self) -> float:
        return max(0.05, self._ends - clock.monotonic())


def client_context(verify: bool = True, ca_file: str | None = None) -> ssl.SSLContext:
    """The TLS settings of a client.

    Raises Unknown if the file with authorities cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as err:
        raise Unknown(f"the file {ca_file} (--ca-file) cannot be used: {reason(err)}") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
