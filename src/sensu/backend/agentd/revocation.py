"""Checks agents' certificates against what their authorities have revoked: lists, and answers of responders.

A list is used if one of the trusted authorities signed it. While one of the lists could not be fetched or has expired,
no certificate is accepted. Passwords are not affected.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from sensu import tls
from sensu.backend.agentd.ocsp import Responders
from sensu.clock import Clock
from sensu.errors import ConfigurationError
from sensu.log import fields

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger("sensu.agentd")

REFRESH_S = 300.0
FETCH_S = 30.0
LIST_BYTES_MAX = 32 * 1024 * 1024
REDIRECTS_MAX = 5
_PEM = b"-----BEGIN"


@dataclass(frozen=True, slots=True)
class RevocationList:
    """The serial numbers that an authority has revoked, and the end of the list's validity (None: unlimited)."""

    issuer: x509.Name
    serials: frozenset[int]
    valid_until: float | None


def read_authorities(path: str) -> list[x509.Certificate]:
    """The certificates in a PEM file; raises ConfigurationError."""
    try:
        return x509.load_pem_x509_certificates(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--agent-auth-trusted-ca-file {path}: {error}") from error


def read_list(data: bytes, authorities: Sequence[x509.Certificate]) -> RevocationList:
    """Read a list in DER or PEM form; raises ValueError if it is invalid or no trusted authority signed it."""
    found = x509.load_pem_x509_crl(data) if data.lstrip().startswith(_PEM) else x509.load_der_x509_crl(data)
    if not any(_signed(found, one) for one in authorities if one.subject == found.issuer):
        raise ValueError("none of the trusted authorities signed it")
    until = found.next_update_utc
    serials = frozenset(one.serial_number for one in found)
    return RevocationList(found.issuer, serials, until.timestamp() if until is not None else None)


def _signed(found: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    try:
        return found.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, UnsupportedAlgorithm, TypeError):
        return False


class RevocationLists:
    """The lists at some URLs, fetched again every `REFRESH_S`."""

    def __init__(
        self,
        urls: Sequence[str],
        authorities: Sequence[x509.Certificate],
        executor: Executor,
        clock: Clock,
        trusted_ca_file: str = "",
    ) -> None:
        """`executor` parses lists, which may take a while; `trusted_ca_file` is for https URLs.

        Raises ConfigurationError for a file that cannot be used.
        """
        try:
            self._context = tls.client_context(trusted_ca_file) if urls else None
        except OSError as error:
            raise ConfigurationError(f"--trusted-ca-file {trusted_ca_file}: {tls.file_problem(error)}") from error
        self._urls, self._authorities = urls, authorities
        self._executor, self._clock = executor, clock
        self._lists: dict[str, RevocationList] = {}

    def problem(self, certificate: bytes) -> str | None:
        """Why a certificate (DER) is not accepted, or None."""
        if not self._urls:
            return None
        now = self._clock.now()
        for url in self._urls:
            known = self._lists.get(url)
            if known is None or (known.valid_until is not None and known.valid_until < now):
                return "the revocation list of certificates is not available"
        try:
            shown = x509.load_der_x509_certificate(certificate)
        except ValueError:
            return "the certificate cannot be read"
        revoked = any(shown.issuer == one.issuer and shown.serial_number in one.serials for one in self._lists.values())
        return "the certificate is revoked" if revoked else None

    async def refresh(self) -> None:
        """Fetch all lists; a failure is logged, and the previous list stays in use."""
        if self._context is None:
            return
        import aiohttp  # noqa: PLC0415 - only downloads need it

        from sensu.execution.download_failure import failure  # noqa: PLC0415 - only downloads need it

        loop, timeout = asyncio.get_running_loop(), aiohttp.ClientTimeout(total=FETCH_S)
        connector = aiohttp.TCPConnector(ssl=self._context)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=True) as session:
            for url in self._urls:
                try:
                    data = await _fetch(session, url)
                    self._lists[url] = await loop.run_in_executor(self._executor, read_list, data, self._authorities)
                except (aiohttp.ClientConnectionError, TimeoutError, OSError) as error:
                    found = await loop.run_in_executor(self._executor, failure, error, url, self._context)
                    log.error("a revocation list cannot be had", extra=fields(url=url, error=found.why))
                except (aiohttp.ClientError, ValueError) as error:
                    why = str(error) or type(error).__name__
                    log.error("a revocation list cannot be had", extra=fields(url=url, error=why))


class Revocations:
    """What decides whether a certificate is revoked: the lists, and the responders that certificates name."""

    def __init__(self, lists: RevocationLists, responders: Responders, clock: Clock) -> None:
        self._lists, self._responders, self._clock = lists, responders, clock

    async def problem(self, certificate: bytes) -> str | None:
        """Why a certificate (DER) is not accepted, or None."""
        return self._lists.problem(certificate) or await self._responders.problem(certificate)

    async def run(self, checked: Callable[[], Awaitable[None]]) -> None:
        """Keep the lists fresh until cancelled; `checked` is awaited after each time."""
        while True:
            await self._clock.sleep(REFRESH_S)
            await self._lists.refresh()
            await checked()


async def _fetch(session: "aiohttp.ClientSession", url: str) -> bytes:
    async with session.get(url, max_redirects=REDIRECTS_MAX) as answer:
        answer.raise_for_status()
        data = b""
        async for chunk in answer.content.iter_chunked(1 << 20):
            data += chunk
            if len(data) > LIST_BYTES_MAX:
                raise ValueError(f"larger than {LIST_BYTES_MAX} bytes")
    return data
