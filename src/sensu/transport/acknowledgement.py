"""The acknowledgement extension: how an agent learns which of its events are stored.

Invisible to whoever does not know it; the handshake has no trace of it. It begins in three steps:

1. Right after the upgrade a backend sends agents that speak protobuf a pong with the payload `sensu-extensions:1`
   (`OFFER`). Nobody asked for that pong, which RFC 6455 (5.5.3) allows and agents of the reference take for a sign of
   life. Agents that asked for JSON get none, but may go on with the second step all the same.
2. The agent sends one message `extensions` whose payload is JSON in either codec:
   `{"ack": 1, "codec": "application/json"}` (or `application/octet-stream`).
3. The backend answers with such a message of its own, which names what it grants, as the next one that it sends.

The switch: in each direction, what comes before the `extensions` message is in the codec of the handshake and
unnumbered, what comes after it is in the codec that the message names. `following` is that rule. An `extensions`
message that asks for anything else, or comes a second time, is one of unknown type: it is not answered, and changes
nothing. What an agent sent before the switch is never acknowledged, as on any other backend.

From then on the messages that the agent sends, of whatever type, are numbered: the one after `extensions` is 1; the
number is not on the wire. The backend sends messages of type `ack` whose payload is JSON in either codec:

    {"stored": [[first, last], …], "refused": [[number, why], …], "deferred": [[number, why], …]}

`stored` holds ranges of messages that are committed, `refused` those that will never be stored, `deferred` those that
the store could not take: the agent may send them again. A number is settled once. What is unsettled when the connection
ends, the agent sends again on the next one; events carry an id, so a backend can tell a repetition.
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
"""The payload of the pong that tells an agent that it may ask."""

VERSION = 1

UNSETTLED_MAX = 10_000
"""How many sent messages an agent remembers; it should stop sending where so many are unsettled."""

T = TypeVar("T")


class Extensions(msgspec.Struct, frozen=True):
    """The payload of an `extensions` message: the version of acknowledgements, and the media type of what follows."""

    ack: int = VERSION
    codec: str = JSON_TYPE


def request(wanted: Extensions) -> Message:
    """The message with which an agent asks, and a backend grants."""
    return Message(frames.EXTENSIONS, wire.encode(wanted))


def following(agreement: Agreement, message: Message) -> Agreement:
    """What holds after `message` in the direction in which it was sent, where `agreement` held until then."""
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
    """What a backend has yet to tell an agent; `take` empties it."""

    stored: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    deferred: list[tuple[int, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.stored or self.refused or self.deferred)

    def take(self) -> bytes:
        """The payload of the `ack` message that tells everything so far."""
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
    """What became of messages: `stored` and `refused` are done with, `deferred` are to be sent again."""

    stored: Sequence[T]
    refused: Sequence[tuple[T, str]]
    deferred: Sequence[tuple[T, str]]


class Unsettled(Generic[T]):
    """The messages that an agent sent after the switch and knows no fate of, each under a token of the agent's."""

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
        """The tokens of the messages that `ack` tells of; numbers that are not waited for are ignored."""
        stored: list[T] = []
        for first, last in ack.stored:
            stored += self._pop_range(first, last)
        return Settled(stored, self._pop_each(ack.refused), self._pop_each(ack.deferred))

    def rest(self) -> list[T]:
        """The tokens of the messages that nothing is known of, oldest first."""
        return list(self._tokens.values())

    def _pop_range(self, first: int, last: int) -> list[T]:
        if last - first > len(self._tokens):
            numbers = [number for number in self._tokens if first <= number <= last]
        else:
            numbers = [number for number in range(first, last + 1) if number in self._tokens]
        return [self._tokens.pop(number) for number in numbers]

    def _pop_each(self, entries: Sequence[tuple[int, str]]) -> list[tuple[T, str]]:
        return [(self._tokens.pop(number), why) for number, why in entries if number in self._tokens]
