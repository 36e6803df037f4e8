"""The acknowledgement extension: the backend confirms which events of an agent are stored.

Peers without the extension do not notice it: the handshake is unchanged. It starts in three steps:

1. Right after the upgrade, the backend sends agents that use protobuf an unsolicited pong with the payload
   `sensu-extensions:1` (`OFFER`). RFC 6455 (5.5.3) allows this, and agents of the reference treat it as a heartbeat.
   Agents that use JSON do not get a pong, but may continue with the second step.
2. The agent sends one message `extensions` whose payload is JSON in either codec:
   `{"ack": 1, "codec": "application/json"}` (or `application/octet-stream`).
3. The next message from the backend is an `extensions` message with what it grants.

In each direction, messages before the `extensions` message use the codec of the handshake and have no number; messages
after it use the codec that it names. `following` implements this rule. An `extensions` message that asks for anything
else, or is repeated, is treated like a message of unknown type: it is ignored and not answered. Messages that an agent
sent before its `extensions` message are never acknowledged.

After `extensions`, all messages of the agent are numbered from 1; the number is not sent. The backend sends messages of
type `ack`, whose payload is JSON with either codec:

    {"stored": [[first, last], …], "refused": [[number, why], …], "deferred": [[number, why], …]}

`stored` lists ranges of committed messages, `refused` messages that will never be stored, and `deferred` messages that
the store could not take and that the agent may send again. Each number is settled once. Messages that are unsettled at
the end of the connection are sent again on the next one; the backend recognises repeated events by their ids.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

from sensu.errors import InvalidResource
from sensu.resources import wire
from sensu.transport import frames
from sensu.transport.frames import Message
from sensu.transport.handshake import JSON_TYPE, PROTOBUF_TYPE, Agreement

OFFER = b"sensu-extensions:1"
"""The payload of the pong that offers extensions to an agent."""

VERSION = 1

UNSETTLED_MAX = 10_000
"""How many unsettled messages an agent remembers; at this number it should stop sending."""

T = TypeVar("T")


class Extensions(msgspec.Struct, frozen=True):
    """The payload of an `extensions` message: the version of acknowledgements, and the media type of later messages."""

    ack: int = VERSION
    codec: str = JSON_TYPE


def request(wanted: Extensions) -> Message:
    """The message by which an agent requests extensions and a backend grants them."""
    return Message(frames.EXTENSIONS, wire.encode(wanted))


def following(agreement: Agreement, message: Message) -> Agreement:
    """The agreement after `message`, in the direction of the message; `agreement` is the one before it."""
    if message.type != frames.EXTENSIONS or agreement.acknowledged:
        return agreement
    try:
        asked = wire.decode(Extensions, message.payload)
    except InvalidResource:
        return agreement
    if asked.ack != VERSION or asked.codec not in (JSON_TYPE, PROTOBUF_TYPE):
        return agreement
    return Agreement(asked.codec, acknowledged=True)


class Ack(msgspec.Struct, frozen=True, omit_defaults=True):
    """The payload of one `ack` message."""

    stored: tuple[tuple[int, int], ...] = ()
    refused: tuple[tuple[int, str], ...] = ()
    deferred: tuple[tuple[int, str], ...] = ()


def decode(payload: bytes) -> Ack:
    """The acknowledgement in a payload; raises InvalidResource."""
    return wire.decode(Ack, payload)


@dataclass
class Settlements:
    """Acknowledgements that the backend has not sent yet."""

    stored: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    deferred: list[tuple[int, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.stored or self.refused or self.deferred)

    def take(self) -> bytes:
        """The payload of an `ack` message with all pending acknowledgements, which are then cleared."""
        ack = Ack(_ranges(self.stored), tuple(self.refused), tuple(self.deferred))
        self.stored, self.refused, self.deferred = [], [], []
        return wire.encode(ack)


def _ranges(numbers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Settled(Generic[T]):
    """The results of messages: `stored` and `refused` are final, `deferred` messages are sent again."""

    stored: Sequence[T]
    refused: Sequence[tuple[T, str]]
    deferred: Sequence[tuple[T, str]]


class Unsettled(Generic[T]):
    """The messages of an agent that are not acknowledged yet, each with a token of the agent."""

    def __init__(self) -> None:
        self._sent = 0
        self._tokens: OrderedDict[int, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tokens)

    def sent(self, token: T | None) -> int:
        """Count a message that was sent and remember its token, unless None; returns its number."""
        self._sent += 1
        if token is not None:
            self._tokens[self._sent] = token
        return self._sent

    def settle(self, ack: Ack) -> Settled[T]:
        """Settle messages and return their tokens; unknown numbers are ignored."""
        stored: list[T] = []
        for first, last in ack.stored:
            stored += self._pop_range(first, last)
        return Settled(stored, self._pop_each(ack.refused), self._pop_each(ack.deferred))

    def rest(self) -> list[T]:
        """The tokens of all unsettled messages, oldest first."""
        return list(self._tokens.values())

    def _pop_range(self, first: int, last: int) -> list[T]:
        if last - first > len(self._tokens):
            numbers = [number for number in self._tokens if first <= number <= last]
        else:
            numbers = [number for number in range(first, last + 1) if number in self._tokens]
        return [self._tokens.pop(number) for number in numbers]

    def _pop_each(self, entries: Sequence[tuple[int, str]]) -> list[tuple[T, str]]:
        return [(self._tokens.pop(number), why) for number, why in entries if number in self._tokens]
