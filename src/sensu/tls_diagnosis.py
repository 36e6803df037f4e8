"""Explains failed connections: which side does not use TLS, which certificate is not trusted and why, and the remedy.

Libraries report such failures in OpenSSL's words, or only as a connection that ended. Here the handshake is repeated
with the standard library, without sending anything secret, to learn the reason. It blocks for a few seconds at most.
"""

import contextlib
import socket
import ssl
from typing import TYPE_CHECKING, NamedTuple

from sensu.clock import SystemClock

if TYPE_CHECKING:
    from cryptography import x509

PROBE_S = 3.0
"""The time-out of each step of a probe."""
NAMES_SHOWN_MAX = 10
_REQUEST = b"GET /health HTTP/1.0\r\n\r\n"
ALERT_S = 1.0
"""How long to wait for a refusal after a handshake: only then do servers look at client certificates (TLS 1.3)."""
_NOT_YET_VALID, _EXPIRED, _SELF_SIGNED = 9, 10, 18
_UNKNOWN_AUTHORITY = frozenset({2, 19, 20, 21, 27})
_WRONG_NAME = frozenset({62, 64})
_WRONG_PURPOSE = frozenset({24, 26, 79})
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_TOO_SMALL", "NOT_SSL"})
_VERSIONS = frozenset({"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "UNSUPPORTED_SSL_VERSION"})
_CERTIFICATE_WANTED = frozenset({"TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE"})
_CERTIFICATE_REFUSED = {
    "TLSV1_ALERT_UNKNOWN_CA": "it does not trust the authority that issued it",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it has expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "it is revoked",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "it is not meant for clients",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it is not acceptable",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it is not acceptable",
    "TLSV1_ALERT_ACCESS_DENIED": "access is denied",
    "TLSV1_ALERT_DECRYPT_ERROR": "its signature is wrong",
}
ADD_CA = "add --trusted-ca-file with the certificate of that authority"


class Endpoint(NamedTuple):
    """A server and the schemes of its URLs, for example `wss` and `ws`; `secure` is whether TLS was tried."""

    host: str
    port: int
    secure: bool
    schemes: tuple[str, str] = ("https", "http")

    @property
    def other_url(self) -> str:
        """The URL with the other scheme."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.schemes[1 if self.secure else 0]}://{host}:{self.port}"


def explain(
    error: BaseException,
    at: Endpoint,
    context: ssl.SSLContext | None = None,
    *,
    probes: bool = True,
    shows_certificate: bool | None = None,
) -> str:
    """Why a connection failed, with the remedy; empty if TLS is not the reason.

    `context` is what the connection used; without `probes` (behind a proxy) only the error is read.
    `shows_certificate` is None for a program that cannot send client certificates. Blocks for some seconds at most.
    """
    if isinstance(error, TimeoutError):
        return no_tls_words(at) if probes and at.secure and _answers_plainly(at) else ""
    found = _tls_error(error)
    if found is None and not _may_hide_tls(error):
        return ""
    if not at.secure:
        return speaks_tls_words(at) if probes and _handshake(at, _unverified()) is not None else ""
    if context is not None and probes and not isinstance(found, ssl.SSLCertVerificationError):
        found = _repeated(at, context) or found
    if found is None:
        return ""
    if isinstance(found, ssl.SSLCertVerificationError):
        why = _why_not(found, _certificate(at) if probes else None, at)
        return f"tls: failed to verify certificate: x509: {why}"
    return _handshake_words(found, at, shows_certificate)


def speaks_tls_words(at: Endpoint) -> str:
    """The message about a server that uses TLS although its URL does not."""
    return f"the server speaks TLS: use {at.other_url}"


def no_tls_words(at: Endpoint) -> str:
    """The message about a server that does not use TLS although its URL does."""
    gave = "http: server gave HTTP response to HTTPS client: " if at.schemes[0] == "https" else ""
    return f"{gave}the server does not speak TLS: use {at.other_url}"


def _answers_plainly(at: Endpoint) -> bool:
    """Whether a server that does not answer a TLS handshake answers a request without TLS."""
    with contextlib.suppress(OSError):
        if _handshake(at, _unverified()) is None:
            with socket.create_connection((at.host, at.port), PROBE_S) as opened:
                opened.sendall(_REQUEST)
                return opened.recv(5) == b"HTTP/"
    return False


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    """The error of TLS in an error or among its causes."""
    seen = 0
    at: BaseException | None = error
    while at is not None and seen < 10:
        if isinstance(at, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return None
        if isinstance(at, ssl.SSLError):
            return at
        at, seen = at.__cause__ or at.__context__, seen + 1
    return None


def _may_hide_tls(error: BaseException) -> bool:
    """Whether a server that speaks TLS, or wants a certificate, may end a connection with this error."""
    if isinstance(error, ConnectionRefusedError):
        return False
    return isinstance(error, ConnectionError | ssl.SSLError) or not isinstance(error, OSError)


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _handshake(at: Endpoint, context: ssl.SSLContext) -> bytes | None:
    """The server's certificate in DER form after a handshake that trusts it; None where there was none."""
    with contextlib.suppress(OSError, ValueError):
        with socket.create_connection((at.host, at.port), PROBE_S) as opened:
            with context.wrap_socket(opened, server_hostname=at.host) as secured:
                return secured.getpeercert(binary_form=True) or b""
    return None


def _repeated(at: Endpoint, context: ssl.SSLContext) -> ssl.SSLError | None:
    """The error of TLS in a handshake or right after it, if any."""
    try:
        with socket.create_connection((at.host, at.port), PROBE_S) as opened:
            try:
                secured = context.wrap_socket(opened, server_hostname=at.host)
            except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
                raise _Ended(1, "during the handshake") from error
            with secured:
                secured.settimeout(ALERT_S)
                with contextlib.suppress(ConnectionError):
                    if secured.recv(1):
                        return None
                raise _Ended(1, "after the handshake")
    except (OSError, ValueError) as error:
        return _tls_error(error)


class _Ended(ssl.SSLError):
    """The server ended the connection without a reason, as many do that refuse a client certificate."""


def _handshake_words(error: ssl.SSLError, at: Endpoint, shows_certificate: bool | None) -> str:
    reason = getattr(error, "reason", None) or ""
    wanted = ", which this program cannot send" if shows_certificate is None else ": set --cert-file and --key-file"
    if isinstance(error, _Ended):
        maybe = (
            "refuse the client certificate of --cert-file"
            if shows_certificate
            else f"require a client certificate{wanted}"
        )
        return f"tls: the server ended the connection {error.strerror}: it may {maybe}"
    if reason in _NO_TLS:
        return no_tls_words(at)
    if reason in _VERSIONS:
        return "tls: no common protocol version: TLS 1.2 or newer is needed on both sides"
    if reason in _CERTIFICATE_WANTED and not shows_certificate:
        maybe = "requires" if reason.startswith("TLSV13") else "refused the handshake and may require"
        return f"tls: the server {maybe} a client certificate{wanted}"
    if reason in _CERTIFICATE_REFUSED and shows_certificate:
        return f"tls: the server refused the client certificate of --cert-file: {_CERTIFICATE_REFUSED[reason]}"
    return f"tls: {reason.replace('_', ' ').lower() or error}"


def _certificate(at: Endpoint) -> "x509.Certificate | None":
    from cryptography import x509  # noqa: PLC0415 - only a failure needs it

    data = _handshake(at, _unverified())
    try:
        return x509.load_der_x509_certificate(data) if data else None
    except ValueError:
        return None


def _why_not(error: ssl.SSLCertVerificationError, certificate: "x509.Certificate | None", at: Endpoint) -> str:
    code = error.verify_code
    if code in (_EXPIRED, _NOT_YET_VALID):
        return _dates(code, certificate)
    if code == _SELF_SIGNED:
        return "certificate signed by unknown authority: it is self-signed; add --trusted-ca-file with this certificate"
    if code in _UNKNOWN_AUTHORITY:
        by = f" ({certificate.issuer.rfc4514_string()})" if certificate is not None else ""
        return f"certificate signed by unknown authority{by}: {ADD_CA}"
    if code in _WRONG_NAME:
        return _names(certificate, at)
    if code in _WRONG_PURPOSE:
        return "certificate specifies an incompatible key usage: it is not meant for servers"
    return error.verify_message or str(error)


def _dates(code: int, certificate: "x509.Certificate | None") -> str:
    if certificate is None:
        return "certificate has expired or is not yet valid"
    now = SystemClock().now()
    if code == _NOT_YET_VALID:
        begins = certificate.not_valid_before_utc
        if begins.timestamp() > now:
            return f"certificate is not yet valid: it is valid from {begins:%Y-%m-%d %H:%M} UTC; check the clocks"
        return "certificate of the issuing authority is not yet valid; check the clocks"
    ended = certificate.not_valid_after_utc
    if ended.timestamp() < now:
        return f"certificate has expired: it expired on {ended:%Y-%m-%d %H:%M} UTC; renew it on the server"
    return f"certificate of the issuing authority ({certificate.issuer.rfc4514_string()}) has expired"


def _names(certificate: "x509.Certificate | None", at: Endpoint) -> str:
    if certificate is None:
        return f"certificate is not valid for {at.host}"
    names = _alternative_names(certificate)
    if not names:
        return (
            f"certificate has no subject alternative names, so it is not valid for {at.host}: "
            "issue one with them (a common name does not count)"
        )
    more = f" and {len(names) - NAMES_SHOWN_MAX} more" if len(names) > NAMES_SHOWN_MAX else ""
    return (
        f"certificate is valid for {', '.join(names[:NAMES_SHOWN_MAX])}{more}, not {at.host}: "
        "use one of these names in the URL, or issue a certificate for this one"
    )


def _alternative_names(certificate: "x509.Certificate") -> list[str]:
    from cryptography import x509  # noqa: PLC0415

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    addresses = [str(address) for address in found.get_values_for_type(x509.IPAddress)]
    return [*found.get_values_for_type(x509.DNSName), *addresses]
