"""A log-in in the browser: it goes to the provider, comes back with a code, and ends with a code of our own.

Nothing is stored until the user is known: what belongs to a log-in is sealed in a cookie, so that any backend of a
cluster can go on with it. Tokens are never in a URL: the program that began the log-in gets a code, which is good once,
for a minute, and only for the program that knows the verifier of its challenge.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

import msgspec

from sensu.backend.auth.attempts import Guesses, origin_of
from sensu.backend.auth.identity import Identity, Principal, Via, identity_of
from sensu.backend.auth.oidc.provider import OIDC
from sensu.backend.auth.providers import Providers, ProviderUnavailable
from sensu.backend.auth.sealing import PREFIX, Sealing
from sensu.backend.outgoing import ServerOutOfReach
from sensu.clock import Clock
from sensu.errors import InvalidResource
from sensu.resources.wire import Wire, decode, encode
from sensu.rules import oidc as rules
from sensu.rules.directory import Mistake
from sensu.rules.etag import etag
from sensu.store.contract import Store
from sensu.store.values import DeleteResource, Key, Must, PutResource, Refused, Write

LOG_IN_S = 600.0
"""How long a user may take to log in at the provider."""
CODE_S = 60.0
CODE_KIND = "internal/v1.SignOnCode"
CODES_MAX = 1_000
"""The maximum number of codes that wait to be redeemed; further log-ins are refused meanwhile."""
REFUSED = "oidc"
"""Under which refused log-ins of an address are counted, of all providers together."""
PLACE = "a log-in by OpenID Connect"
VISIT_PLACE = "a browser that signs in by OpenID Connect"
_URL_SAFE, _STANDARD = str.maketrans("+/", "-_"), str.maketrans("-_", "+/")
EXPIRED = Mistake("the log-in is unknown or took more than 10 minutes; start again")


class BegunLogin(Wire, frozen=True):
    """What belongs to a log-in that began; it is sealed in a cookie."""

    provider: str = ""
    version: str = ""
    state: str = ""
    nonce: str = ""
    verifier: str = ""
    redirect_uri: str = ""
    callback: str = ""
    challenge: str = ""
    until: float = 0.0
    consent: bool = False

    def with_secrets(self) -> "BegunLogin":
        """The same with new secrets: they are for one way to the provider."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return msgspec.structs.replace(self, state=state, nonce=nonce, verifier=verifier)


class WebVisit(Wire, frozen=True):
    """A browser that signs in to the web UI: what redeems its code, and the page that it returns to; in a cookie."""

    verifier: str = ""
    page: str = ""
    until: float = 0.0


class KnownUser(Wire, frozen=True):
    """A user who has logged in, until its program redeems the code."""

    username: str = ""
    groups: tuple[str, ...] = ()
    provider_id: str = ""
    user_id: str = ""
    sealed: str = ""
    challenge: str = ""
    until: float = 0.0


_Sealed = TypeVar("_Sealed", BegunLogin, WebVisit)
_Outcome = TypeVar("_Outcome")


@dataclass(frozen=True, slots=True)
class ToBrowser:
    """Where a browser goes next, with the cookie of its log-in, empty if it is over."""

    url: str
    cookie: str = ""


@dataclass(frozen=True, slots=True)
class RefusedLogin:
    """Why a log-in ends; `username` is the user's name if it is known."""

    why: str
    provider_id: str = ""
    username: str = ""
    unavailable: bool = False


@dataclass(frozen=True, slots=True)
class RedeemedLogin:
    """A user who has logged in, and what its session keeps for its provider, sealed."""

    who: Identity
    sealed: str


