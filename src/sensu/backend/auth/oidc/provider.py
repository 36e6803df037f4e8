"""The provider `oidc`: users log in at their identity provider, in the browser.

The provider is asked again at each refresh of a session, with the refresh token that it gave at the log-in. That token
is sealed in the session, and is in no answer and no log. Without one, sessions last five minutes.
"""

import base64
import hmac
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from sensu.backend.auth.identity import WRONG_CREDENTIALS, Principal, Rejected
from sensu.backend.auth.oidc.connection import ProviderAnswer, ProviderConnection
from sensu.backend.auth.oidc.keys import Published
from sensu.backend.auth.providers import LoginTrial, PasswordLogin, ProviderUnavailable, id_of
from sensu.backend.auth.records import Records
from sensu.backend.auth.sealing import Sealing
from sensu.backend.auth.sessions import UNCHECKED_S, LoginSession
from sensu.backend.outgoing import ServerOutOfReach
from sensu.clock import Clock
from sensu.log import fields
from sensu.resources.kinds import OIDC_PROVIDER, USER
from sensu.resources.oidc import OIDCProvider
from sensu.resources.wire import encode
from sensu.rules import oidc as rules
from sensu.rules.directory import Mistake
from sensu.rules.etag import etag
from sensu.rules.oidc import Endpoints

log = logging.getLogger("sensu.auth")

AWAY = "the identity provider is unavailable, try again later"
"""What clients get; the reason is for the log, the audit log and administrators."""
BY_BROWSER = "users of this provider log in with their browser, so no password can be tried here"


