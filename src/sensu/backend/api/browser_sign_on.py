"""The endpoints with which browsers sign in to the web UI at an identity provider.

The backend keeps the verifier of the log-in in a sealed cookie, so the page needs no script for it, and a code that
another browser got is of no use.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from sensu.backend.api.errors import NOT_FOUND, problem
from sensu.backend.api.oidc import (
    ROOT,
    cookie_of_login,
    redirect,
    refused_login,
    to_browser,
    with_cookie_of_login,
)
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, unstored
from sensu.backend.api.router import Route
from sensu.backend.api.sessions import ELSEWHERE, is_tls, with_cookie
from sensu.backend.auth.cookies import set_cookie
from sensu.backend.auth.credentials import COOKIE
from sensu.backend.auth.oidc.flow import EXPIRED, RefusedLogin, SignOn
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.sessions import LoginSessions
from sensu.rules.kinds.oidc_provider import CALLBACK_PATH
from sensu.rules.oidc import challenge_of, page_path

VISIT_COOKIE = "sensu-sign-on"


def routes(sign_on: SignOn, sessions: LoginSessions, audit: AuditLog, web_url: str) -> Iterator[Route]:
    """The way of a browser to a provider and back; `web_url` is the URL of the web UI, empty if it is not set."""
    endpoint = BrowserSignOnEndpoint(sign_on, sessions, audit, web_url)
    queries = {"provider": "The name of the provider.", "page": "The path of the web UI to return to."}
    yield Route("GET", f"{ROOT}/sign-in", endpoint.begin, open=True, queries=queries, status=302)
    queries = {"code": "The code of the log-in."}
    yield Route("GET", f"{ROOT}/signed-in", endpoint.finish, open=True, queries=queries, status=302)


class BrowserSignOnEndpoint:
    """The requests of browsers, only at the web UI's port."""

    def __init__(self, sign_on: SignOn, sessions: LoginSessions, audit: AuditLog, web_url: str) -> None:
        self._sign_on = sign_on
        self._sessions = sessions
        self._audit = audit
        self._web_url = web_url

    async def begin(self, request: Request) -> Response:
        """Send a browser to its identity provider."""
        if request.scope.get(COOKIE) is None:
            return problem(404, NOT_FOUND, ELSEWHERE)
        origin = self._origin(request)
        visit, cookie = self._sign_on.begin_visit(page_path(request.parameter("page") or ""))
        outcome = await self._sign_on.begin(
            request.parameter("provider") or "",
            f"{origin}{ROOT}/signed-in",
            challenge_of(visit.verifier),
            f"{origin}{CALLBACK_PATH}",
        )
        secure = origin.startswith("https:")
        response = await to_browser(request, outcome, self._audit, secure=secure)
        return with_cookie_of_login(response, VISIT_COOKIE, cookie, secure=secure)

    async def finish(self, request: Request) -> Response:
        """Begin the session of a browser that comes back, and show the page where it was."""
        cookie_before = request.scope.get(COOKIE)
        if cookie_before is None:
            return problem(404, NOT_FOUND, ELSEWHERE)
        visit = self._sign_on.visit(cookie_of_login(request, VISIT_COOKIE))
        if visit is None:
            return unstored(await refused_login(request, RefusedLogin(EXPIRED.why), self._audit))
        code = request.parameter("code") or ""
        user = await self._sign_on.redeemed(code, visit.verifier, request.address)
        if isinstance(user, RefusedLogin):
            return unstored(await refused_login(request, user, self._audit))
        begun = await self._sessions.begin(user.who, request.client, cookie_before, user.sealed)
        secure = self._origin(request).startswith("https:")
        response = with_cookie(redirect(visit.page), set_cookie(begun.cookie, tls=is_tls(request), secure=secure))
        return with_cookie_of_login(response, VISIT_COOKIE, "", secure=secure)

    def _origin(self, request: Request) -> str:
        """The origin of the web UI as the browser knows it; a proxy that adds TLS is known by the URL of the web UI."""
        host = request.header(b"host") or ""
        configured = urlsplit(self._web_url)
        return f"{configured.scheme if configured.netloc == host else request.scope['scheme']}://{host}"
