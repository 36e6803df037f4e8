"""What an identity provider publishes: its addresses, and the keys that its tokens are signed with."""

from collections.abc import Mapping
from typing import Any

import jwt

from sensu.backend.auth.oidc.connection import ProviderConnection
from sensu.backend.outgoing import ServerOutOfReach
from sensu.clock import Clock
from sensu.rules import oidc as rules
from sensu.rules.directory import Mistake
from sensu.rules.oidc import Endpoints

CONFIGURATION = "/.well-known/openid-configuration"
KNOWN_S = 3_600.0
"""How long addresses and keys are used before they are read again."""
KEYS_EVERY_S = 30.0
"""How often keys are read at most because of a token that is signed with an unknown one."""
TOKEN_CHARACTERS_MAX = 65_536


class Published:
    """Reads what a provider publishes when it is needed, and keeps it."""

    def __init__(self, server: str, connection: ProviderConnection, clock: Clock) -> None:
        self._server = server
        self._connection = connection
        self._clock = clock
        self._endpoints: tuple[float, Endpoints] | None = None
        self._keys: tuple[float, list[Mapping[str, Any]]] | None = None

    async def endpoints(self) -> Endpoints | Mistake:
        """The addresses of the provider; raises ServerOutOfReach."""
        now = self._clock.monotonic()
        if self._endpoints is not None and now < self._endpoints[0] + KNOWN_S:
            return self._endpoints[1]
        url = f"{self._server.rstrip('/')}{CONFIGURATION}"
        answer = await self._connection.get(url)
        if answer.status != 200:
            return Mistake(f"{url} answered with status {answer.status}; check server")
        found = rules.endpoints_in(self._server, answer.document)
        if isinstance(found, Endpoints):
            self._endpoints = (now, found)
        return found

    async def claims_of(self, token: str, endpoints: Endpoints) -> tuple[dict[str, Any], str] | Mistake:
        """The claims of a token whose signature is right, and its algorithm; raises ServerOutOfReach."""
        if len(token) > TOKEN_CHARACTERS_MAX:
            return Mistake("the ID token is too long")
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(header, endpoints)
            if isinstance(key, Mistake):
                return key
            algorithm = str(header["alg"])
            signature_only: Any = dict.fromkeys(_CHECKED_BY_RULES, False)
            claims: dict[str, Any] = jwt.decode(
                token, jwt.PyJWK(dict(key), algorithm), algorithms=[algorithm], options=signature_only
            )
        except jwt.InvalidSignatureError:
            return Mistake("the signature of the ID token is wrong")
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as err:
            return Mistake(f"the ID token cannot be read: {err}")
        return claims, algorithm

    async def _key(self, header: Mapping[str, Any], endpoints: Endpoints) -> Mapping[str, Any] | Mistake:
        """The key that a token is signed with; the keys are read again if it is not among those that are known."""
        now = self._clock.monotonic()
        if self._keys is None or now >= self._keys[0] + KNOWN_S:
            await self._read_keys(endpoints)
        found = rules.key_for(self._known, header)
        if found is None and self._keys is not None and now >= self._keys[0] + KEYS_EVERY_S:
            await self._read_keys(endpoints)
            found = rules.key_for(self._known, header)
        return found or Mistake("the provider does not publish the key that the ID token is signed with")

    @property
    def _known(self) -> list[Mapping[str, Any]]:
        return [] if self._keys is None else self._keys[1]

    async def _read_keys(self, endpoints: Endpoints) -> None:
        answer = await self._connection.get(endpoints.keys)
        keys = answer.document.get("keys")
        if answer.status != 200 or not isinstance(keys, list):
            raise ServerOutOfReach(f"{endpoints.keys} answered with status {answer.status} and without keys")
        self._keys = (self._clock.monotonic(), [key for key in keys if isinstance(key, dict)])

    async def read_keys(self, endpoints: Endpoints) -> int:
        """Read the keys, and return how many can check signatures; raises ServerOutOfReach."""
        await self._read_keys(endpoints)
        return sum(key.get("use", "sig") == "sig" for key in self._known)


_CHECKED_BY_RULES = ("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss", "verify_sub", "verify_jti")
"""What the library does not check, because `rules.oidc` does, with the clock of the backend."""
