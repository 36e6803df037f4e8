"""HTTP requests as endpoints see them."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from sensu.backend.auth.credentials import COOKIE, Credentials
from sensu.backend.auth.identity import Identity
from sensu.backend.services.pages import PageRequest
from sensu.backend.services.payload import Conditions
from sensu.errors import InvalidResource, SensuError

JSON = b"application/json"
FORM = "application/x-www-form-urlencoded"
MERGE_PATCH = "application/merge-patch+json"
_MEDIA_TYPE = re.compile(r"[!#$%&'*+.^_`|~\w-]+(/[!#$%&'*+.^_`|~\w-]+)?", re.ASCII)
BATCH = b"sensu-batch"
"""The header by which members tell each other which bulk request a request is part of."""
NOBODY = Identity("", ())

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class BodyTooLarge(SensuError):
    """The body of a request is larger than the limit."""


class ClientGone(SensuError):
    """The client disconnected before its request was read."""


class Request:
    """A request; `params` are the decoded variable segments of its path, in order."""

    __slots__ = ("_body_bytes_max", "_receive", "caller", "params", "scope")

    def __init__(
        self, scope: Mapping[str, Any], receive: Receive, params: Sequence[str], caller: Identity, body_bytes_max: int
    ) -> None:
        self.scope = scope
        self.params = params
        self.caller = caller
        self._receive = receive
        self._body_bytes_max = body_bytes_max

    def header(self, name: bytes) -> str | None:
        """The value of the first header of that name (in lower case), None if it was not sent."""
        return header(self.scope, name)

    @property
    def query(self) -> dict[str, list[str]]:
        """The query parameters by name."""
        return parse_qs(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)

    def parameter(self, name: str) -> str | None:
        """The first query parameter of that name, None if it was not sent."""
        values = self.query.get(name)
        return values[0] if values else None

    @property
    def page(self) -> PageRequest:
        """The page of a list that is requested.

        Source: recorded scenario checks-pagination (a limit that is not a number is ignored).
        """
        counted = self.is_head
        if not self.scope["query_string"]:
            return COUNTED if counted else WHOLE
        query = self.query
        return PageRequest(
            limit=_limit(query.get("limit", [""])[0]),
            after=query.get("continue", [""])[0],
            label_selectors=tuple(query.get("labelSelector", ())),
            field_selectors=tuple(query.get("fieldSelector", ())),
            counted=counted,
        )

    @property
    def conditions(self) -> Conditions:
        """The preconditions of the request."""
        return Conditions(self.header(b"if-match"), self.header(b"if-none-match"))

    @property
    def is_head(self) -> bool:
        """Whether the method is HEAD."""
        return bool(self.scope["method"] == "HEAD")

    async def gone(self) -> None:
        """Return when the client has disconnected."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    @property
    def credentials(self) -> Credentials:
        """The credentials in the request."""
        return credentials_of(self.scope)

    @property
    def address(self) -> str:
        """The network address of the client."""
        return address_of(self.scope)

    @property
    def client(self) -> str:
        """The program that sent the request, as it names itself."""
        return self.header(b"user-agent") or ""

    @property
    def issuer(self) -> str:
        """Scheme and address of the API, taken from the connection and not from headers: the issuer of tokens."""
        host, port = self.scope.get("server") or ("", 0)
        host = plain_address(host)
        return f"{self.scope['scheme']}://{f'[{host}]' if ':' in host else host}:{port}"

    async def body(self) -> bytes:
        """The whole body, of any type; raises BodyTooLarge, ClientGone."""
        declared = self.header(b"content-length")
        if declared is not None and int(declared) > self._body_bytes_max:
            raise BodyTooLarge("http: request body too large")
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone("the client has disconnected")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._body_bytes_max:
                raise BodyTooLarge("http: request body too large")
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)

    async def json_body(self) -> bytes:
        """The body of a request that must contain JSON. Any media type except a form's is accepted.

        Clients of the enterprise APIs may name a form's, as curl does by itself. Raises InvalidResource, BodyTooLarge.
        Source: recorded scenario http-bodies (no type, or a form's: no body); docs, "enterprise/store/v1" (examples).
        """
        for name, value in self.scope["headers"]:
            if name == b"content-type":
                if value != JSON and not (value == FORM.encode() and self._is_enterprise):
                    _check_media_type(value.decode("latin-1"))
                return await self.body()
        raise InvalidResource("the request has no JSON body: the Content-Type header is missing")

    @property
    def _is_enterprise(self) -> bool:
        return str(self.scope.get("path", "")).startswith("/api/enterprise/")

    async def merge_patch_body(self) -> bytes:
        """The body of a request that must contain a merge patch; raises InvalidResource, BodyTooLarge."""
        media_type = self.header(b"content-type") or FORM
        if media_type == "application/json-patch+json":
            raise InvalidResource(f"JSON Patch is not supported yet. Allowed values: {MERGE_PATCH}")
        if media_type != MERGE_PATCH:
            raise InvalidResource(f"invalid Content-Type header: {media_type}.  Allowed values: {MERGE_PATCH}")
        return await self.body()


WHOLE = PageRequest()
COUNTED = PageRequest(counted=True)
LIMIT_DIGITS_MAX = 12
"""A limit with more digits is larger than any list, and treated as no limit."""


def _limit(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LIMIT_DIGITS_MAX else 0


def header(scope: Mapping[str, Any], name: bytes) -> str | None:
    """The value of the first header of that name (in lower case), None if it was not sent."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")  # type: ignore[no-any-return]
    return None


def credentials_of(scope: Mapping[str, Any]) -> Credentials:
    """The credentials in a request."""
    return Credentials(header(scope, b"authorization"), address=address_of(scope), cookie=scope.get(COOKIE, ""))


def forces(scope: Mapping[str, Any]) -> bool:
    """Whether the query contains `force=true`, which permits changes that would otherwise be refused."""
    query: bytes = scope["query_string"]
    return b"force=" in query and parse_qs(query.decode("latin-1")).get("force") in (["true"], ["1"])


def address_of(scope: Mapping[str, Any]) -> str:
    """The network address of the client, empty if it is unknown."""
    client = scope.get("client")
    return plain_address(client[0]) if client else ""


def plain_address(address: str) -> str:
    """The address, with IPv4 addresses that are mapped to IPv6 turned back into IPv4."""
    return address.removeprefix("::ffff:") if "." in address else address


def _check_media_type(value: str) -> None:
    media_type = value.partition(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise InvalidResource(f"invalid Content-Type header: {value}")
    if media_type == FORM:
        raise InvalidResource(f"the request has no JSON body: its Content-Type header is {FORM}")
