"""A certificate authority of a test: issues certificates for hosts and agents, and revokes them."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Pair:
    """A certificate and its key, as files and as objects."""

    cert: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    cert_file: Path
    key_file: Path

    @property
    def der(self) -> bytes:
        return self.cert.public_bytes(serialization.Encoding.DER)


class Authority:
    """Keeps everything in a folder."""

    def __init__(self, folder: Path, title: str = "ca") -> None:
        self._folder, self._title = folder, title
        self.root = self._make(title, None)
        self.file = str(self.root.cert_file)

    def issue(self, common_name: str) -> Pair:
        """A certificate for a host or an agent."""
        return self._make(common_name, self.root)

    def revocation_list(self, *revoked: Pair, age: datetime.timedelta = datetime.timedelta()) -> bytes:
        """The list of revoked certificates in PEM form, good for a day from `age` ago on."""
        made = datetime.datetime.now(datetime.UTC) - age
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.root.cert.subject)
        builder = builder.last_update(made).next_update(made + DAY)
        for pair in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(pair.cert.serial_number).revocation_date(made)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.root.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _make(self, common_name: str, issuer: Pair | None) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(common_name))
            .issuer_name(issuer.cert.subject if issuer else name(common_name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        )
        cert = builder.sign(issuer.key if issuer else key, hashes.SHA256())
        stem = self._folder / f"{self._title}-{common_name}"
        pair = Pair(cert, key, stem.with_suffix(".crt"), stem.with_suffix(".key"))
        pair.cert_file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
        pair.key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return pair
