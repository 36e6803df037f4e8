"""The endpoints of log-ins by OpenID Connect: to the provider, back from it, and from a code to tokens.

Source: docs, "OIDC reference" (`authorize`, `callback`).
"""

import contextlib
from collections.abc import Iterator, Sequence
from html import escape
from urllib.parse import urlencode

from sensu.backend.api.auth import AuthEndpoint, tokens_answer
from sensu.backend.api.errors import INVALID_ARGUMENT, NOT_FOUND, problem, refused, unauthenticated, unavailable
from sensu.backend.api.plain_page import PLAIN_POLICY, plain_page
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, text, unstored
from sensu.backend.api.router import Route
from sensu.backend.auth.cookies import named_in
from sensu.backend.auth.oidc.flow import RefusedLogin, SignOn, ToBrowser
from sensu.backend.auth.tokens import Tokens, TokenTriple
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.payload import decoded
from sensu.errors import StoreError
from sensu.resources.wire import Wire
from sensu.rules.kinds.oidc_provider import CALLBACK_PATH
from sensu.rules.oidc import callback_problem, is_challenge

ROOT = CALLBACK_PATH.removesuffix("/callback")
COOKIE_NAME = "sensu-oidc"
COOKIE_CHARACTERS_MAX = 4_096


class SignOnCode(Wire, frozen=True):
    """A code and its verifier, or the refresh token of a session."""

    code: str = ""
    code_verifier: str = ""
    refresh_token: str = ""


def routes(sign_on: SignOn, tokens: Tokens, audit: AuditLog, auth: AuthEndpoint, own: Sequence[str]) -> Iterator[Route]:
    """The routes of log-ins; `own` are the URLs of the API and of the web UI, to which browsers may return."""
    endpoint = OIDCEndpoint(sign_on, tokens, audit, auth, own)
    queries = {
        "callback": "The URL to return to, of this computer or of this backend.",
        "code_challenge": "The S256 challenge of the verifier that redeems the code (RFC 7636).",
        "provider": "The provider, if there are several.",
    }
    yield Route("GET", f"{ROOT}/authorize", endpoint.authorize, open=True, queries=queries, status=302)
    queries = {"state": "From the provider.", "code": "From the provider."}
    yield Route("GET", f"{ROOT}/callback", endpoint.callback, open=True, queries=queries, status=302)
    yield Route("POST", f"{ROOT}/token", endpoint.token, open=True, takes=SignOnCode, gives=TokenTriple)


class OIDCEndpoint:
    """The requests of log-ins."""

    def __init__(
        self, sign_on: SignOn, tokens: Tokens, audit: AuditLog, auth: AuthEndpoint, own: Sequence[str]
    ) -> None:
        self._sign_on = sign_on
        self._tokens = tokens
        self._audit = audit
        self._auth = auth
        self._own = own

    async def authorize(self, request: Request) -> Response:
        """Send a browser to its identity provider."""
        callback, challenge = request.parameter("callback") or "", request.parameter("code_challenge") or ""
        why = callback_problem(callback, (*self._own, *_origins(request)))
        if not why and not is_challenge(challenge):
            why = "code_challenge must be the S256 challenge of the verifier that redeems the code"
        if why:
            return problem(400, INVALID_ARGUMENT, why)
        name, offered = request.parameter("provider") or "", self._sign_on.offered()
        if not offered:
            return problem(404, NOT_FOUND, "no provider has the type oidc")
        if not name and len(offered) > 1:
            return _choice(request, offered, {"callback": callback, "code_challenge": challenge})
        redirect_uri = f"{request.scope['scheme']}://{request.header(b'host') or ''}{CALLBACK_PATH}"
        return await self._next(
            request, await self._sign_on.begin(name or offered[0], callback, challenge, redirect_uri)
        )

    async def callback(self, request: Request) -> Response:
        """Take a browser back from its provider, and send it to the program that began the log-in."""
        answer = {name: values[0] for name, values in request.query.items()}
        return await self._next(
            request, await self._sign_on.finish(cookie_of_login(request, COOKIE_NAME), answer, request.address)
        )

    async def _next(self, request: Request, outcome: ToBrowser | RefusedLogin) -> Response:
        return await to_browser(request, outcome, self._audit, secure=request.scope["scheme"] == "https")

    async def token(self, request: Request) -> Response:
        """Tokens for the code of a log-in, or for a refresh token; at the web UI's port, a session in a cookie."""
        sent = await decoded(SignOnCode, request.json_body)
        if isinstance(sent, Invalid):
            return refused(sent)
        if sent.refresh_token:
            return await self._auth.refreshed(request, sent.refresh_token)
        found = await self._sign_on.redeemed(sent.code, sent.code_verifier, request.address)
        if isinstance(found, RefusedLogin):
            await refused_login(request, found, self._audit)
            return unstored(unauthenticated(found.why))
        also = self._audit.of_login(found.who)
        triple = await self._tokens.issue(found.who, request.issuer, also, request.client, found.sealed)
        return tokens_answer(triple)


