"""Agents that log in with a certificate: what TLS asks of them, and whom a certificate stands for.

Source: docs, "Secure Sensu", agent mTLS authentication; "Backend reference", agent-auth-*.
"""

import ssl
from collections.abc import Callable

from cryptography import x509
from cryptography.x509.oid import NameOID

from sensu import tls
from sensu.backend.auth.identity import Identity, Via, identity_of
from sensu.errors import ConfigurationError
from sensu.resources.user import User

AGENT_USER = "agent"
"""Whose rights an agent has that shows a certificate of its own name."""


def ask_for_certificates(context: ssl.SSLContext, trusted_ca_file: str) -> ssl.SSLContext:
    """The context, which now accepts client certificates of these authorities; agents without one need a password.

    Raises ConfigurationError.
    """
    try:
        tls.accept_client_certificates(context, trusted_ca_file)
    except OSError as error:
        raise ConfigurationError(
            f"--agent-auth-trusted-ca-file {trusted_ca_file}: {tls.file_problem(error)}"
        ) from error
    return context


def common_name(certificate: bytes) -> str:
    """The common name in a certificate in DER form, empty where it has none or several."""
    try:
        found = x509.load_der_x509_certificate(certificate).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return ""
    return str(found[0].value) if len(found) == 1 else ""


def names_its_agent(certificate: bytes, user: str) -> bool:
    """Whether an agent that has the rights of `user` is known by a certificate of its own name.

    Otherwise it has no certificate (empty), or one with the name of a user, which is good for any agent.
    """
    return bool(certificate) and common_name(certificate) != user


def certified(certificate: bytes, agent: str, user_of: Callable[[str], User | None]) -> Identity | str:
    """Whose rights an agent has that shows a certificate in DER form, or why none.

    A common name that is a user's makes it that user, under any agent name, as a password would. Another one must be
    the agent's own name, so that no agent can speak for another; it has the rights of the user `agent` then.
    """
    name = common_name(certificate)
    if not name:
        return "the certificate has no common name"
    user = user_of(name)
    if user is None and name != agent:
        return "the certificate is of another agent"
    user = user or user_of(AGENT_USER)
    if user is None or user.disabled:
        return "bad credentials"
    return identity_of(user, Via.CERTIFICATE)
