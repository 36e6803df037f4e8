"""The authentication endpoints. Their error responses are plain text.

Source: docs, "API authentication"; recorded scenarios auth-login, auth-test, auth-token-refresh, auth-logout.
"""

import asyncio
import base64
import binascii
import contextlib
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, TypeVar

from sensu.backend.api.errors import unavailable
from sensu.backend.api.request import ClientGone, Request
from sensu.backend.api.responses import OK_EMPTY, Response, json, text
from sensu.backend.api.router import TEXT, Route
from sensu.backend.auth.attempts import TooManyAttempts
from sensu.backend.auth.authenticator import BEARER, Authenticator
from sensu.backend.auth.identity import Identity, Rejected
from sensu.backend.auth.providers import PasswordLogin, ProviderUnavailable
from sensu.backend.auth.tokens import Tokens, TokenTriple
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.payload import decoded
from sensu.errors import StoreError
from sensu.resources.wire import Wire, encode
from sensu.store.values import Write

T = TypeVar("T")

BASIC = "Basic "
_UNKNOWN = text("Unauthorized\n", status=401)
_UNAUTHORIZED = text("Request unauthorized\n", status=401)
_NOT_A_LOGIN = text("a user name and password are needed, not an access token\n", status=400)
_NOT_A_TOKEN = text("invalid access token\n", status=400)


class RefreshToken(Wire, frozen=True):
    """The body of requests to refresh tokens or to log out."""

    refresh_token: str = ""


def routes(endpoint: "AuthEndpoint") -> Iterator[Route]:
    """The routes of login, its test, token refresh and logout."""
    yield Route("GET", "/auth", endpoint.login, open=True, gives=TokenTriple)
    yield Route("GET", "/auth/test", endpoint.test, open=True, media_type=TEXT)
    yield Route("POST", "/auth/token", endpoint.refresh, open=True, takes=RefreshToken, gives=TokenTriple)
    yield Route("POST", "/auth/logout", endpoint.logout, open=True, takes=RefreshToken, media_type=TEXT)


class AuthEndpoint:
    """Handles requests for tokens."""

    def __init__(self, authenticator: Authenticator, tokens: Tokens, audit: AuditLog) -> None:
        self._audit = audit
        self._authenticator = authenticator
        self._tokens = tokens

    async def login(self, request: Request) -> Response:
        """Log in with a user name and password."""
        who = await self._proved(request)
        if isinstance(who, Identity):
            return tokens_answer(
                await self._tokens.issue(who, request.issuer, self._audit.of_login(who), request.client)
            )
        return _UNKNOWN if who is None else who

    async def test(self, request: Request) -> Response:
        """Check a user name and password."""
        who = await self._proved(request)
        return OK_EMPTY if isinstance(who, Identity) else _UNAUTHORIZED if who is None else who

    async def refresh(self, request: Request) -> Response:
        """Refresh the tokens of a session."""
        authorization = request.header(b"authorization") or ""
        if authorization.startswith(BASIC):
            return _NOT_A_TOKEN
        if not authorization:
            return _UNAUTHORIZED
        sent = await decoded(RefreshToken, request.body)
        if isinstance(sent, Invalid):
            return text(f"{sent.why}\n", status=400)
        return await self.refreshed(request, sent.refresh_token)

    async def refreshed(self, request: Request, refresh_token: str) -> Response:
        """The tokens for a refresh token and the access token in the header."""
        authorization = request.header(b"authorization") or ""
        access_token = authorization.removeprefix(BEARER) if authorization.startswith(BEARER) else ""
        triple = await self._tokens.refresh(access_token, refresh_token, request.issuer, self._audit.of_refused_session)
        if isinstance(triple, ProviderUnavailable):
            return unavailable(triple.why)
        return _UNAUTHORIZED if isinstance(triple, Rejected) else tokens_answer(triple)

    async def logout(self, request: Request) -> Response:
        """Log out: end the session of the tokens."""
        authorization = request.header(b"authorization") or ""
        if not authorization:
            return _UNAUTHORIZED
        sent = await decoded(RefreshToken, request.body)
        if isinstance(sent, Invalid):
            return text(f"{sent.why}\n", status=400)
        if authorization.startswith(BASIC):
            who = await self._proved(request)
            if not isinstance(who, Identity):
                return _UNAUTHORIZED if who is None else who
            also = self._audit.of_logout(who)
            rejected = await self._tokens.logout_user(who.username, sent.refresh_token, also)
        else:
            access_token = authorization.removeprefix(BEARER) if authorization.startswith(BEARER) else ""

            def entry(username: str) -> Sequence[Write]:
                return self._audit.of_logout(Identity(username, (), address=request.address))

            rejected = await self._tokens.logout(access_token, sent.refresh_token, entry)
        return OK_EMPTY if rejected is None else _UNAUTHORIZED

    async def _proved(self, request: Request) -> Identity | Response | None:
        """The user, if the password is correct; None if it is not, an error response if there are no credentials."""
        authorization = request.header(b"authorization") or ""
        if authorization.startswith(BASIC):
            username, password = username_and_password(authorization)
            try:
                login = PasswordLogin(username, password, request.address)
                who = await while_connected(request, self._authenticator.login(login))
            except TooManyAttempts as err:
                return _too_many(err)
            if isinstance(who, Identity):
                return who
            with contextlib.suppress(StoreError):
                shown = self._authenticator.shown_name(login, who)
                await self._audit.login_refused(shown, request.address, who.reasons)
            return unavailable(who.why) if isinstance(who, ProviderUnavailable) else None
        if authorization.startswith(BEARER) and isinstance(
            self._authenticator.authenticate(request.credentials), Identity
        ):
            return _NOT_A_LOGIN
        return _UNAUTHORIZED


def _too_many(err: TooManyAttempts) -> Response:
    response = text(f"{err}\n", status=429)
    response.headers.append((b"retry-after", b"%d" % err.retry_after_s))
    return response


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled if the client disconnects; raises ClientGone."""
    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(request.gone())
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone("the client has disconnected")
        return working.result()
    finally:
        working.cancel()
        gone.cancel()


def tokens_answer(triple: TokenTriple) -> Response:
    """The answer to a log-in or a refresh, which no cache keeps."""
    response = json(encode(triple))
    response.headers.append((b"cache-control", b"no-store"))
    return response


def username_and_password(authorization: str) -> tuple[str, str]:
    """The user name and password of a Basic header; both are empty if it has none."""
    try:
        decoded_text = base64.b64decode(authorization[len(BASIC) :], validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    username, colon, password = decoded_text.partition(":")
    return (username, password) if colon else ("", "")
