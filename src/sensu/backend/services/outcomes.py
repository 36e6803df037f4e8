"""The outcomes of use cases; `api/errors.py` maps them to HTTP responses."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import msgspec


class Found(msgspec.Struct, frozen=True):
    """A resource as JSON."""

    body: bytes
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of resources as JSON, in chunks.

    `after` continues the list after this page (empty on the last one); `total` is the number of all, if it is known.
    """

    chunks: AsyncIterator[Sequence[bytes]]
    after: str = ""
    total: int | None = None


class Written(msgspec.Struct, frozen=True):
    """The write is stored; `body` is the result for the caller, `name` the name of a new resource."""

    body: bytes = b""
    etag: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Deleted:
    """The resource existed and is deleted."""


@dataclass(frozen=True, slots=True)
class TooMany:
    """The caller has exceeded a limit, and may try again later."""

    why: str
    retry_after_s: int = 1


@dataclass(frozen=True, slots=True)
class Denied:
    """The caller lacks the permission."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """The resource does not exist."""

    why: str = "not found"


@dataclass(frozen=True, slots=True)
class Exists:
    """The resource already exists, or its state does not permit the request."""

    why: str = "resource already exists"


@dataclass(frozen=True, slots=True)
class Invalid:
    """The request is invalid."""

    why: str


@dataclass(frozen=True, slots=True)
class PreconditionFailed:
    """The stored resource does not meet the conditions of the request."""

    why: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The backend cannot do it now; the caller may try again after some seconds."""

    why: str
    retry_after_s: int = field(default=1)


Refusal = Denied | NotFound | Exists | Invalid | PreconditionFailed | TooMany | Unavailable


def namespace_missing(namespace: str) -> Invalid:
    """The outcome of a write to a namespace that does not exist."""
    return Invalid(f"the namespace {namespace} does not exist")
