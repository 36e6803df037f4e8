"""Looks up API keys by a keyed digest, so that the duration of a lookup reveals nothing about other keys."""

import hmac
import secrets
from hashlib import blake2b

from sensu.backend.auth.records import Records, enabled_user
from sensu.resources.kinds import API_KEY
from sensu.resources.user import User

KEY_CHARACTERS_MAX = 256


class APIKeys:
    """Finds the users of API keys."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._digest_key = secrets.token_bytes(32)
        self._by_digest: dict[bytes, tuple[str, str]] | None = None
        records.subscribe(API_KEY, self._forget)

    def user_of(self, key: str) -> User | None:
        """The user of an API key; None if the key or its user does not exist, or the user is disabled."""
        if not key or len(key) > KEY_CHARACTERS_MAX:
            return None
        found = self._index().get(self._digest(key))
        if found is None or not hmac.compare_digest(found[0].encode(), key.encode("utf-8", "surrogatepass")):
            return None
        return enabled_user(self._records, found[1])

    def _index(self) -> dict[bytes, tuple[str, str]]:
        if self._by_digest is None:
            keys = self._records.list(API_KEY, None)
            self._by_digest = {self._digest(key.metadata.name): (key.metadata.name, key.username) for key in keys}
        return self._by_digest

    def _digest(self, key: str) -> bytes:
        return blake2b(key.encode("utf-8", "surrogatepass"), key=self._digest_key, digest_size=32).digest()

    def _forget(self, *_: object) -> None:
        self._by_digest = None