class OIDC:
    """A provider of one resource; its secret is opened already."""

    def __init__(
        self, resource: OIDCProvider, records: Records, clock: Clock, sealing: Sealing, connection: ProviderConnection
    ) -> None:
        self.resource = resource
        self.id = id_of(OIDC_PROVIDER, resource.metadata.name)
        self.published = Published(resource.server, connection, clock)
        self._records = records
        self._clock = clock
        self._sealing = sealing
        self._connection = connection

    @property
    def version(self) -> str:
        """A text that changes with the resource, and does not show its secret."""
        return hmac.digest(self.resource.client_secret.encode(), etag(encode(self.resource)).encode(), "sha256").hex()

    def decides(self, username: str) -> bool:
        """No: passwords are for other providers."""
        return False

    def addressed_by(self, username: str) -> bool:
        """No: passwords are for other providers."""
        return False

    async def log_in(self, login: PasswordLogin) -> Principal | Rejected | ProviderUnavailable:
        """A refusal: passwords are for other providers, and this one never sees them."""
        return WRONG_CREDENTIALS

    async def tried(self, login: PasswordLogin) -> LoginTrial:
        """What the provider publishes; a log-in can be tried with a browser alone."""
        trial = LoginTrial()
        try:
            endpoints = await self.published.endpoints()
            if isinstance(endpoints, Mistake):
                trial.mistake = endpoints.why
                return trial
            trial.steps.append(f"issuer {endpoints.issuer}")
            trial.steps.append(f"found {await self.published.read_keys(endpoints)} key(s) for signatures")
        except ServerOutOfReach as err:
            trial.mistake, trial.unavailable = str(err), True
            return trial
        trial.mistake = BY_BROWSER
        return trial

    async def user_of_code(
        self, code: str, verifier: str, nonce: str, redirect_uri: str
    ) -> Principal | Mistake | ProviderUnavailable:
        """The user that a code of the provider is for."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        try:
            endpoints = await self.published.endpoints()
            if isinstance(endpoints, Mistake):
                return endpoints
            answer = await self._ask_for_tokens(endpoints, {**form, "code_verifier": verifier})
            if answer.status != 200:
                return Mistake(f"the provider does not accept the code: {answer.problem}")
            return await self._user_in(endpoints, answer.document, nonce=nonce)
        except ServerOutOfReach as err:
            return self.unavailable(str(err))

    def current(self, session: LoginSession) -> Principal | None:
        """The user of a session with the groups of the log-in or the last check."""
        if not session.sealed and self._clock.now() >= session.created_at + UNCHECKED_S:
            return None
        return Principal(session.username, session.groups, self.id, session.user_id)

    async def check(self, session: LoginSession) -> Principal | ProviderUnavailable | None:
        """The user of a session as the provider has it now, None if it may not log in any more.

        The refresh token of the session is used up: that of the principal takes its place.
        """
        token = self._sealing.opened(session.sealed, self._place(session.user_id)) if session.sealed else None
        if token is None:
            return None
        try:
            endpoints = await self.published.endpoints()
            if isinstance(endpoints, Mistake):
                return self.unavailable(endpoints.why)
            answer = await self._ask_for_tokens(endpoints, {"grant_type": "refresh_token", "refresh_token": token})
            if answer.status == 200:
                document = {"refresh_token": token, **answer.document}
                found = await self._user_in(endpoints, document, nonce=None, subject=session.user_id)
            elif answer.document.get("error") == "invalid_grant":
                found = Mistake(f"the provider ends the session: {answer.problem}")
            else:
                return self.unavailable(f"the provider does not refresh sessions: {answer.problem}")
        except ServerOutOfReach as err:
            return self.unavailable(str(err))
        if isinstance(found, Mistake):
            log.info("a session ends", extra=fields(provider=self.id, username=session.username, reason=found.why))
            return None
        return found

    def unavailable(self, why: str) -> ProviderUnavailable:
        """The outcome while the provider cannot be asked; `why` is logged."""
        log.warning("an identity provider cannot be used", extra=fields(provider=self.id, error=why))
        return ProviderUnavailable(AWAY, (f"{self.id}: {why}",))

    async def _ask_for_tokens(self, endpoints: Endpoints, form: Mapping[str, str]) -> ProviderAnswer:
        client, secret = self.resource.client_id, self.resource.client_secret
        if endpoints.method == rules.SECRET_POST:
            sent = {**form, "client_id": client, "client_secret": secret}
            return await self._connection.post(endpoints.token, sent, {})
        pair = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
        basic = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return await self._connection.post(endpoints.token, form, basic)

    async def _user_in(
        self, endpoints: Endpoints, tokens: Mapping[str, Any], *, nonce: str | None, subject: str = ""
    ) -> Principal | Mistake:
        """The user that an answer with tokens is about; after a refresh it must be the `subject` of before."""
        claims = await self._verified(endpoints, tokens, nonce)
        if isinstance(claims, Mistake):
            return claims
        claims = claims or {"sub": subject}
        if subject and claims["sub"] != subject:
            return Mistake("the provider answered with another user")
        if rules.lacks_claims(self.resource, claims) and endpoints.userinfo:
            more = await self._connection.get(endpoints.userinfo, str(tokens.get("access_token", "")))
            if more.status == 200 and more.document.get("sub") != claims["sub"]:
                return Mistake("the user information of the provider is about another user")
            claims = {**more.document, **claims} if more.status == 200 else claims
        user = rules.user_in(self.resource, claims)
        if isinstance(user, Mistake):
            return user
        if self._records.get(USER, "", user.username) is not None:
            return Mistake(f'there is a local user "{user.username}"; set username_prefix')
        log.debug("groups of a user", extra=fields(provider=self.id, username=user.username, groups=user.groups[:100]))
        offline = tokens.get("refresh_token")
        sealed = self._sealing.seal(offline, self._place(user.subject)) if isinstance(offline, str) and offline else ""
        return Principal(user.username, user.groups, self.id, user.subject, sealed)

    async def _verified(
        self, endpoints: Endpoints, tokens: Mapping[str, Any], nonce: str | None
    ) -> dict[str, Any] | Mistake:
        """The claims of the ID token in an answer; none if a refresh gave no ID token."""
        token = tokens.get("id_token")
        if token is None and nonce is None:
            return {}
        if not isinstance(token, str):
            return Mistake("the provider gave no ID token")
        verified = await self.published.claims_of(token, endpoints)
        if isinstance(verified, Mistake):
            return verified
        claims, algorithm = verified
        problem = rules.token_problem(claims, endpoints.issuer, self.resource.client_id, self._clock.now(), nonce=nonce)
        if problem is not None:
            return problem
        if not rules.access_token_fits(claims, algorithm, str(tokens.get("access_token", ""))):
            return Mistake("the access token is not that of the ID token")
        return claims

    def _place(self, subject: str) -> str:
        return f"the refresh token of {subject} at {self.id}"
