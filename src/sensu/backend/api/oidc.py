"""The endpoints of log-ins by OpenID Connect: to the provider, back from it, and from a code to tokens.

Source: docs, "OIDC reference" (`authorize`, `callback`).
"""

import contextlib
from collections.abc import Iterator, Sequence
from html import escape
from urllib.parse import urlencode

from sensu.backend.api.auth import AuthEndpoint, tokens_answer
from sensu.backend.api.errors import INVALID_ARGUMENT, NOT_FOUND, problem, refused, unauthenticated, unavailable
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, text, unstored
from sensu.backend.api.router import Route
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
        return await self._next(request, await self._sign_on.finish(_cookie_in(request), answer))

    async def _next(self, request: Request, outcome: ToBrowser | RefusedLogin) -> Response:
        if isinstance(outcome, RefusedLogin):
            response = await self._refused(request, outcome)
            cookie = ""
        else:
            response = Response(302, [(b"location", outcome.url.encode("ascii")), (b"content-length", b"0")])
            cookie = outcome.cookie
        lasts = "" if cookie else "; Max-Age=0"
        secure = "; Secure" if request.scope["scheme"] == "https" else ""
        setting = f"{COOKIE_NAME}={cookie}; Path={ROOT}; HttpOnly; SameSite=Lax{secure}{lasts}"
        response.headers.append((b"set-cookie", setting.encode("ascii")))
        return unstored(response)

    async def _refused(self, request: Request, refusal: RefusedLogin) -> Response:
        reason = ": ".join(filter(None, (refusal.provider_id, refusal.why)))
        with contextlib.suppress(StoreError):
            await self._audit.login_refused(refusal.username, request.address, (reason,))
        return unavailable(refusal.why) if refusal.unavailable else problem(400, INVALID_ARGUMENT, refusal.why)

    async def token(self, request: Request) -> Response:
        """Tokens for the code of a log-in, or for a refresh token; at the web UI's port, a session in a cookie."""
        sent = await decoded(SignOnCode, request.json_body)
        if isinstance(sent, Invalid):
            return refused(sent)
        if sent.refresh_token:
            return await self._auth.refreshed(request, sent.refresh_token)
        found = await self._sign_on.redeemed(sent.code, sent.code_verifier, request.address)
        if isinstance(found, RefusedLogin):
            await self._refused(request, found)
            return unstored(unauthenticated(found.why))
        also = self._audit.of_login(found.who)
        triple = await self._tokens.issue(found.who, request.issuer, also, request.client, found.sealed)
        return tokens_answer(triple)


def _origins(request: Request) -> tuple[str, ...]:
    """The address that the browser uses; a proxy may add TLS."""
    host = request.header(b"host") or ""
    return f"http://{host}", f"https://{host}"


def _cookie_in(request: Request) -> str:
    for part in (request.header(b"cookie") or "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE_NAME and len(value) <= COOKIE_CHARACTERS_MAX:
            return value
    return ""


def _choice(request: Request, offered: Sequence[str], query: dict[str, str]) -> Response:
    """The providers to choose from: links for browsers, an error that names them for programs."""
    if "text/html" not in (request.header(b"accept") or ""):
        return problem(400, INVALID_ARGUMENT, f"provider must be one of {', '.join(offered)}")
    links = "".join(
        f'<li><a href="{escape(f"{ROOT}/authorize?" + urlencode({**query, "provider": one}))}">{escape(one)}</a></li>'
        for one in offered
    )
    page = f'<!DOCTYPE html><html lang="en"><title>Sensu: sign in</title><h1>Sign in with</h1><ul>{links}</ul></html>'
    response = text(page, content_type=b"text/html; charset=utf-8")
    response.headers.append((b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"))
    return unstored(response)
