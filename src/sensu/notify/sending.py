"""What the backend asks its helper process for, and what the helper answers."""

import msgspec

from sensu.rules.notify.message import AlertMessage


class SendRequest(msgspec.Struct, frozen=True):
    """Send a message to the service of a URL within a time limit.

    `happened` is what the message says (`rules/notify/occasions.py`). `thread` is the same for all messages about an
    incident, for services that group or deduplicate by it (empty: none); `reference` is what the service called the
    first of them (empty: there is none, or it did not say).
    """

    url: str
    message: AlertMessage
    timeout_s: float
    happened: str = ""
    thread: str = ""
    reference: str = ""


class SendResult(msgspec.Struct, frozen=True):
    """What came of it: `why` is empty if the service took the message; `log` has what was logged on the way.

    Neither contains a token or password. `reference` is what the service calls the message that later ones refer to.
    """

    why: str = ""
    seconds: float = 0.0
    log: tuple[str, ...] = ()
    reference: str = ""


class NumberedRequest(msgspec.Struct, frozen=True):
    """A request with a number, which its answer repeats."""

    number: int
    request: SendRequest


class SendAnswer(msgspec.Struct, frozen=True):
    """The answer to the request of this number; the number of the first answer of a helper is 0."""

    number: int
    sent: SendResult = SendResult()


LENGTH_BYTES = 4
FRAME_BYTES_MAX = 4 * 1024 * 1024
"""A larger request or answer ends the helper."""


def framed(value: msgspec.Struct) -> bytes:
    """A value with its length before it."""
    body = msgspec.msgpack.encode(value)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body
