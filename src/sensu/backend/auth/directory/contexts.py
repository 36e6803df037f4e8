"""The TLS contexts of connections to directories, made again when one of their files changes."""

import asyncio
import ssl
from pathlib import Path

from cryptography import x509

from sensu.backend.auth.directory.connection import OutOfReach
from sensu.clock import Clock
from sensu.resources.directory import INSECURE, LDAPServer
from sensu.tls import client_context, file_problem


class Contexts:
    """Makes contexts and keeps the last one of each server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: dict[LDAPServer, tuple[tuple[float, ...], ssl.SSLContext]] = {}

    async def of(self, server: LDAPServer) -> ssl.SSLContext | None:
        """The context for a server, None for one without TLS; raises OutOfReach if its files cannot be used."""
        if server.security == INSECURE:
            return None
        try:
            changed = await asyncio.to_thread(_changed, server)
            known = self._made.get(server)
            if known is None or known[0] != changed:
                known = self._made[server] = (changed, await asyncio.to_thread(_context, server, self._clock.now()))
        except OSError as err:
            name = err.filename or server.trusted_ca_file or server.client_cert_file
            raise OutOfReach(f"{name}: {file_problem(err)}") from err
        return known[1]


def _changed(server: LDAPServer) -> tuple[float, ...]:
    """When the files of a server were changed."""
    files = (server.trusted_ca_file, server.client_cert_file, server.client_key_file)
    return tuple(Path(name).stat().st_mtime for name in files if name)


def _context(server: LDAPServer, now: float) -> ssl.SSLContext:
    context = client_context(server.trusted_ca_file, insecure_skip_verify=server.insecure)
    if server.client_cert_file:
        context.load_cert_chain(server.client_cert_file, server.client_key_file, password=lambda: b"")
        _check_dates(server.client_cert_file, now)
    return context


def _check_dates(name: str, now: float) -> None:
    """Raise OutOfReach for a certificate that is not valid now: servers only close the connection."""
    certificate = x509.load_pem_x509_certificate(Path(name).read_bytes())
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not start.timestamp() <= now <= end.timestamp():
        when = f"from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
        raise OutOfReach(f"the client certificate {name} is not valid now, but {when}")
