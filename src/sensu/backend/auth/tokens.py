"""Access and refresh tokens, and the sessions they belong to.

An access token is valid for some minutes, a session for as long as it is refreshed in time. The refresh token of a
session is replaced when it is used; the previous one remains valid for a short grace period, in which it yields the
same new one, so that two programs that share a login do not end each other's session. If it is used later, it was
stolen or copied, and the session ends. The permissions of an access token depend on what the user's provider says at
each request, not on its claims.

Clusters of a federation have the same EC keys and accept each other's access tokens. Those of another cluster have no
session here: they are valid until they expire, and the groups of the user are those of their claims.
Source: docs, "API authentication", "Multi-cluster visibility with federation"; recorded scenarios auth-*.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

from sensu.backend.auth.cluster_secret import SECRET_BYTES, cluster_secret
from sensu.backend.auth.identity import (
    BASIC,
    OTHER_CLUSTERS,
    WRONG_CREDENTIALS,
    Identity,
    Principal,
    Rejected,
    Via,
    identity_of,
)
from sensu.backend.auth.providers import Providers, ProviderUnavailable
from sensu.backend.auth.session_checks import SessionChecks
from sensu.backend.auth.sessions import Ended, LoginSession, StoredSessions, changed, lifetime_s, nothing_else
from sensu.backend.auth.signing import Signer
from sensu.backend.auth.web_sessions import CLIENT_CHARACTERS_MAX, WebSessions
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.resources.wire import Wire, always_int, always_str
from sensu.rules.directory import RESERVED
from sensu.store.contract import Store
from sensu.store.values import Write

VERIFIED_REMEMBERED_MAX = 10_000
CLUSTER_CLAIM = "cluster_id"
CLAIMED_CHARACTERS_MAX = 2_048
"""The limit for all groups in a token, which programs send with each request; further groups are left out of it."""
PASSED_ON_CHARACTERS_MAX = 4_096
"""The same in a token for another cluster, which knows only these groups."""
PASSED_ON_S = 300.0
"""How long a token for another cluster is valid at most."""


@dataclass(frozen=True, slots=True)
class TokenLifetimes:
    """How long tokens are valid, in seconds.

    `rotate_after_s` is the age from which a used refresh token is replaced, `rotation_grace_s` how long the replaced
    one is still accepted, `session_s` how long a refresh token is valid.
    """

    access_s: float = 900.0
    session_s: float = 43_200.0
    rotate_after_s: float = 60.0
    rotation_grace_s: float = 30.0


class TokenTriple(Wire, frozen=True):
    """The response to a login; `expires_at` (Unix seconds) is that of the access token."""

    access_token: str = always_str()
    expires_at: int = always_int()
    refresh_token: str = always_str()


@dataclass(frozen=True, slots=True)
class _AccessClaims:
    """The claims that are used of a verified access token."""

    username: str
    session_id: str
    expires_at: float
    elsewhere: Principal | None = None
    """The user of another cluster, if that has issued the token."""


class Tokens:
    """Issues and verifies tokens."""

    def __init__(
        self,
        store: Store,
        providers: Providers,
        clock: Clock,
        lifetimes: TokenLifetimes | None = None,
        private_key: EllipticCurvePrivateKey | None = None,
        public_key: EllipticCurvePublicKey | None = None,
        cluster_id: str = "",
    ) -> None:
        """`cluster_id` is the UUID of this cluster, which tells its tokens from those of other clusters."""
        self._cluster_id = cluster_id
        self._store = store
        self._providers = providers
        self._clock = clock
        self._lifetimes = lifetimes or TokenLifetimes()
        self._keys = (private_key, public_key)
        self.sessions = self._sessions = StoredSessions(store)
        self._checks = SessionChecks(self._sessions, providers, clock)
        self.web = WebSessions(self._sessions, providers, self._checks, clock, self._lifetimes.session_s)
        self._signer = Signer(secrets.token_bytes(SECRET_BYTES), *self._keys)
        self._verified: OrderedDict[bytes, _AccessClaims] = OrderedDict()

    async def open(self) -> None:
        """Read the secret and the sessions from the store; creates the secret at the first start."""
        self._signer = Signer(await cluster_secret(self._store), *self._keys)
        await self._sessions.open()

    def close(self) -> None:
        """Stop following the store."""
        self._sessions.close()

    async def issue(
        self, who: Identity, issuer: str, also: Sequence[Write] = (), client: str = "", sealed: str | None = None
    ) -> TokenTriple:
        """Tokens of a new session; `issuer` is scheme and host of the request, `also` is stored with the session.

        `client` is the program that logs in, as it names itself. `sealed` is what the provider needs to check the user
        later: empty if it cannot, None if it needs nothing.
        """
        now = self._clock.now()
        session = LoginSession(
            id=secrets.token_hex(16),
            username=who.username,
            refresh_id=secrets.token_hex(16),
            refreshed_at=now,
            expires_at=now + lifetime_s(sealed, self._lifetimes.session_s),
            generation=1,
            provider_id=who.provider_id,
            user_id=who.user_id,
            groups=who.groups,
            created_at=now,
            address=who.address,
            client=client[:CLIENT_CHARACTERS_MAX],
            sealed=sealed or "",
        )
        await self._sessions.put(session, now, also)
        return self._triple(session, who.groups, issuer, now)

    async def refresh(
        self, access_token: str, refresh_token: str, issuer: str, ended: Ended = nothing_else
    ) -> TokenTriple | Rejected | ProviderUnavailable:
        """New tokens for a refresh token and the access token (expired or not) of the same user.

        The provider is asked whether the user is still valid. If it is not, the session ends, and what `ended` returns
        is stored with that; if the provider is unavailable, the session and its refresh token stay as they are.
        """
        claims = self._refresh_claims(access_token, refresh_token)
        session = None if claims is None else self._lasting(claims["session_id"], claims["sub"])
        if claims is None or session is None or self._providers.get(session.provider_id) is None:
            return WRONG_CREDENTIALS
        principal = await self._checks.check(session)
        if isinstance(principal, ProviderUnavailable):
            return principal
        if principal is None or principal.username != session.username:
            await self._sessions.end(session.id, also=ended(session))
            return WRONG_CREDENTIALS
        groups, now = identity_of(principal, Via.BEARER).groups, self._clock.now()
        session = self._lasting(session.id, session.username)
        session_now = None if session is None else await self._used(session, claims["jti"], groups, now)
        return WRONG_CREDENTIALS if session_now is None else self._triple(session_now, groups, issuer, now)

    async def _used(
        self, session: LoginSession, refresh_id: str, groups: tuple[str, ...], now: float
    ) -> LoginSession | None:
        """The session after one of its refresh tokens was used, None if that ended it; `groups` are those of the user.

        While the store fails, the refresh token is not replaced, and the session lasts no longer than before.
        """
        age_s = now - session.refreshed_at
        if compare_digest(refresh_id, session.refresh_id):
            renewed = self._renewed(session, age_s, groups, now)
            if renewed is session:
                return session
            try:
                if await self._sessions.put(renewed, now):
                    return renewed
            except StoreError:
                return session
            latest = self._sessions.get(session.id)
            return None if latest is None else await self._used(latest, refresh_id, groups, now)
        if compare_digest(refresh_id, session.replaced_id) and age_s < self._lifetimes.rotation_grace_s:
            return session
        await self._sessions.end(session.id)
        return None

    def _renewed(self, session: LoginSession, age_s: float, groups: tuple[str, ...], now: float) -> LoginSession:
        """The session with its refresh token replaced, if it is old enough, and the groups of now."""
        if age_s < self._lifetimes.rotate_after_s:
            return session if groups == session.groups else changed(session, groups=groups)
        return changed(
            session,
            refresh_id=secrets.token_hex(16),
            replaced_id=session.refresh_id,
            refreshed_at=now,
            expires_at=now + self._lifetimes.session_s,
            groups=groups,
        )

    async def logout(
        self, access_token: str, refresh_token: str, also: Callable[[str], Sequence[Write]] = lambda _: ()
    ) -> Rejected | None:
        """End the sessions of two tokens of one user, and store what `also` returns for the user's name with that."""
        claims = self._refresh_claims(access_token, refresh_token)
        if claims is None:
            return WRONG_CREDENTIALS
        access = self._signer.claims_of(access_token) or {}
        ended = {claims["session_id"], str(access.get("session_id", ""))} - {""}
        await self._sessions.end(*ended, also=also(claims["sub"]))
        return None

    async def logout_user(self, username: str, refresh_token: str, also: Sequence[Write] = ()) -> Rejected | None:
        """End the session of a refresh token, for a user who is authenticated otherwise; `also` is stored with that."""
        claims = self._signer.claims_of(refresh_token)
        if claims is None or not _is_refresh(claims) or claims["sub"] != username:
            return WRONG_CREDENTIALS
        await self._sessions.end(claims["session_id"], also=also)
        return None

    def verify(self, access_token: str) -> Identity | Rejected:
        """The user of an unexpired access token, with its present groups, if its provider says it is still valid."""
        claims = self._access_claims(access_token)
        if claims is None or self._clock.now() >= claims.expires_at:
            return WRONG_CREDENTIALS
        if claims.elsewhere is not None:
            return identity_of(claims.elsewhere, Via.BEARER)
        session = self._lasting(claims.session_id, claims.username)
        provider = None if session is None else self._providers.get(session.provider_id)
        principal = None if session is None or provider is None else provider.current(session)
        if session is None or principal is None:
            return WRONG_CREDENTIALS
        return identity_of(principal, Via.BEARER, session.id)

    def _lasting(self, session_id: str, username: str) -> LoginSession | None:
        """A user's session that has not ended."""
        session = self._sessions.get(session_id)
        if session is None or session.username != username or self._clock.now() >= session.expires_at:
            return None
        return session

    def ending_sessions_of(self, username: str, provider_id: str = BASIC, but: str = "") -> list[Write]:
        """The writes that end all sessions of a provider's user except for one; commit them with what ends them."""
        return self._sessions.ending_all_of(provider_id, username, but)

    def _access_claims(self, token: str) -> _AccessClaims | None:
        """The claims of an access token with a valid signature; cached."""
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._verified.get(digest)
        if known is not None:
            return known
        claims = self._signer.claims_of(token)
        if claims is None or not _is_access(claims):
            return None
        elsewhere = _user_elsewhere(claims, self._cluster_id) if self._signer.is_shared(token) else None
        found = _AccessClaims(claims["sub"], claims["session_id"], float(claims["exp"]), elsewhere)
        self._verified[digest] = found
        if len(self._verified) > VERIFIED_REMEMBERED_MAX:
            self._verified.popitem(last=False)
        return found

    def _refresh_claims(self, access_token: str, refresh_token: str) -> dict[str, Any] | None:
        """The claims of a refresh token, if the access token belongs to the same user."""
        access = self._signer.claims_of(access_token)
        refresh = self._signer.claims_of(refresh_token)
        if access is None or refresh is None or not _is_access(access) or not _is_refresh(refresh):
            return None
        return refresh if access["sub"] == refresh["sub"] else None

    def for_other_cluster(self, who: Identity) -> str | None:
        """A token by which another cluster knows a caller of this one; None without a private key, which they share."""
        if not self._signer.signs_for_others:
            return None
        claims = {
            "exp": int(self._clock.now() + min(self._lifetimes.access_s, PASSED_ON_S)),
            "jti": secrets.token_hex(16),
            "iss": self._cluster_id,
            "sub": who.username,
            "groups": _claimed(who.groups, PASSED_ON_CHARACTERS_MAX),
            "provider": _provider_claim(who.provider_id, who.user_id or who.username),
            "api_key": False,
            "session_id": "",
            **self._cluster_claim(),
        }
        return self._signer.sign(claims)

    def _cluster_claim(self) -> dict[str, str]:
        """The claim by which other clusters tell this cluster's tokens from their own."""
        return {CLUSTER_CLAIM: self._cluster_id} if self._signer.signs_for_others and self._cluster_id else {}

    def _triple(self, session: LoginSession, groups: tuple[str, ...], issuer: str, now: float) -> TokenTriple:
        expires_at = int(min(now + self._lifetimes.access_s, session.expires_at))
        access = {
            "exp": expires_at,
            "jti": secrets.token_hex(16),
            "iss": issuer,
            "sub": session.username,
            "groups": _claimed(groups),
            "provider": _provider_claim(session.provider_id, session.user_id or session.username),
            "api_key": False,
            "session_id": session.id,
            **self._cluster_claim(),
        }
        refresh = {
            "exp": int(session.expires_at),
            "iat": int(session.refreshed_at),
            "jti": session.refresh_id,
            "sub": session.username,
            "session_id": session.id,
        }
        return TokenTriple(
            access_token=self._signer.sign(access),
            expires_at=expires_at,
            refresh_token=self._signer.sign(refresh),
        )


