"""Agents that authenticate with TLS certificates.

Source: docs, "Secure Sensu", agent mTLS authentication; "Backend reference", agent-auth-*.
"""

import ssl

from sensu import tls
from sensu.backend.auth.certificates import common_name
from sensu.errors import ConfigurationError


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


def names_its_agent(certificate: bytes, user: str) -> bool:
    """Whether an agent with the permissions of `user` authenticated with a certificate of its own name.

    Otherwise it has no certificate (empty), or one with the name of a user, which is accepted for any agent.
    """
    return bool(certificate) and common_name(certificate) != user
