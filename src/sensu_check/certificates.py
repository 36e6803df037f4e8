"""What a server's certificate says about how long it is valid."""

from __future__ import annotations

import ssl
import time
from typing import NamedTuple, cast

from sensu_check.finding import Measure, Unknown
from sensu_check.ranges import Range

DAY_S = 86_400


class Validity(NamedTuple):
    """Until when a certificate is valid, and for whom."""

    ends: float
    subject: str

    def days(self, now: float) -> float:
        """The days that are left; negative if the certificate has expired."""
        return (self.ends - now) / DAY_S

    def measure(self, now: float, warning: Range | None, critical: Range | None) -> Measure:
        """The whole days that are left."""
        return Measure("days", int(self.days(now) // 1), "", warning, critical)

    def words(self, now: float) -> str:
        """Such as `expires in 9 days (2026-12-06)`."""
        date = time.strftime("%Y-%m-%d", time.gmtime(self.ends))
        days = int(self.days(now) // 1)
        if self.ends <= now:
            return f"expired on {date}"
        return f"expires in {days} day{'' if days == 1 else 's'} ({date})"


def validity(connection: ssl.SSLSocket) -> Validity:
    """The validity of the certificate of the other side.

    Raises Unknown if that side showed none.
    """
    verified = connection.getpeercert()
    if verified:
        subject = cast(tuple[tuple[tuple[str, str], ...], ...], verified.get("subject", ()))
        names = [value for part in subject for key, value in part if key == "commonName"]
        return Validity(ssl.cert_time_to_seconds(str(verified["notAfter"])), names[0] if names else "")
    der = connection.getpeercert(binary_form=True)
    if der is None:
        raise Unknown("the server showed no certificate")
    return parsed(der)


def parsed(der: bytes) -> Validity:
    """The validity of a certificate that was not verified."""
    from cryptography import x509  # noqa: PLC0415 - costs 60 ms, and is needed only for certificates that are not valid

    certificate = x509.load_der_x509_certificate(der)
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return Validity(certificate.not_valid_after_utc.timestamp(), str(names[0].value) if names else "")