def _origins(request: Request) -> tuple[str, ...]:
    """The address that the browser uses; a proxy may add TLS."""
    host = request.header(b"host") or ""
    return f"http://{host}", f"https://{host}"


async def to_browser(request: Request, outcome: ToBrowser | RefusedLogin, audit: AuditLog, *, secure: bool) -> Response:
    """Send a browser where its log-in goes on, with the cookie of the log-in; or say why the log-in ends."""
    if isinstance(outcome, RefusedLogin):
        return with_cookie_of_login(await refused_login(request, outcome, audit), COOKIE_NAME, "", secure=secure)
    return with_cookie_of_login(redirect(outcome.url), COOKIE_NAME, outcome.cookie, secure=secure)


async def refused_login(request: Request, refusal: RefusedLogin, audit: AuditLog) -> Response:
    """Why a log-in ends, which is audited: a page for browsers, an error for programs."""
    reason = ": ".join(filter(None, (refusal.provider_id, refusal.why)))
    with contextlib.suppress(StoreError):
        await audit.login_refused(refusal.username, request.address, (reason,))
    if not _is_browser(request):
        return unavailable(refusal.why) if refusal.unavailable else problem(400, INVALID_ARGUMENT, refusal.why)
    why = escape(refusal.why[:1].upper() + refusal.why[1:])
    body = f'<h1>Not signed in</h1><p>{why}.</p><p><a href="/">Sign in again</a></p>'
    return _page("Sensu: not signed in", body, 503 if refusal.unavailable else 400)


def redirect(url: str) -> Response:
    """Have a browser open another URL."""
    return Response(302, [(b"location", url.encode("ascii")), (b"content-length", b"0")])


def cookie_of_login(request: Request, name: str) -> str:
    """A cookie of a log-in, empty if the browser has none."""
    return named_in(request.header(b"cookie") or "", name, COOKIE_CHARACTERS_MAX)


def with_cookie_of_login(response: Response, name: str, value: str, *, secure: bool) -> Response:
    """The response, which sets a cookie of a log-in, or has the browser forget it if it is empty."""
    lasts, only = ("" if value else "; Max-Age=0"), ("; Secure" if secure else "")
    setting = f"{name}={value}; Path={ROOT}; HttpOnly; SameSite=Lax{only}{lasts}"
    response.headers.append((b"set-cookie", setting.encode("ascii")))
    return unstored(response)


def _is_browser(request: Request) -> bool:
    return "text/html" in (request.header(b"accept") or "")


def _page(title: str, body: str, status: int = 200) -> Response:
    response = text(plain_page(title, body).decode(), status=status, content_type=b"text/html; charset=utf-8")
    response.headers.append((b"content-security-policy", PLAIN_POLICY))
    return unstored(response)


def _choice(request: Request, offered: Sequence[str], query: dict[str, str]) -> Response:
    """The providers to choose from: links for browsers, an error that names them for programs."""
    if not _is_browser(request):
        return problem(400, INVALID_ARGUMENT, f"provider must be one of {', '.join(offered)}")
    links = "".join(
        f'<li><a href="{escape(f"{ROOT}/authorize?" + urlencode({**query, "provider": one}))}">{escape(one)}</a></li>'
        for one in offered
    )
    return _page("Sensu: sign in", f"<h1>Sign in with</h1><ul>{links}</ul>")
