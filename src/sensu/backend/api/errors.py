"""Maps outcomes of use cases to HTTP responses. No other module does.

Endpoints report errors as `{"message", "code"}`; authentication and authorization, which come before the endpoint,
report them as `{"Code", "Message"}`.
Source: docs, "API errors"; recorded scenarios rbac-401-403-404, auth-headers, http-methods.
"""

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from sensu.backend.api.responses import (
    CREATED,
    NO_CONTENT,
    NOSNIFF,
    Response,
    json,
    listing,
    text,
)
from sensu.backend.services.outcomes import (
    Deleted,
    Denied,
    Exists,
    Found,
    Invalid,
    Listing,
    NotFound,
    PreconditionFailed,
    Refusal,
    TooMany,
    Unavailable,
    Written,
)

INTERNAL, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, UNAUTHENTICATED = range(6)
PRECONDITION_FAILED, RESOURCE_EXHAUSTED = 7, 8
NOTICE = b"sensu-notice"
"""The header of a successful answer that says what the client may not expect."""


class _Problem(msgspec.Struct):
    message: str
    code: int


class _Refused(msgspec.Struct):
    Code: int
    Message: str


def problem(status: int, code: int, message: str) -> Response:
    """An error from an endpoint."""
    return json(msgspec.json.encode(_Problem(message, code)), status=status)


def refused_before(status: int, code: int, message: str) -> Response:
    """An error from before the endpoint was called."""
    return json(msgspec.json.encode(_Refused(code, message)), status=status)


UNKNOWN_PATH = json(b'{"code":2,"message":"not found"}', status=404)
DENIED = refused_before(403, PERMISSION_DENIED, "unauthorized to perform action")
BAD_REQUEST = text("400 Bad Request", status=400)
INTERNAL_ERROR = problem(500, INTERNAL, "internal error occurred")


def unauthenticated(message: str) -> Response:
    """The caller is not authenticated."""
    return refused_before(401, UNAUTHENTICATED, message)


def too_large(message: str) -> Response:
    """The body is larger than the limit. The connection is closed, so that the rest is not read."""
    response = problem(413, INVALID_ARGUMENT, message)
    response.headers.append((b"connection", b"close"))
    return response


def method_not_allowed(allowed: Iterable[str]) -> Response:
    """The path does not support the method."""
    return Response(405, [(b"allow", ", ".join(allowed).encode("ascii")), (b"content-length", b"0"), NOSNIFF])


def allowed_methods(allowed: Iterable[str]) -> Response:
    """The methods that a path supports."""
    return Response(204, [(b"allow", ", ".join(allowed).encode("ascii")), NOSNIFF])


def unavailable(message: str, retry_after_s: int = 1) -> Response:
    """The backend cannot answer now; the client should try again."""
    response = problem(503, INTERNAL, message)
    response.headers.append((b"retry-after", b"%d" % retry_after_s))
    return response


def too_many(message: str, retry_after_s: int = 1) -> Response:
    """The caller has exceeded a limit; it should try again later."""
    response = problem(429, RESOURCE_EXHAUSTED, message)
    response.headers.append((b"retry-after", b"%d" % retry_after_s))
    return response


def starting(retry_after_s: int = 1) -> Response:
    """The backend is not ready to serve.

    Source: docs, `api-serve-wait-time`.
    """
    return _not_ready("API unavailable during startup.\nSee api-serve-wait-time settings.\n\n", retry_after_s)


def away(retry_after_s: int = 5) -> Response:
    """The backend is not ready to serve because it cannot use its database."""
    return _not_ready("API unavailable because the database is. GET /health says why.\n", retry_after_s)


def _not_ready(message: str, retry_after_s: int) -> Response:
    response = text(message, status=503)
    response.headers.append((b"retry-after", b"%d" % retry_after_s))
    return response


def refused(outcome: Refusal) -> Response:
    """The response to a request that was refused."""
    match outcome:
        case NotFound(why):
            return problem(404, NOT_FOUND, why)
        case Denied():
            return DENIED
        case Invalid(why):
            return problem(400, INVALID_ARGUMENT, why)
        case Exists(why):
            return problem(409, ALREADY_EXISTS, why)
        case PreconditionFailed(why):
            return problem(412, PRECONDITION_FAILED, why)
        case TooMany(why, retry_after_s):
            return too_many(why, retry_after_s)
        case Unavailable(why, retry_after_s):
            return unavailable(why, retry_after_s)


def refused_as_text(outcome: Refusal) -> Response:
    """The same as plain text instead of JSON.

    Source: recorded scenario apikeys-invalid.
    """
    response = refused(outcome)
    return response if isinstance(outcome, Denied) else text(f"{getattr(outcome, 'why', '')}\n", status=response.status)


def found(outcome: Found | Refusal) -> Response:
    """The response to a request for one resource."""
    return json(outcome.body, etag=outcome.etag) if isinstance(outcome, Found) else refused(outcome)


def listed(outcome: Listing | Refusal) -> Response:
    """The response to a request for a list."""
    return listing(outcome) if isinstance(outcome, Listing) else refused(outcome)


def created(outcome: Written | Refusal, notice: str = "") -> Response:
    """The response to a write whose result is not returned, with a notice for the client."""
    if not isinstance(outcome, Written):
        return refused(outcome)
    return replace(CREATED, headers=[*CREATED.headers, (NOTICE, notice.encode("ascii"))]) if notice else CREATED


def shown(outcome: Written | Refusal) -> Response:
    """The response to a write whose result is returned."""
    return json(outcome.body, etag=outcome.etag) if isinstance(outcome, Written) else refused(outcome)


def deleted(outcome: Deleted | Refusal) -> Response:
    """The response to a deletion."""
    return NO_CONTENT if isinstance(outcome, Deleted) else refused(outcome)
