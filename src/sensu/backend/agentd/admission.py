"""Decides which handshakes are accepted.

Source: recorded scenario handshake; docs, "Health and ready" of the agents' port.
"""

import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from sensu.backend.agentd.counts import Counts
from sensu.backend.agentd.session import AuthenticatedAgent
from sensu.backend.auth.attempts import TooManyAttempts
from sensu.backend.auth.credentials import Credentials
from sensu.backend.auth.identity import NO_CREDENTIALS, Identity, Rejected, Via
from sensu.backend.auth.providers import PasswordLogin, ProviderUnavailable
from sensu.backend.pacing import PerMinute
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.rules.names import name_problem
from sensu.token_bucket import TokenBucket
from sensu.transport import handshake, registration
from sensu.transport.backend_socket import Accepted, Session
from sensu.transport.handshake import Agreement
from sensu.transport.http1 import PLAIN, HTTPAnswer, HTTPRequest, error
from sensu.transport.registration import Registration

log = logging.getLogger("sensu.agentd")

WAITING_MAX = 5000
REFUSALS_LOGGED_A_MINUTE_MAX = 60
"""Further refused handshakes are only counted, so that the log cannot be flooded."""
RETRY_AFTER_S = 5

NOT_READY = "agentd temporarily unavailable during startup"
STORE_AWAY = "agentd temporarily unavailable because the database is"

Login = Callable[[PasswordLogin], Awaitable[Identity | Rejected | ProviderUnavailable]]
"""Authenticates an agent by the user name and password that it sends; raises TooManyAttempts."""

Authenticate = Callable[[Credentials], Awaitable[Identity | Rejected]]
"""Authenticates an agent by its certificate."""

Authorize = Callable[[Identity, str, str], bool]
"""Whether an identity may create events in a namespace as the agent of that name."""


@dataclass(frozen=True, slots=True)
class Admitters:
    """The checks that admission uses.

    A handshake takes one of the `tokens`, and is refused if there is none (None: there is no limit). `caught_up` raises
    StoreError while the store is away; `health` returns the JSON of the API's health endpoint.
    """

    login: Login
    authenticate: Authenticate
    authorize: Authorize
    namespace_exists: Callable[[str], bool]
    ready: Callable[[], bool]
    caught_up: Callable[[], Awaitable[None]]
    health: Callable[[], Awaitable[bytes]]
    tokens: TokenBucket | None = None


