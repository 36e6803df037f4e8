"""Signs and verifies JSON Web Tokens.

Tokens are signed with the cluster's secret (HS256) or, if one is given, with a private EC key (ES256, ES384 or ES512,
depending on its curve). Tokens signed with the secret are always accepted; with a public EC key, those of other
clusters are accepted too. `signs_for_others` says whether other clusters can accept this one's.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from jwt.types import Options

from sensu.errors import ConfigurationError

TOKEN_CHARACTERS_MAX = 8192

_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_SIGNATURE_ONLY: Options = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


class Signer:
    """Signs and verifies claims."""

    def __init__(
        self,
        secret: bytes,
        private_key: EllipticCurvePrivateKey | None = None,
        public_key: EllipticCurvePublicKey | None = None,
    ) -> None:
        if private_key is not None and public_key is None:
            public_key = private_key.public_key()
        self.signs_for_others = private_key is not None
        self._signing: tuple[Any, str] = (secret, "HS256")
        self._verifying: dict[str, Any] = {"HS256": secret}
        if public_key is not None:
            self._verifying[algorithm_of(public_key)] = public_key
        if private_key is not None:
            self._signing = (private_key, algorithm_of(private_key))

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A token with these claims."""
        key, algorithm = self._signing
        return jwt.encode(dict(claims), key, algorithm=algorithm)

    def is_shared(self, token: str) -> bool:
        """Whether a token with a valid signature is signed with an EC key, which other clusters may have too."""
        return jwt.get_unverified_header(token).get("alg") != "HS256"

    def claims_of(self, token: str) -> dict[str, Any] | None:
        """The claims of a token with a valid signature, expired or not; None for any other string."""
        if len(token) > TOKEN_CHARACTERS_MAX:
            return None
        try:
            algorithm = jwt.get_unverified_header(token).get("alg")
            key = self._verifying.get(algorithm) if isinstance(algorithm, str) else None
            if key is None or algorithm is None:
                return None
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm], options=_SIGNATURE_ONLY)
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        return claims


def algorithm_of(key: EllipticCurvePrivateKey | EllipticCurvePublicKey) -> str:
    """The signing algorithm for the curve of a key; raises ConfigurationError for other curves."""
    algorithm = _CURVES.get(key.curve.name)
    if algorithm is None:
        raise ConfigurationError(f"JWT keys must be on curve P-256, P-384 or P-521, not {key.curve.name}")
    return algorithm


def read_private_key(path: str) -> EllipticCurvePrivateKey:
    """The EC key in a PEM file; raises ConfigurationError."""
    try:
        key = load_pem_private_key(Path(path).read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as err:
        raise ConfigurationError(f"jwt-private-key-file {path}: {err}") from err
    if not isinstance(key, EllipticCurvePrivateKey):
        raise ConfigurationError(f"jwt-private-key-file {path}: not an elliptic curve key")
    algorithm_of(key)
    return key


def read_public_key(path: str) -> EllipticCurvePublicKey:
    """The EC key in a PEM file; raises ConfigurationError."""
    try:
        key = load_pem_public_key(Path(path).read_bytes())
    except (OSError, ValueError, TypeError) as err:
        raise ConfigurationError(f"jwt-public-key-file {path}: {err}") from err
    if not isinstance(key, EllipticCurvePublicKey):
        raise ConfigurationError(f"jwt-public-key-file {path}: not an elliptic curve key")
    algorithm_of(key)
    return key
