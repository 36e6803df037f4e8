"""Authenticates callers: by the credentials of a request, or by a user name and password."""

import msgspec

from sensu.backend.auth.api_keys import APIKeys
from sensu.backend.auth.certificates import identity_for_certificate
from sensu.backend.auth.credentials import Credentials
from sensu.backend.auth.identity import NO_CREDENTIALS, WRONG_CREDENTIALS, Identity, Rejected, Via, identity_of
from sensu.backend.auth.passwords import BCRYPT_COST, BCRYPT_COST_SET_MAX, Passwords, cost_of
from sensu.backend.auth.records import Records
from sensu.backend.auth.tokens import Tokens
from sensu.resources.kinds import USER
from sensu.resources.user import User

BEARER = "Bearer "
KEY = "Key "


class Authenticator:
    """Finds the identity that credentials prove."""

    def __init__(self, records: Records, passwords: Passwords, tokens: Tokens, api_keys: APIKeys) -> None:
        self._records = records
        self._passwords = passwords
        self._tokens = tokens
        self._api_keys = api_keys
        self._refusal_cost: int | None = None
        records.subscribe(USER, self._users_changed)

    def authenticate(self, credentials: Credentials) -> Identity | Rejected:
        """The identity that the credentials prove; never waits. The header (case-sensitive) precedes a certificate.

        Source: recorded scenario auth-headers.
        """
        if credentials.authorization is not None:
            found = self._by_header(credentials.authorization)
        elif credentials.certificate:
            found = identity_for_certificate(credentials.certificate, credentials.agent, self._user)
        else:
            return NO_CREDENTIALS
        if isinstance(found, Rejected) or not credentials.address:
            return found
        return msgspec.structs.replace(found, address=credentials.address)

    def _by_header(self, authorization: str) -> Identity | Rejected:
        if authorization.startswith(BEARER) and (token := authorization[len(BEARER) :]):
            return self._tokens.verify(token)
        if authorization.startswith(KEY) and (key := authorization[len(KEY) :]):
            user = self._api_keys.user_of(key)
            return WRONG_CREDENTIALS if user is None else identity_of(user, Via.API_KEY)
        return NO_CREDENTIALS

    async def login(self, username: str, password: str, address: str = "") -> Identity | Rejected:
        """The user, if the password is right and the user is not disabled; raises TooManyAttempts.

        All refusals take the same time, whether there is such a user or not.
        """
        user = self._user(username)
        password_hash = user.password_hash if user is not None else None
        right = await self._passwords.verify(username, password, password_hash, address, self._cost_of_refusals)
        if not right or user is None or user.disabled:
            return WRONG_CREDENTIALS
        return identity_of(user, Via.BASIC)

    def knows(self, username: str) -> bool:
        """Whether there is a user of that name."""
        return self._user(username) is not None

    def _user(self, username: str) -> User | None:
        user: User | None = self._records.get(USER, "", username)
        return user

    def _cost_of_refusals(self) -> int:
        """The highest cost among the hashes of users, within what may be set: no refusal is quicker than that."""
        if self._refusal_cost is None:
            costs = (cost_of(user.password_hash) or 0 for user in self._records.list(USER, None))
            self._refusal_cost = max((cost for cost in costs if cost <= BCRYPT_COST_SET_MAX), default=0)
        return max(self._refusal_cost, BCRYPT_COST)

    def _users_changed(self, *_: object) -> None:
        self._refusal_cost = None
