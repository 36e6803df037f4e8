"""A certificate authority of a test: issues certificates for hosts and agents, and revokes them."""

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


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
    """Keeps everything in a folder; its certificates have no key identifiers."""

    def __init__(self, folder: Path, title: str = "ca", issuer: Pair | None = None) -> None:
        """An authority of its own, or one below `issuer`."""
        self._folder, self._title = folder, title
        self.root = self._make(title, issuer, is_authority=True)
        self.file = str(self.root.cert_file)

    def below(self, title: str) -> "Authority":
        """An intermediate authority."""
        return Authority(self._folder, title, self.root)

    def issue(
        self,
        common_name: str,
        *,
        names: Sequence[str] = ("127.0.0.1",),
        begins: datetime.timedelta = -DAY,
        ends: datetime.timedelta = DAY,
        more: Sequence[x509.ExtensionType] = (),
    ) -> Pair:
        """A certificate for a host or an agent, with more extensions; `begins` and `ends` count from now."""
        return self._make(common_name, self.root, names=names, begins=begins, ends=ends, more=more)

    def chain(self, pair: Pair) -> Path:
        """A file with the certificate and that of this authority, as servers send them."""
        file = pair.cert_file.with_suffix(".chain")
        file.write_bytes(pair.cert_file.read_bytes() + self.root.cert_file.read_bytes())
        return file

    def revocation_list(self, *revoked: Pair, age: datetime.timedelta = datetime.timedelta()) -> bytes:
        """The list of revoked certificates in PEM form, good for a day from `age` ago on."""
        made = datetime.datetime.now(datetime.UTC) - age
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.root.cert.subject)
        builder = builder.last_update(made).next_update(made + DAY)
        for pair in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(pair.cert.serial_number).revocation_date(made)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.root.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _make(
        self,
        common_name: str,
        issuer: Pair | None,
        *,
        is_authority: bool = False,
        names: Sequence[str] = ("127.0.0.1",),
        begins: datetime.timedelta = -DAY,
        ends: datetime.timedelta = DAY,
        more: Sequence[x509.ExtensionType] = (),
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(common_name))
            .issuer_name(issuer.cert.subject if issuer else name(common_name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([general_name(one) for one in names]), False)
        for extension in more:
            builder = builder.add_extension(extension, critical=False)
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
