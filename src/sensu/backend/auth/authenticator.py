"""Who is asking: from an Authorization header, or from a user name and password."""

from sensu.backend.auth.api_keys import APIKeys
from sensu.backend.auth.identity import NO_CREDENTIALS, WRONG_CREDENTIALS, Identity, Rejected, Via, identity_of
from sensu.backend.auth.passwords import Passwords
from sensu.backend.auth.records import Records
from sensu.backend.auth.tokens import Tokens
from sensu.resources.kinds import USER
from sensu.resources.user import User

BEARER = "Bearer "
KEY = "Key "


class Authenticator:
    """Says who is asking."""

    def __init__(self, records: Records, passwords: Passwords, tokens: Tokens, api_keys: APIKeys) -> None:
        self._records = records
        self._passwords = passwords
        self._tokens = tokens
        self._api_keys = api_keys

    def authenticate(self, authorization: str | None) -> Identity | Rejected:
        """The caller that an Authorization header (Bearer or Key, case-sensitive) proves; never waits.

        Source: recorded scenario auth-headers.
        """
        if authorization is None:
            return NO_CREDENTIALS
        if authorization.startswith(BEARER) and (token := authorization[len(BEARER) :]):
            return self._tokens.verify(token)
        if authorization.startswith(KEY) and (key := authorization[len(KEY) :]):
            user = self._api_keys.user_of(key)
            return WRONG_CREDENTIALS if user is None else identity_of(user, Via.API_KEY)
        return NO_CREDENTIALS

    async def login(self, username: str, password: str) -> Identity | Rejected:
        """The user, if the password is right and the user is not disabled."""
        user: User | None = self._records.get(USER, "", username)
        password_hash = user.password_hash if user is not None else None
        if not await self._passwords.verify(username, password, password_hash) or user is None or user.disabled:
            return WRONG_CREDENTIALS
        return identity_of(user, Via.BASIC)
