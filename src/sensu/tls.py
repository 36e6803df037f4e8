"""TLS contexts with Go's rules of trust on every Python version.

Every certificate of a trusted file is an anchor, an intermediate one too, and authorities without key identifiers are
accepted. (OpenSSL alone wants a self-signed root, and Python 3.13 adds its strict mode.) TLS 1.2 is the oldest version.
The names of a server are its subject alternative names; a common name does not count.
Source: Go, crypto/x509; sensu-go issues 2815 and 2575.
"""

import ssl

from sensu.errors import ConfigurationError

_FILE_PROBLEMS = {
    "NO_CERTIFICATE_OR_CRL_FOUND": "the file holds no certificate in PEM format",
    "NO_START_LINE": "the file is not in PEM format",
    "KEY_VALUES_MISMATCH": "the key does not belong to the certificate",
    "BAD_BASE64_DECODE": "the file is damaged",
    "BAD_END_LINE": "the file is damaged",
}


def client_context(trusted_ca_file: str = "", *, insecure_skip_verify: bool = False) -> ssl.SSLContext:
    """A context for connections to servers: trusts the system's authorities and those of the file.

    Raises OSError (ssl.SSLError included) for a file that cannot be used; `file_problem` says why.
    """
    context = _as_go_trusts(ssl.create_default_context())
    context.hostname_checks_common_name = False
    if trusted_ca_file:
        context.load_verify_locations(trusted_ca_file)
    if insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def server_context(cert_file: str, key_file: str = "") -> ssl.SSLContext:
    """A context for a listener with a certificate; raises OSError as `client_context` does."""
    context = _as_go_trusts(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH))
    context.load_cert_chain(cert_file, key_file or None)
    return context


def accept_client_certificates(context: ssl.SSLContext, trusted_ca_file: str) -> None:
    """Have a listener accept, but not require, client certificates of these authorities; raises OSError."""
    context.load_verify_locations(trusted_ca_file)
    context.verify_mode = ssl.CERT_OPTIONAL


def _as_go_trusts(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def file_problem(error: OSError) -> str:
    """Why a certificate, key or file of authorities cannot be used."""
    reason = getattr(error, "reason", None) or ""
    return _FILE_PROBLEMS.get(reason) or (error.strerror or str(error) or type(error).__name__).lower()


def require_fips() -> None:
    """Return if OpenSSL is in FIPS mode, as the operating system or its configuration sets it.

    Raises ConfigurationError.
    """
    import _hashlib  # noqa: PLC0415 - the module that knows; hashlib does not show it

    if not _hashlib.get_fips_mode():
        raise ConfigurationError("--require-fips: OpenSSL is not in FIPS mode; turn it on in the operating system")
