"""Asks the authorities of agents' certificates, by OCSP, whether the certificates are revoked.

The responder is the one that the certificate names. An answer counts if the authority signed it, or a responder that
the authority has certified for that. A certificate is refused if its authority says that it is revoked. While no answer
can be had, only the revocation lists decide, and a warning is logged.
Source: RFC 6960; docs, "Backend reference" (`enable-cert-revocation-check`).
"""

import asyncio
import datetime
import logging
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID

from sensu.clock import Clock
from sensu.log import fields

log = logging.getLogger("sensu.agentd")

REVOKED = "the certificate is revoked"
REQUEST_S = 5.0
ANSWER_BYTES_MAX = 64 * 1024
AT_ONCE = 16
"""The maximum number of requests at a time; further ones wait."""
KNOWN_MAX = 20_000
"""The number of certificates whose status is remembered; those that were asked for longest ago are forgotten first."""
LASTS_S_MAX = 86_400.0
LASTS_S_WITHOUT_END = 300.0
"""How long an answer counts that does not say when the next one comes."""
AWAY_S = 30.0
"""How long a responder that cannot be reached, or a certificate without an answer that counts, is not asked for."""
CLOCKS_DIFFER_S = 300.0


class NoAnswer(Exception):
    """A responder gave no answer that counts; the message says why."""


class ResponderAway(NoAnswer):
    """A responder gave no answer at all."""


@dataclass(frozen=True, slots=True)
class _Status:
    revoked: bool
    until: float


class Responders:
    """The status of certificates, from the responders that they name; answers are remembered as long as they count."""

    def __init__(self, authorities: Sequence[x509.Certificate], clock: Clock) -> None:
        """`authorities` are trusted; without any, nobody is asked."""
        self._authorities = authorities
        self._clock = clock
        self._known: OrderedDict[tuple[bytes, int], _Status] = OrderedDict()
        self._away_until: dict[str, float] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def problem(self, certificate: bytes) -> str | None:
        """Why a certificate (DER) is not accepted, None if its authority does not say that it is revoked."""
        if not self._authorities or not certificate:
            return None
        try:
            shown = x509.load_der_x509_certificate(certificate)
            url = _responder_of(shown)
        except ValueError:
            return "the certificate cannot be read"
        issuer = next((one for one in self._authorities if _issued(one, shown)), None)
        if not url or issuer is None:
            return None
        key = (issuer.fingerprint(hashes.SHA256()), shown.serial_number)
        known = self._known.get(key)
        if known is None or known.until <= self._clock.now():
            known = await self._asked(url, shown, issuer)
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)
        return REVOKED if known.revoked else None

    async def _asked(self, url: str, certificate: x509.Certificate, issuer: x509.Certificate) -> _Status:
        """The status that a responder knows; if it gives no answer, which is logged, the certificate counts."""
        async with self._turns:
            now = self._clock.now()
            if now < self._away_until.get(url, 0.0):
                return _Status(revoked=False, until=self._away_until[url])
            request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA256()).build()
            try:
                answer = await _fetched(url, request.public_bytes(serialization.Encoding.DER))
                status = read_answer(answer, certificate, issuer, self._clock.now())
            except NoAnswer as err:
                log.warning("the status of a certificate cannot be had", extra=fields(url=url, error=str(err)))
                if isinstance(err, ResponderAway):
                    self._away_until = {url: now + AWAY_S, **_after(self._away_until, now)}
                return _Status(revoked=False, until=now + AWAY_S)
            return _Status(*status)


def _after(times: Mapping[str, float], now: float) -> dict[str, float]:
    return {url: until for url, until in times.items() if until > now}


