"""Client certificates as proof of who connects.

Source: docs, "Secure Sensu", agent mTLS authentication.
"""

from collections.abc import Callable

from cryptography import x509
from cryptography.x509.oid import NameOID

from sensu.backend.auth.identity import NO_CREDENTIALS, Identity, Rejected, Via, identity_of, principal_of
from sensu.backend.auth.seeds import AGENT_USERNAME
from sensu.resources.user import User


def common_name(certificate: bytes) -> str:
    """The common name in a certificate (DER); empty if it has none or several."""
    try:
        found = x509.load_der_x509_certificate(certificate).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return ""
    return str(found[0].value) if len(found) == 1 else ""


def identity_for_certificate(
    certificate: bytes, agent: str, user_of: Callable[[str], User | None]
) -> Identity | Rejected:
    """The identity for an agent's certificate (DER), or the reason why it is not accepted.

    If the common name is that of a user, the agent has the permissions of this user, under any agent name, as with a
    password. Otherwise it must be the name of the agent, which then has the permissions of the user `agent`.
    """
    name = common_name(certificate)
    if not name:
        return Rejected("the certificate has no common name")
    user = user_of(name)
    if user is None and name != agent:
        return Rejected("the certificate is of another agent")
    user = user or user_of(AGENT_USERNAME)
    return NO_CREDENTIALS if user is None or user.disabled else identity_of(principal_of(user), Via.CERTIFICATE)
