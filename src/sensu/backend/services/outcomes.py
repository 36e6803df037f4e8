"""How a use case can end; `api/errors.py` says what each is over HTTP."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import msgspec


class Found(msgspec.Struct, frozen=True):
    """A resource as readers get it."""

    body: bytes
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Resources as readers get them, some at a time.

    `after` continues the list after this page (empty on the last one); `total` counts all of them, where it is known.
    """

    chunks: AsyncIterator[Sequence[bytes]]
    after: str = ""
    total: int | None = None


class Written(msgspec.Struct, frozen=True):
    """The write is stored; `body` is what the caller is told, `name` the name that was given to something new."""

    body: bytes = b""
    etag: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Deleted:
    """It was there, and is gone."""


@dataclass(frozen=True, slots=True)
class TooMany:
    """The caller asks for too much in too short a time, and may try again later."""

    why: str
    retry_after_s: int = 1


@dataclass(frozen=True, slots=True)
class Denied:
    """The caller may not do that."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """There is no such thing."""

    why: str = "not found"


@dataclass(frozen=True, slots=True)
class Exists:
    """There is one already, or it is in a state that forbids the request."""

    why: str = "resource already exists"


@dataclass(frozen=True, slots=True)
class Invalid:
    """The request breaks a rule."""

    why: str


@dataclass(frozen=True, slots=True)
class PreconditionFailed:
    """The stored resource is not the one that the request is about."""

    why: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """It cannot be done now; trying again makes sense after some seconds."""

    why: str
    retry_after_s: int = field(default=1)


Refusal = Denied | NotFound | Exists | Invalid | PreconditionFailed | TooMany | Unavailable


def namespace_missing(namespace: str) -> Invalid:
    """What a write into a namespace that is not there comes to."""
    return Invalid(f"the namespace {namespace} does not exist")
