"""How members reach each other: over Unix sockets of one host, or over TLS between hosts.

For TLS each start of a member makes a key and a certificate, and publishes the certificate in its seat. Members accept
exactly the certificates of living seats, so that a program that can write to the database can take part, and no other.
"""

import asyncio
import datetime
import ipaddress
import secrets
import socket
import ssl
import tempfile
from collections.abc import Callable
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID_FROM, VALID_TO = datetime.datetime(2020, 1, 1), datetime.datetime(2100, 1, 1)
"""A certificate is accepted as long as its seat lives, so that the clocks of hosts do not matter."""
HANDSHAKE_WITHIN_S = 5.0


class Line(Protocol):
    """The way to one other member."""

    async def connect(self, made: Callable[[], asyncio.Protocol]) -> Any:
        """A new connection, as the protocol that `made` returns; raises OSError."""
        ...


class UnixLine:
    """The socket of a worker of the same host."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def connect(self, made: Callable[[], asyncio.Protocol]) -> Any:
        """A new connection; raises OSError."""
        return (await asyncio.get_running_loop().create_unix_connection(made, self._address))[1]


class OwnCertificate:
    """The key and the certificate of this start of a member, and the TLS settings that use them."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"sensu-backend {secrets.token_hex(16)}")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(VALID_FROM)
            .not_valid_after(VALID_TO)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.der = certificate.public_bytes(serialization.Encoding.DER)
        self._pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + certificate.public_bytes(serialization.Encoding.PEM)
        self.server = self._context(ssl.PROTOCOL_TLS_SERVER)

    def client(self, certificate: bytes) -> ssl.SSLContext:
        """The settings for connections to a member with this certificate (in DER)."""
        context = self._context(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=certificate)
        return context

    def accept(self, certificate: bytes) -> None:
        """Accept connections from a member with this certificate (in DER)."""
        self.server.load_verify_locations(cadata=certificate)

    def _context(self, side: int) -> ssl.SSLContext:
        context = ssl.SSLContext(side)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        with tempfile.NamedTemporaryFile() as file:  # which only its owner can read; OpenSSL reads nothing else
            file.write(self._pem)
            file.flush()
            context.load_cert_chain(file.name)
        return context


class TlsLine:
    """The address of a member, and the certificate that it must have."""

    def __init__(self, url: str, certificate: bytes, own: OwnCertificate) -> None:
        self._host, self._port = split_address(url)
        self._context = own.client(certificate)

    async def connect(self, made: Callable[[], asyncio.Protocol]) -> Any:
        """A new connection; raises OSError."""
        loop = asyncio.get_running_loop()
        return (
            await loop.create_connection(
                made, self._host, self._port, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_WITHIN_S
            )
        )[1]


def split_address(address: str) -> tuple[str, int]:
    """The host and the port of `host:port`, where an IPv6 address is in brackets; raises ValueError."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def joined_address(host: str, port: int) -> str:
    """`host:port`, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def own_address(listener: socket.socket, seen_from: str) -> str:
    """The address under which others probably reach a listener: the one it is bound to, or else `seen_from`."""
    host, port = listener.getsockname()[:2]
    unspecified = ipaddress.ip_address(host).is_unspecified
    return joined_address(seen_from if unspecified else host, port)


def peer_certificate(transport: asyncio.BaseTransport) -> bytes | None:
    """The certificate that the other side of a connection has shown, None without TLS."""
    tls = transport.get_extra_info("ssl_object")
    found: bytes | None = None if tls is None else tls.getpeercert(binary_form=True)
    return found
