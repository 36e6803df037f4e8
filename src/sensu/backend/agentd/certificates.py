"""Authenticates agents by their TLS certificates.

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
"""The user whose permissions an agent with a certificate of its own name has."""


def ask_for_certificates(context: ssl.SSLContext, trusted_ca_file: str) -> ssl.SSLContext:
    """Make the context accept client certificates of these authorities; agents without one need a password.

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
    """The common name in a certificate (DER); empty if it has none or several."""
    try:
        found = x509.load_der_x509_certificate(certificate).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return ""
    return str(found[0].value) if len(found) == 1 else ""


def names_its_agent(certificate: bytes, user: str) -> bool:
    """Whether an agent with the permissions of `user` authenticated with a certificate of its own name.

    Otherwise it has no certificate (empty), or one with the name of a user, which is accepted for any agent.
    """
    return bool(certificate) and common_name(certificate) != user


def identity_for_certificate(certificate: bytes, agent: str, user_of: Callable[[str], User | None]) -> Identity | str:
    """The identity for an agent's certificate (DER), or the reason why it is not accepted.

    If the common name is that of a user, the agent has the permissions of this user, under any agent name, as with a
    password. Otherwise it must be the name of the agent, which then has the permissions of the user `agent`.
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
