"""Authenticates callers: by the credentials of a request, or by a user name and password."""

import msgspec

from sensu.backend.auth.api_keys import APIKeys
from sensu.backend.auth.certificates import identity_for_certificate
from sensu.backend.auth.credentials import Credentials
from sensu.backend.auth.identity import (
    NO_CREDENTIALS,
    WRONG_CREDENTIALS,
    Identity,
    Principal,
    Rejected,
    Via,
    identity_of,
    principal_of,
)
from sensu.backend.auth.key_uses import KeyUses
from sensu.backend.auth.providers import PasswordLogin, Providers, ProviderUnavailable
from sensu.backend.auth.records import Records
from sensu.backend.auth.sessions import Ended, nothing_else
from sensu.backend.auth.tokens import Tokens
from sensu.resources.kinds import USER
from sensu.resources.user import User

BEARER = "Bearer "
KEY = "Key "


class Authenticator:
    """Finds the identity that credentials prove."""

    def __init__(
        self, records: Records, providers: Providers, tokens: Tokens, api_keys: APIKeys, key_uses: KeyUses
    ) -> None:
        self._records = records
        self._providers = providers
        self._tokens = tokens
        self._api_keys = api_keys
        self.key_uses = key_uses

    def authenticate(self, credentials: Credentials) -> Identity | Rejected:
        """The identity that the credentials prove; never waits.

        The header (case-sensitive) precedes a cookie, and a cookie precedes a certificate.

        Source: recorded scenario auth-headers.
        """
        if credentials.authorization is not None:
            found = self._by_header(credentials.authorization)
        elif credentials.cookie:
            found = self._tokens.web.verify(credentials.cookie)
        elif credentials.certificate:
            found = identity_for_certificate(credentials.certificate, credentials.agent, self._user)
        else:
            return NO_CREDENTIALS
        if isinstance(found, Rejected) or not credentials.address:
            return found
        return msgspec.structs.replace(found, address=credentials.address)

    def _by_header(self, authorization: str) -> Identity | Rejected:
        if authorization.startswith(BEARER) and (token := authorization[len(BEARER) :]):
            return self._unless_disabled(self._tokens.verify(token))
        if authorization.startswith(KEY) and (key := authorization[len(KEY) :]):
            user = self._api_keys.user_of(key)
            return WRONG_CREDENTIALS if user is None else identity_of(principal_of(user), Via.API_KEY)
        return NO_CREDENTIALS

    def _unless_disabled(self, found: Identity | Rejected) -> Identity | Rejected:
        """The caller; a user of another cluster is refused if this cluster has disabled its user of that name."""
        if isinstance(found, Identity) and found.is_of_other_cluster:
            user = self._user(found.username)
            if user is not None and user.disabled:
                return WRONG_CREDENTIALS
        return found

    def is_use_due(self, caller: Identity, credentials: Credentials) -> bool:
        """Whether `used` would note something."""
        if caller.via is Via.COOKIE:
            return self._tokens.web.is_use_due(credentials.cookie)
        if caller.via is Via.API_KEY and credentials.authorization is not None:
            return self.key_uses.is_due(credentials.authorization.removeprefix(KEY))
        return False

    async def used(self, caller: Identity, credentials: Credentials, ended: Ended = nothing_else) -> None:
        """Note that the session or API key of a caller is used, once in a while; raises StoreError.

        A session ends if its provider no longer accepts the user; what `ended` returns is stored with that.
        """
        if caller.via is Via.COOKIE:
            await self._tokens.web.used(credentials.cookie, ended)
        elif caller.via is Via.API_KEY and credentials.authorization is not None:
            await self.key_uses.used(credentials.authorization.removeprefix(KEY))

    async def login(self, login: PasswordLogin) -> Identity | Rejected | ProviderUnavailable:
        """The user, if a provider accepts the password; raises TooManyAttempts."""
        return self._identity(await self._providers.log_in(login), login)

    async def login_of_agent(self, login: PasswordLogin) -> Identity | Rejected | ProviderUnavailable:
        """The same for agents, whose users are always records: a fleet must not depend on a directory."""
        return self._identity(await self._providers.log_in_locally(login), login)

    def _identity(
        self, found: Principal | Rejected | ProviderUnavailable, login: PasswordLogin
    ) -> Identity | Rejected | ProviderUnavailable:
        if not isinstance(found, Principal):
            return found
        return msgspec.structs.replace(identity_of(found, Via.BASIC), address=login.address)

    def shown_name(self, login: PasswordLogin, refusal: Rejected | ProviderUnavailable) -> str:
        """The name of a user who was refused, empty if nobody knows such a user."""
        if self._user(login.username) is not None:
            return login.username
        return refusal.username if isinstance(refusal, Rejected) else ""

    def _user(self, username: str) -> User | None:
        user: User | None = self._records.get(USER, "", username)
        return user