def _user_elsewhere(claims: dict[str, Any], cluster_id: str) -> Principal | None:
    """The user of a token that another cluster has issued; groups that the product itself uses are left out."""
    cluster, groups = claims.get(CLUSTER_CLAIM), claims.get("groups")
    if not cluster_id or not isinstance(cluster, str) or cluster in ("", cluster_id) or not isinstance(groups, list):
        return None
    kept = tuple(group for group in groups if isinstance(group, str) and not group.startswith(RESERVED))
    return Principal(claims["sub"], kept, f"{OTHER_CLUSTERS}/{cluster}", claims["sub"])


def _claimed(groups: Sequence[str], characters_max: int = CLAIMED_CHARACTERS_MAX) -> list[str]:
    """The groups of a user in its token, as far as they fit; what the user may do follows from its session."""
    claimed, characters = list[str](), 0
    for group in groups:
        characters += len(group)
        if characters > characters_max:
            break
        claimed.append(group)
    return claimed


def _provider_claim(provider_id: str, user_id: str) -> dict[str, str]:
    """The claim for the provider that Go clients read; `basic` has no type, as recorded."""
    of_type, slash, _ = provider_id.partition("/")
    return {"provider_id": provider_id, "provider_type": of_type if slash else "", "user_id": user_id}


def _is_access(claims: dict[str, Any]) -> bool:
    return isinstance(claims.get("provider"), dict) and _names_session(claims)


def _is_refresh(claims: dict[str, Any]) -> bool:
    return "provider" not in claims and _names_session(claims) and isinstance(claims.get("jti"), str)


def _names_session(claims: dict[str, Any]) -> bool:
    return (
        isinstance(claims.get("sub"), str)
        and isinstance(claims.get("session_id"), str)
        and isinstance(claims.get("exp"), int | float)
    )