def read_answer(data: bytes, certificate: x509.Certificate, issuer: x509.Certificate, now: float) -> tuple[bool, float]:
    """Whether an answer says that a certificate is revoked, and until when it counts; raises NoAnswer."""
    try:
        answer = ocsp.load_der_ocsp_response(data)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise NoAnswer(f"the responder refused to answer: {answer.response_status.name.lower().replace('_', ' ')}")
        expected = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, answer.hash_algorithm).build()
        named = (answer.serial_number, answer.issuer_key_hash, answer.issuer_name_hash)
        if named != (expected.serial_number, expected.issuer_key_hash, expected.issuer_name_hash):
            raise NoAnswer("the answer is about another certificate")
        _check_signature(answer, issuer, now)
        begins, ends = answer.this_update_utc.timestamp(), answer.next_update_utc
        status = answer.certificate_status
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:
        raise NoAnswer(f"the answer cannot be read: {err}") from err
    last = LASTS_S_WITHOUT_END + now if ends is None else ends.timestamp()
    if begins > now + CLOCKS_DIFFER_S or last < now - CLOCKS_DIFFER_S:
        raise NoAnswer("the answer is too old, or from the future: compare the clocks")
    if status is ocsp.OCSPCertStatus.UNKNOWN:
        raise NoAnswer("the responder does not know the certificate")
    return status is ocsp.OCSPCertStatus.REVOKED, min(max(last, now + 1), now + LASTS_S_MAX)


def _check_signature(answer: ocsp.OCSPResponse, issuer: x509.Certificate, now: float) -> None:
    """Raise NoAnswer unless the authority, or a responder that it has certified, signed an answer."""
    signers = [issuer, *(one for one in answer.certificates if _may_answer(one, issuer, now))]
    if not any(_signed(answer, signer) for signer in signers):
        raise NoAnswer("neither the authority nor a responder of it signed the answer")


def _may_answer(delegate: x509.Certificate, issuer: x509.Certificate, now: float) -> bool:
    """Whether an authority has certified a responder (RFC 6960, 4.2.2.2)."""
    try:
        usages = delegate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    at = datetime.datetime.fromtimestamp(now, datetime.UTC)
    valid = delegate.not_valid_before_utc <= at <= delegate.not_valid_after_utc
    return valid and ExtendedKeyUsageOID.OCSP_SIGNING in usages and _issued(issuer, delegate)


def _signed(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, algorithm = signer.public_key(), answer.signature_hash_algorithm
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _issued(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _responder_of(certificate: x509.Certificate) -> str:
    """The URL of the responder that a certificate names, empty if it names none; raises ValueError."""
    try:
        found = certificate.extensions.get_extension_for_oid(ExtensionOID.AUTHORITY_INFORMATION_ACCESS).value
    except x509.ExtensionNotFound:
        return ""
    for access in found if isinstance(found, x509.AuthorityInformationAccess) else ():
        place = access.access_location
        if access.access_method == AuthorityInformationAccessOID.OCSP and isinstance(
            place, x509.UniformResourceIdentifier
        ):
            return place.value if place.value.startswith(("http://", "https://")) else ""
    return ""


async def _fetched(url: str, request: bytes) -> bytes:
    """The answer of a responder; raises NoAnswer."""
    import aiohttp  # noqa: PLC0415 - only certificates with a responder need it

    headers = {"Content-Type": "application/ocsp-request"}
    try:
        async with (
            asyncio.timeout(REQUEST_S),
            aiohttp.ClientSession(trust_env=True) as session,
            session.post(url, data=request, headers=headers, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise ResponderAway(f"status {answer.status}")
            data = bytearray()
            async for part in answer.content.iter_any():
                data += part
                if len(data) > ANSWER_BYTES_MAX:
                    raise NoAnswer(f"larger than {ANSWER_BYTES_MAX} bytes")
            return bytes(data)
    except TimeoutError as err:
        raise ResponderAway(f"no answer within {math.ceil(REQUEST_S)} s") from err
    except (aiohttp.ClientError, OSError, ValueError) as err:
        raise ResponderAway(str(err) or type(err).__name__) from err
