"""Seals secret values that are stored, such as the passwords that providers search directories with.

The key is derived from the secret of the cluster, so that every backend of it can open them. A sealed value belongs to
a place: it cannot be opened at another one. The same value at the same place is sealed the same way, so that storing a
resource again changes nothing.
"""

import base64
import binascii
import hmac
import logging
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sensu.log import fields
from sensu.resources.kinds import kind_of, name_of, namespace_of
from sensu.rules.kinds.table import RULES
from sensu.rules.redaction import REDACTED

T = TypeVar("T")

log = logging.getLogger("sensu.auth")

PREFIX = "sealed:"
_NONCE_BYTES = 12


class Sealing:
    """Seals and opens values."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(hmac.digest(secret, b"sensu sealed values", "sha256"))
        self._nonces = hmac.digest(secret, b"sensu nonces of sealed values", "sha256")

    def seal(self, value: str, place: str) -> str:
        """The value in a form that shows nothing but its length."""
        data, where = value.encode("utf-8", "surrogatepass"), place.encode("utf-8", "surrogatepass")
        nonce = hmac.digest(self._nonces, b"%d:%b%b" % (len(where), where, data), "sha256")[:_NONCE_BYTES]
        return PREFIX + base64.b64encode(nonce + self._cipher.encrypt(nonce, data, where)).decode("ascii")

    def opened(self, sealed: str, place: str) -> str | None:
        """The value, None if it was not sealed for this place with the secret of this cluster."""
        try:
            data = base64.b64decode(sealed.removeprefix(PREFIX), validate=True)
            where = place.encode("utf-8", "surrogatepass")
            return self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], where).decode(
                "utf-8", "surrogatepass"
            )
        except (binascii.Error, InvalidTag, ValueError):
            return None

    def with_values(self, resource: T) -> T:
        """A stored resource with its secret values opened; `REDACTED` instead of those that cannot be."""
        change = RULES[kind_of(resource)].secrets
        if change is None:
            return resource

        def opened(place: str, value: str) -> str:
            found = self.opened(value, place_of(resource, place))
            if found is None:
                log.error("a sealed value cannot be opened; store it again", extra=fields(place=place))
            return REDACTED if found is None else found

        kept: T = change(resource, opened)
        return kept


def place_of(resource: object, place: str) -> str:
    """The place of a value of a resource among those of all resources."""
    kind = kind_of(resource)
    return f"{kind.stored_as}/{namespace_of(resource)}/{name_of(resource)}/{place}"