class SignOn:
    """Log-ins at the providers of the type `oidc`."""

    def __init__(self, store: Store, providers: Providers, sealing: Sealing, clock: Clock) -> None:
        self._store = store
        self._providers = providers
        self._sealing = sealing
        self._clock = clock
        self._refusals = Guesses(clock, "refused log-ins")

    def offered(self) -> tuple[str, ...]:
        """The names of the providers that users can log in at."""
        return tuple(one.resource.metadata.name for one in self._providers.all_configured() if isinstance(one, OIDC))

    def _provider(self, name: str) -> OIDC | None:
        found = self._providers.configured(name)
        return found if isinstance(found, OIDC) else None

    async def begin(self, name: str, callback: str, challenge: str, redirect_uri: str) -> ToBrowser | RefusedLogin:
        """Send a browser to a provider; `callback` is where it returns to and has been checked."""
        provider = self._provider(name)
        if provider is None:
            return RefusedLogin(f'no provider of the type oidc has the name "{name}"')
        begun = BegunLogin(
            provider=name,
            version=provider.version,
            redirect_uri=provider.resource.redirect_uri or redirect_uri,
            callback=callback,
            challenge=challenge,
            until=self._clock.now() + LOG_IN_S,
        )
        return await self._sent(provider, begun)

    async def _sent(self, provider: OIDC, begun: BegunLogin) -> ToBrowser | RefusedLogin:
        """A browser on its way to the provider, with new secrets."""
        try:
            endpoints = await provider.published.endpoints()
        except ServerOutOfReach as err:
            return _away(provider, provider.unavailable(str(err)))
        if isinstance(endpoints, Mistake):
            return RefusedLogin(endpoints.why, provider.id)
        begun = begun.with_secrets()
        named = {
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": rules.challenge_of(begun.verifier),
        }
        url = rules.authorization_url(endpoints, provider.resource, begun.redirect_uri, named, consent=begun.consent)
        return ToBrowser(url, _as_cookie(self._sealing.seal(encode(begun).decode(), PLACE)))

    async def finish(self, cookie: str, answer: Mapping[str, str], address: str) -> ToBrowser | RefusedLogin:
        """What follows when a browser comes back from the provider: its callback with a code, or a refusal.

        Raises TooManyAttempts.
        """
        return await self._counted(address, lambda: self._finished(cookie, answer))

    async def _counted(
        self, address: str, attempt: Callable[[], Awaitable[_Outcome | RefusedLogin]]
    ) -> _Outcome | RefusedLogin:
        """What an attempt comes to; the refusals of an address are counted. Raises TooManyAttempts."""
        origin = origin_of(address)
        self._refusals.check(REFUSED, origin)
        outcome = await attempt()
        if not isinstance(outcome, RefusedLogin):
            self._refusals.right(REFUSED, origin)
        elif not outcome.unavailable:
            self._refusals.wrong(REFUSED, origin, secrets.token_bytes(8))
        return outcome

    async def _finished(self, cookie: str, answer: Mapping[str, str]) -> ToBrowser | RefusedLogin:
        begun = self._begun(cookie)
        if begun is None:
            return RefusedLogin(EXPIRED.why)
        provider = self._provider(begun.provider)
        if provider is None or provider.version != begun.version:
            return RefusedLogin("the provider was changed during the log-in; start again", f"oidc/{begun.provider}")
        found = await self._user(provider, begun, answer)
        if isinstance(found, ProviderUnavailable):
            return _away(provider, found)
        if isinstance(found, Mistake):
            return RefusedLogin(found.why, provider.id)
        if not found.sealed and not provider.resource.disable_offline_access and not begun.consent:
            return await self._sent(provider, msgspec.structs.replace(begun, consent=True))
        return await self._told(provider, begun, found)

    def begin_visit(self, page: str) -> tuple[WebVisit, str]:
        """A new visit of a browser that signs in to the web UI, and its cookie."""
        visit = WebVisit(secrets.token_urlsafe(32), page, self._clock.now() + LOG_IN_S + CODE_S)
        return visit, _as_cookie(self._sealing.seal(encode(visit).decode(), VISIT_PLACE))

    def visit(self, cookie: str) -> WebVisit | None:
        """The visit of a cookie, unless it took too long."""
        return self._opened(WebVisit, cookie, VISIT_PLACE)

    def _begun(self, cookie: str) -> BegunLogin | None:
        return self._opened(BegunLogin, cookie, PLACE)

    def _opened(self, kind: type[_Sealed], cookie: str, place: str) -> _Sealed | None:
        """What is sealed in a cookie, None if it is not ours or its time is over."""
        opened = self._sealing.opened(_from_cookie(cookie), place) if cookie else None
        try:
            found = None if opened is None else decode(kind, opened)
        except InvalidResource:
            return None
        return None if found is None or self._clock.now() >= found.until else found

    async def _user(
        self, provider: OIDC, begun: BegunLogin, answer: Mapping[str, str]
    ) -> Principal | Mistake | ProviderUnavailable:
        try:
            endpoints = await provider.published.endpoints()
        except ServerOutOfReach as err:
            return provider.unavailable(str(err))
        if isinstance(endpoints, Mistake):
            return endpoints
        problem = rules.answer_problem(endpoints, answer, begun.state)
        if problem is not None:
            return problem
        return await provider.user_of_code(answer["code"], begun.verifier, begun.nonce, begun.redirect_uri)

    async def _told(self, provider: OIDC, begun: BegunLogin, user: Principal) -> ToBrowser | RefusedLogin:
        """The browser on its way to the callback, with a code for the program that began the log-in."""
        now, code = self._clock.now(), secrets.token_urlsafe(32)
        waiting = await self._store.list(CODE_KIND, None, limit=CODES_MAX)
        old = [one.key for one in waiting.items if decode(KnownUser, one.body).until <= now]
        if len(waiting.items) - len(old) >= CODES_MAX:
            return RefusedLogin(
                "too many users log in at the same time, try again later", provider.id, unavailable=True
            )
        body = encode(
            KnownUser(
                username=user.username,
                groups=user.groups,
                provider_id=user.provider_id,
                user_id=user.user_id,
                sealed=user.sealed,
                challenge=begun.challenge,
                until=now + CODE_S,
            )
        )
        key = Key(CODE_KIND, "", _id_of(code))
        swept: list[Write] = [DeleteResource(one, Must.ANY) for one in old]
        await self._store.commit([PutResource(key, body, etag(body)), *swept])
        return ToBrowser(rules.with_parameters(begun.callback, code=code))

    async def redeemed(self, code: str, verifier: str, address: str) -> RedeemedLogin | RefusedLogin:
        """The user of a code; the code is used up, whatever comes of it.

        Raises StoreError and TooManyAttempts.
        """
        return await self._counted(address, lambda: self._redeemed(code, verifier, address))

    async def _redeemed(self, code: str, verifier: str, address: str) -> RedeemedLogin | RefusedLogin:
        key = Key(CODE_KIND, "", _id_of(code))
        stored = await self._store.get(key)
        if stored is None or isinstance(await self._store.commit([DeleteResource(key)]), Refused):
            return RefusedLogin("the code is unknown, or was used before")
        known = decode(KnownUser, stored.body)
        if self._clock.now() >= known.until:
            return RefusedLogin("the code has expired", known.provider_id, known.username)
        if not rules.answers_challenge(verifier, known.challenge):
            return RefusedLogin("the code is for another program", known.provider_id, known.username)
        if self._providers.get(known.provider_id) is None:
            return RefusedLogin("the provider was deleted during the log-in", known.provider_id, known.username)
        user = Principal(known.username, known.groups, known.provider_id, known.user_id)
        who = msgspec.structs.replace(identity_of(user, Via.BASIC), address=address)
        return RedeemedLogin(who, known.sealed)


def _id_of(code: str) -> str:
    return sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def _as_cookie(sealed: str) -> str:
    """A sealed value without the characters that some programs quote in cookies."""
    return sealed.removeprefix(PREFIX).translate(_URL_SAFE).rstrip("=")


def _from_cookie(cookie: str) -> str:
    return cookie.translate(_STANDARD) + "=" * (-len(cookie) % 4)


def _away(provider: OIDC, found: ProviderUnavailable) -> RefusedLogin:
    return RefusedLogin(found.why, provider.id, unavailable=True)
