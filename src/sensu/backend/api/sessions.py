"""The endpoints of log-in sessions: signing in and out at the web UI's port, and the list of sessions."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from sensu.backend.api.audit import OWN
from sensu.backend.api.auth import while_connected
from sensu.backend.api.errors import NOT_FOUND, deleted, found, problem, refused, unauthenticated, unavailable
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, json, unstored
from sensu.backend.api.router import Route
from sensu.backend.api.same_user import is_from_same_user
from sensu.backend.auth.authenticator import Authenticator
from sensu.backend.auth.cookies import cleared_cookie, set_cookie
from sensu.backend.auth.credentials import COOKIE
from sensu.backend.auth.identity import Identity, Rejected
from sensu.backend.auth.providers import PasswordLogin, ProviderUnavailable
from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.payload import decoded
from sensu.backend.services.sessions import LoginSessions, SessionViews, ShellState, SignedIn, SignIn
from sensu.resources.wire import encode

_WRONG = "user name or password is wrong"
ELSEWHERE = "browsers sign in at the web UI's port"


def routes(sessions: LoginSessions, authenticator: Authenticator) -> Iterator[Route]:
    """The browser's own session, and all sessions that the caller may see."""
    endpoint = SessionEndpoint(sessions, authenticator)
    own = "/auth/session"
    queries = {"namespace": "The namespace whose rights are returned."}
    yield Route("GET", own, endpoint.state, open=True, gives=ShellState, queries=queries)
    yield Route("POST", own, endpoint.sign_in, open=True, takes=SignIn, gives=SignedIn)
    yield Route("DELETE", own, endpoint.sign_out, open=True, status=204)
    queries = {"username": "Only the sessions of this user."}
    yield Route("GET", f"{OWN}/sessions", endpoint.listing, gives=SessionViews, queries=queries)
    yield Route("DELETE", f"{OWN}/sessions/{{id}}", endpoint.end, status=204)


class SessionEndpoint:
    """The requests on sessions."""

    def __init__(self, sessions: LoginSessions, authenticator: Authenticator) -> None:
        self._sessions = sessions
        self._authenticator = authenticator

    async def state(self, request: Request) -> Response:
        """What the web UI starts with: who is signed in, with which rights, and settings for everybody."""
        proved = self._authenticator.authenticate(request.credentials)
        caller = proved if isinstance(proved, Identity) else None
        state = await self._sessions.state(caller, request.parameter("namespace") or "")
        if not state.initialised and request.scope.get(COOKIE) is not None:
            state = msgspec.structs.replace(state, may_initialise=is_from_same_user(request.scope))
        return unstored(json(encode(state)))

    async def sign_in(self, request: Request) -> Response:
        """A session for a browser, in a cookie that scripts cannot read; only at the web UI's port."""
        cookie_before = request.scope.get(COOKIE)
        if cookie_before is None:
            return problem(404, NOT_FOUND, ELSEWHERE)
        sent = await decoded(SignIn, request.json_body)
        if isinstance(sent, Invalid):
            return refused(sent)
        login = PasswordLogin(sent.username, sent.password, request.address)
        begun = await while_connected(request, self._sessions.sign_in(login, request.client, cookie_before))
        if isinstance(begun, ProviderUnavailable):
            return unavailable(begun.why)
        if isinstance(begun, Rejected):
            return unstored(unauthenticated(_WRONG))
        secure = urlsplit(request.header(b"origin") or "").scheme == "https"
        return with_cookie(json(encode(begun.told)), set_cookie(begun.cookie, tls=is_tls(request), secure=secure))

    async def sign_out(self, request: Request) -> Response:
        """The session of the cookie ended, and the cookie forgotten; only at the web UI's port."""
        cookie = request.scope.get(COOKIE)
        if cookie is None:
            return problem(404, NOT_FOUND, ELSEWHERE)
        await self._sessions.sign_out(cookie, request.address)
        return with_cookie(Response(204, []), cleared_cookie(tls=is_tls(request)))

    async def listing(self, request: Request) -> Response:
        """The caller's sessions, or those of all users for callers who may list users; last used first."""
        return unstored(found(self._sessions.listing(request.caller, request.parameter("username") or "")))

    async def end(self, request: Request) -> Response:
        """A session ended, with its live streams."""
        return deleted(await self._sessions.end(request.caller, request.params[0]))


def is_tls(request: Request) -> bool:
    """Whether a request came over TLS."""
    return bool(request.scope["scheme"] == "https")


def with_cookie(response: Response, cookie: str) -> Response:
    """The response, which sets a cookie."""
    response.headers.append((b"set-cookie", cookie.encode("ascii")))
    return unstored(response)
