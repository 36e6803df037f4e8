"""Sessions of browsers: a random cookie, of which only the SHA-256 is stored, as the id of the session.

A session ends after it was not used for a while, after seven days at the latest, and with whatever ends other sessions
of its user. Its user's provider is asked again every quarter of an hour.
"""

import secrets
from collections.abc import Sequence
from hashlib import sha256

from sensu.backend.auth.identity import WRONG_CREDENTIALS, Identity, Rejected, Via, identity_of
from sensu.backend.auth.providers import Providers, ProviderUnavailable
from sensu.backend.auth.session_checks import SessionChecks
from sensu.backend.auth.sessions import Ended, LoginSession, StoredSessions, changed, lifetime_s, nothing_else
from sensu.clock import Clock
from sensu.store.values import Write

COOKIE_BYTES = 32
LASTS_S = 7 * 86_400.0
USE_NOTED_EVERY_S = 60.0
CHECKED_EVERY_S = 900.0
CLIENT_CHARACTERS_MAX = 200
"""How much of a browser's User-Agent is kept."""


class WebSessions:
    """Begins, verifies and ends the sessions of browsers; `rest_s` is how long one may be unused."""

    def __init__(
        self, sessions: StoredSessions, providers: Providers, checks: SessionChecks, clock: Clock, rest_s: float
    ) -> None:
        self._sessions = sessions
        self._providers = providers
        self._checks = checks
        self._clock = clock
        self._rest_s = rest_s

    async def begin(
        self, who: Identity, client: str, also: Sequence[Write] = (), sealed: str | None = None
    ) -> tuple[str, LoginSession]:
        """The cookie of a new session, and the session; `also` is stored with it, `sealed` is as for tokens."""
        cookie, now = secrets.token_urlsafe(COOKIE_BYTES), self._clock.now()
        session = LoginSession(
            id=_id_of(cookie),
            username=who.username,
            refreshed_at=now,
            expires_at=now + lifetime_s(sealed, min(self._rest_s, LASTS_S)),
            generation=1,
            provider_id=who.provider_id,
            user_id=who.user_id,
            groups=who.groups,
            web=True,
            created_at=now,
            used_at=now,
            address=who.address,
            client=client[:CLIENT_CHARACTERS_MAX],
            sealed=sealed or "",
        )
        await self._sessions.put(session, now, also)
        return cookie, session

    def get(self, cookie: str) -> LoginSession | None:
        """The session of a cookie, unless it has ended."""
        session = self._sessions.get(_id_of(cookie)) if cookie else None
        return None if session is None or not session.web or self._clock.now() >= session.expires_at else session

    def verify(self, cookie: str) -> Identity | Rejected:
        """The user of a session with its present groups, if its provider says it is still valid; never waits."""
        session = self.get(cookie)
        provider = None if session is None else self._providers.get(session.provider_id)
        principal = None if session is None or provider is None else provider.current(session)
        if session is None or principal is None or principal.username != session.username:
            return WRONG_CREDENTIALS
        return identity_of(principal, Via.COOKIE, session.id)

    def is_use_due(self, cookie: str) -> bool:
        """Whether a use of the session now would be noted."""
        session = self.get(cookie)
        return session is not None and self._clock.now() - session.used_at >= USE_NOTED_EVERY_S

    async def used(self, cookie: str, ended: Ended = nothing_else) -> None:
        """Note that a session is used, at most once a minute; it ends if its user is no longer valid.

        What `ended` returns is stored with its end. Raises StoreError. A change by another process at the same time
        wins: the next use is noted again.
        """
        session, now = self.get(cookie), self._clock.now()
        if session is None or now - session.used_at < USE_NOTED_EVERY_S:
            return
        used = {"used_at": now, "expires_at": min(now + self._rest_s, session.created_at + LASTS_S)}
        if now - session.refreshed_at >= CHECKED_EVERY_S:
            groups = await self._groups_of(session)
            if groups is None:
                await self._sessions.end(session.id, also=ended(session))
                return
            session = self.get(cookie)
            if session is None:
                return
            await self._sessions.put(changed(session, **used, refreshed_at=now, groups=groups), now)
        else:
            await self._sessions.put(changed(session, **used), now)

    async def _groups_of(self, session: LoginSession) -> tuple[str, ...] | None:
        """The groups that the provider names now, those of before if it cannot be asked; None for no valid user."""
        principal = await self._checks.check(session)
        if isinstance(principal, ProviderUnavailable):
            return session.groups
        if principal is None or principal.username != session.username:
            return None
        return identity_of(principal, Via.COOKIE).groups


def _id_of(cookie: str) -> str:
    return sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()
