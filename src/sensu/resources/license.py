"""The license of Sensu Go's commercial edition.

Source: docs, "License API", "License reference".
"""

from msgspec import field

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always
from sensu.resources.wire_numbers import I64


class LicenseSignature(Wire, frozen=True):
    """How a license is signed; the signature is not verified."""

    algorithm: str = ""
    hash_algorithm: str = field(default="", name="hashAlgorithm")
    salt_length: I64 = field(default=0, name="saltLength")


class License(Wire, frozen=True):
    """What was licensed to whom; `issued` and `valid_until` in RFC 3339."""

    version: I64 = 0
    issuer: str = ""
    account_name: str = field(default="", name="accountName")
    account_id: I64 = field(default=0, name="accountID")
    issued: str = ""
    valid_until: str = field(default="", name="validUntil")
    plan: str = ""
    features: tuple[str, ...] | None = None
    signature: LicenseSignature | None = None


class LicenseFile(Wire, frozen=True):
    """A license. It is stored for clients of Sensu Go, and grants nothing, because nothing needs a license."""

    metadata: ObjectMeta = always(ObjectMeta)
    license: License = always(License)
    signature: str = ""