class Admission:
    """Decides about requests on the agents' port; if too many are waiting, others get 503 with `Retry-After`."""

    def __init__(
        self,
        ask: Admitters,
        new_session: Callable[[AuthenticatedAgent, Agreement], Session],
        backend_id: str,
        clock: Clock,
        counts: Counts,
        describe: Callable[[HTTPRequest], Registration],
    ) -> None:
        """`new_session` creates the session for a peer and the agreement with it; `describe` is for doctor."""
        self._ask, self._describe = ask, describe
        self._new_session = new_session
        self._backend_id = backend_id
        self._clock = clock
        self._counts = counts
        self._waiting = 0
        self._logged = PerMinute(clock, REFUSALS_LOGGED_A_MINUTE_MAX)

    async def decide(self, request: HTTPRequest) -> Accepted | HTTPAnswer:
        """Decide about a request; never raises."""
        try:
            if request.path == "/health":
                return HTTPAnswer(200, await self._ask.health(), PLAIN, until_close=True)
            if request.path == "/ready":
                return await self._readiness()
            if request.path not in ("/", registration.PATH):
                return error(404, "404 page not found")
            decision = await self._decide_handshake(request)
        except StoreError:
            decision = _unavailable(STORE_AWAY)
        except Exception:
            log.exception("handshake failed")
            decision = error(500, "Internal Server Error")
        if isinstance(decision, HTTPAnswer) and decision.status != 200:
            self._refused(request, decision)
        return decision

    async def _readiness(self) -> HTTPAnswer:
        if not self._ask.ready():
            return _not_ready()
        try:
            await self._ask.caught_up()
        except StoreError:
            return _unavailable(STORE_AWAY)
        return HTTPAnswer(200, b"ready\n", PLAIN)

    async def _decide_handshake(self, request: HTTPRequest) -> Accepted | HTTPAnswer:
        if not self._ask.ready():
            return _not_ready()
        if self._waiting >= WAITING_MAX:
            return _unavailable("too many handshakes")
        tokens = self._ask.tokens
        if tokens is not None and not tokens.take():
            wait_s = math.ceil(tokens.wait_s())
            return error(429, "too many agents connect at the same time", (("Retry-After", str(wait_s)),))
        began = self._clock.monotonic()
        describes = request.path == registration.PATH
        self._waiting += 1
        try:
            await self._ask.caught_up()
            decision = await (self._authorized if describes else self._check_credentials)(request)
        except TooManyAttempts as err:
            decision = error(429, str(err), (("Retry-After", str(err.retry_after_s)),))
        finally:
            self._waiting -= 1
        if isinstance(decision, HTTPAnswer):
            return decision
        if describes:
            return HTTPAnswer(200, msgspec.json.encode(self._describe(request)), handshake.JSON_TYPE)
        self._counts.upgraded(self._clock.monotonic() - began)
        return self._accept(request, decision)

    async def _authorized(self, request: HTTPRequest) -> Identity | HTTPAnswer:
        namespace, agent = request.header("sensu-namespace"), request.header("sensu-agentname")
        who = await self._who(request, agent)
        if isinstance(who, HTTPAnswer):
            return who
        if not self._ask.authorize(who, namespace, agent):
            return error(403, "Forbidden")
        if not namespace or not self._ask.namespace_exists(namespace):
            return error(404, f'namespace "{namespace}" not found')
        return who

    async def _check_credentials(self, request: HTTPRequest) -> Identity | HTTPAnswer:
        who = await self._authorized(request)
        if isinstance(who, HTTPAnswer):
            return who
        why = handshake.upgrade_problem(request)
        if why is not None:
            return why
        name_why = name_problem(request.header("sensu-agentname"))
        return who if name_why is None else error(400, f"agent name {name_why}")

    async def _who(self, request: HTTPRequest, agent: str) -> Identity | HTTPAnswer:
        """If a password is sent it must be correct, even with a valid certificate."""
        credentials = handshake.basic_credentials(request)
        if credentials is not None:
            user = await self._ask.login(PasswordLogin(*credentials, request.address))
            if isinstance(user, ProviderUnavailable):
                return _unavailable(user.why)
            return error(401, NO_CREDENTIALS.message) if isinstance(user, Rejected) else user
        if not request.certificate:
            return error(401, "missing credentials")
        found = await self._ask.authenticate(Credentials(certificate=request.certificate, agent=agent))
        return error(401, found.message) if isinstance(found, Rejected) else found

    def _accept(self, request: HTTPRequest, who: Identity) -> Accepted:
        agreement = handshake.backend_agreement(request)
        namespace, agent = request.header("sensu-namespace"), request.header("sensu-agentname")
        certificate = request.certificate if who.via is Via.CERTIFICATE else b""
        session = self._new_session(AuthenticatedAgent(who.username, namespace, agent, certificate), agreement)
        return Accepted(handshake.backend_headers(agreement, self._backend_id), session)

    def _refused(self, request: HTTPRequest, answer: HTTPAnswer) -> None:
        self._counts.handshake_refused(answer.status)
        suppressed = self._logged.admit()
        if suppressed is None:
            return
        log.warning(
            "handshake refused",
            extra=fields(
                agent=request.header("sensu-agentname")[:200],
                namespace=request.header("sensu-namespace")[:200],
                status=answer.status,
                address=request.address,
                error=answer.body.decode("utf-8", "replace").strip(),
                **({"suppressed": suppressed} if suppressed else {}),
            ),
        )


def _not_ready() -> HTTPAnswer:
    return _unavailable(NOT_READY)


def _unavailable(text: str) -> HTTPAnswer:
    return error(503, text, (("Retry-After", str(RETRY_AFTER_S)),))
