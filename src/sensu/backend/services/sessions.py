"""Log-in sessions: browsers sign in and out, users see and end their sessions."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.authenticator import Authenticator
from sensu.backend.auth.identity import Identity, Rejected
from sensu.backend.auth.providers import PasswordLogin, ProviderUnavailable
from sensu.backend.auth.records import Records
from sensu.backend.auth.sessions import LoginSession
from sensu.backend.auth.tokens import Tokens
from sensu.backend.initialise import is_initialised
from sensu.backend.services.access_questions import AccessQuestions
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.outcomes import Deleted, Denied, Found, NotFound, Refusal
from sensu.backend.services.preferences import UserPreferences
from sensu.backend.services.web_settings import web_settings
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.resources.kinds import USER
from sensu.resources.wire import Wire, encode
from sensu.rules.access_questions import AccessRule
from sensu.rules.kinds.global_config import shell_theme
from sensu.store.contract import Store
from sensu.version import VERSION

LISTED_MAX = 1_000
"""How many sessions an answer has at most, those that were used last."""
UNKNOWN = NotFound("there is no such session")


class SignIn(Wire, frozen=True):
    """A user name and password."""

    username: str = ""
    password: str = ""


class SignedIn(msgspec.Struct, frozen=True):
    """A browser that is signed in; `expires_at` in Unix seconds."""

    username: str
    groups: tuple[str, ...]
    expires_at: float


@dataclass(frozen=True, slots=True)
class NewSession:
    """A new session: its cookie, and the response to the browser."""

    cookie: str
    told: SignedIn


class Rights(msgspec.Struct, frozen=True):
    """What the caller may do in a namespace."""

    namespace: str
    rules: tuple[AccessRule, ...]


class ShellSettings(msgspec.Struct, frozen=True):
    """Settings of the installation that the web UI needs before anybody signs in."""

    signin_message: str
    silence_reason_optional: bool
    disable_bsm: bool
    theme: str
    sign_on: tuple[str, ...]
    """The identity providers at which users can sign in with the browser."""


class ShellState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a page of the web UI starts with.

    Everybody learns the time (Unix seconds), the settings, and whether the database is initialised. If it is not,
    `may_initialise` says whether this browser can create the first administrator. The other fields are those of a
    caller that is signed in.
    """

    signed_in: bool
    now: float
    settings: ShellSettings
    initialised: bool
    may_initialise: bool = False
    version: str = ""
    username: str = ""
    groups: tuple[str, ...] = ()
    expires_at: float = 0.0
    namespaces: tuple[str, ...] | None = None
    rights: Rights | None = None
    preferences: Mapping[str, Any] | None = None


class SessionView(msgspec.Struct, frozen=True):
    """A session as users see it; times in Unix seconds.

    `web` sessions are those of browsers, the others belong to access tokens. `client` is the program that logged in, as
    it named itself. `current` is the session of the request.
    """

    id: str
    username: str
    provider: str
    web: bool
    created_at: float
    used_at: float
    expires_at: float
    address: str
    client: str
    current: bool


class SessionViews(msgspec.Struct, frozen=True):
    """Sessions, those that were used last first; `partial` if there are more."""

    sessions: tuple[SessionView, ...]
    partial: bool


