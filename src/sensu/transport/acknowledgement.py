"""The acknowledgement extension: how an agent learns which of its events are stored.

An agent that wants it sends `Sensu-Ack: 1` with its handshake; a backend that knows it answers with the same header.
Agents and backends that do not know the extension send or answer no such header and never see a trace of it.

Both sides number the messages that the agent sends on the connection, of whatever type, from 1 on; the number is not
on the wire. The backend sends messages of type `ack` whose payload is JSON in either codec:

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

from sensu.resources import wire

HEADER = "Sensu-Ack"
VERSION = "1"

UNSETTLED_MAX = 10_000
"""How many sent messages an agent remembers; it should stop sending where so many are unsettled."""

T = TypeVar("T")


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
    """The messages that an agent sent on one connection and knows no fate of, each under a token of the agent's."""

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
