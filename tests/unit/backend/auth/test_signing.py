"""Signatures of tokens: which are made, which are believed."""

from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from sensu.backend.auth.signing import Signer, read_private_key, read_public_key
from sensu.errors import ConfigurationError

SECRET, OTHER_SECRET = b"s" * 32, b"o" * 32
CLAIMS = {"sub": "bob", "exp": 1_500_000_000}
CURVES = [(ec.SECP256R1(), "ES256"), (ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")]


def test_the_secret_signs_and_an_expired_token_can_still_be_read() -> None:
    """Reading a token looks at its signature only; what expired is for the caller to judge."""
    token = Signer(SECRET).sign(CLAIMS)
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    assert Signer(SECRET).claims_of(token) == CLAIMS


@pytest.mark.parametrize(("curve", "algorithm"), CURVES)
def test_the_curve_of_the_private_key_chooses_the_algorithm(curve: ec.EllipticCurve, algorithm: str) -> None:
    """With a private key tokens are signed with it; others read them with the public key, tokens of the secret too."""
    key = ec.generate_private_key(curve)
    token = Signer(SECRET, key).sign(CLAIMS)
    assert jwt.get_unverified_header(token)["alg"] == algorithm
    verifier = Signer(SECRET, None, key.public_key())
    assert verifier.claims_of(token) == CLAIMS
    assert verifier.claims_of(Signer(SECRET).sign(CLAIMS)) == CLAIMS
    assert Signer(SECRET).claims_of(token) is None


def test_forged_tokens_are_not_believed() -> None:
    """No signature, another secret, another key, or the public key used as a secret prove nothing."""
    key, other_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    signer = Signer(SECRET, key)
    good = signer.sign(CLAIMS)
    forged = [
        jwt.encode(CLAIMS, None, algorithm="none"),  # type: ignore[arg-type]
        jwt.encode(CLAIMS, OTHER_SECRET, algorithm="HS256"),
        jwt.encode(CLAIMS, b"x" * 64, algorithm="HS512"),
        jwt.encode(CLAIMS, other_key, algorithm="ES256"),
        jwt.encode(CLAIMS, key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint), "HS256"),
        good + "x",
        good[:-4],
        good.rsplit(".", 1)[0] + ".",
    ]
    assert [signer.claims_of(token) for token in forged] == [None] * len(forged)


@pytest.mark.parametrize("text", ["", " ", "garbage", "aaa.bbb", "aaa.bbb.ccc", "ü.ü.ü", "." * 10_000, "e30.e30.e30"])
def test_any_text_can_be_asked_about(text: str) -> None:
    """What is no token is no token, and never an error."""
    assert Signer(SECRET).claims_of(text) is None


def test_keys_are_read_from_pem_files(tmp_path: Path) -> None:
    """A private and a public key in PEM form belong together."""
    key = ec.generate_private_key(ec.SECP384R1())
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    token = Signer(SECRET, read_private_key(str(private))).sign(CLAIMS)
    assert Signer(OTHER_SECRET, None, read_public_key(str(public))).claims_of(token) == CLAIMS


def test_unusable_key_files_are_told_at_the_start(tmp_path: Path) -> None:
    """A missing file, a text, a key of another sort or curve stop the program with the flag's name."""
    rsa_key = rsa.generate_private_key(65537, 2048)
    odd_curve = ec.generate_private_key(ec.SECP256K1())
    files = {
        "missing": None,
        "text": b"hello",
        "rsa": rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "curve": odd_curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    }
    for name, content in files.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ConfigurationError, match="jwt-private-key-file|curve"):
            read_private_key(str(path))
    public = tmp_path / "rsa-public"
    public.write_bytes(rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for path in (public, tmp_path / "missing", tmp_path / "text"):
        with pytest.raises(ConfigurationError, match="jwt-public-key-file"):
            read_public_key(str(path))