class LoginSessions:
    """Begins, shows and ends log-in sessions."""

    def __init__(
        self,
        store: Store,
        tokens: Tokens,
        authenticator: Authenticator,
        access: Access,
        questions: AccessQuestions,
        preferences: UserPreferences,
        records: Records,
        audit: AuditLog,
        clock: Clock,
        sign_on: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        """`sign_on` gives the names of the identity providers at which users can sign in with the browser."""
        self._sign_on = sign_on
        self._store, self._clock = store, clock
        self._tokens, self._authenticator = tokens, authenticator
        self._access, self._questions, self._audit = access, questions, audit
        self._preferences, self._records = preferences, records

    async def sign_in(
        self, login: PasswordLogin, client: str, cookie_before: str
    ) -> NewSession | Rejected | ProviderUnavailable:
        """A new session for a browser, in the place of the one that it had; raises TooManyAttempts."""
        who = await self._authenticator.login(login)
        if not isinstance(who, Identity):
            with contextlib.suppress(StoreError):
                shown = self._authenticator.shown_name(login, who)
                await self._audit.login_refused(shown, login.address, who.reasons)
            return who
        return await self.begin(who, client, cookie_before)

    async def begin(self, who: Identity, client: str, cookie_before: str, sealed: str | None = None) -> NewSession:
        """A new session for a browser whose user has logged in, in the place of the one that it had.

        `sealed` is what the user's provider needs to check the user again, None if it needs nothing; raises StoreError.
        """
        before = self._tokens.web.get(cookie_before)
        cookie, session = await self._tokens.web.begin(who, client, self._audit.of_login(who), sealed)
        if before is not None:
            await self._tokens.sessions.end(before.id)
        return NewSession(cookie, SignedIn(who.username, who.groups, session.expires_at))

    async def sign_out(self, cookie: str, address: str) -> None:
        """The session of a cookie ends, if there is one; raises StoreError."""
        session = self._tokens.web.get(cookie)
        if session is not None:
            also = self._audit.of_logout(Identity(session.username, (), address=address))
            await self._tokens.sessions.end(session.id, also=also)

    async def state(self, caller: Identity | None, namespace: str) -> ShellState:
        """What the web UI starts with, for a caller (None: not signed in)."""
        now, config = self._clock.now(), web_settings(self._records)
        theme = shell_theme(config)
        optional, hidden = config.silence_reason_optional, config.disable_bsm
        settings = ShellSettings(config.signin_message, optional, hidden, theme, self._sign_on())
        initialised = caller is not None or await is_initialised(self._store)
        if caller is None:
            return ShellState(signed_in=False, now=now, settings=settings, initialised=initialised)
        session = self._tokens.sessions.get(caller.session_id)
        own = self._questions.own(caller, namespace)
        return ShellState(
            signed_in=True,
            now=now,
            settings=settings,
            initialised=True,
            version=VERSION,
            username=caller.username,
            groups=caller.groups,
            expires_at=0.0 if session is None else session.expires_at,
            namespaces=own.namespaces,
            rights=Rights(namespace, own.rules),
            preferences=await self._preferences.of(caller),
        )

    def listing(self, caller: Identity, username: str) -> Found | Refusal:
        """The caller's own sessions; with the right to list users, those of all, or of one user."""
        all_users = self._access.allows(caller, "list", USER.segment)
        if not all_users and username not in ("", caller.username):
            return Denied()
        now = self._clock.now()
        of = None if all_users else (caller.provider_id, caller.username)
        chosen = (
            one for one in self._tokens.sessions.listed(of) if now < one.expires_at and username in ("", one.username)
        )
        found = list(islice(chosen, LISTED_MAX + 1))
        views = tuple(_view(one, caller) for one in found[:LISTED_MAX])
        return Found(encode(SessionViews(views, partial=len(found) > LISTED_MAX)))

    async def end(self, caller: Identity, session_id: str) -> Deleted | Refusal:
        """End a session: an own one, or that of another user with the right to delete users; raises StoreError."""
        session = self._tokens.sessions.get(session_id)
        if session is None or self._clock.now() >= session.expires_at:
            return UNKNOWN
        own = session.user == (caller.provider_id, caller.username)
        if not own and not self._access.allows(caller, "delete", USER.segment, name=session.username):
            return UNKNOWN
        also = self._audit.of_ended_session(caller, session.username, session.address, session.client)
        await self._tokens.sessions.end(session.id, also=also)
        return Deleted()


def _view(session: LoginSession, caller: Identity) -> SessionView:
    return SessionView(
        session.id,
        session.username,
        session.provider_id,
        session.web,
        session.created_at,
        session.last_used_at,
        session.expires_at,
        session.address,
        session.client,
        session.id == caller.session_id,
    )
