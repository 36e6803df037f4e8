"""Remembers the entity in an agent's events, which differs only in `last_seen`, so that it is decoded once."""

from typing import NamedTuple

import msgspec

from sensu.backend.stored_form import entity_in_event
from sensu.resources.entity import AGENT_CLASS, Entity
from sensu.resources.wire import encode
from sensu.rules.redaction import redacted
from sensu.transport import codec
from sensu.transport.codec import Codec


class _Around(NamedTuple):
    """An entity's bytes before and after the value of `last_seen`."""

    head: bytes
    tail: bytes


class _Known(NamedTuple):
    entity: Entity
    sent: _Around
    stored: _Around


class EntityMemo:
    """The last valid entity in a session's events, decoded and encoded.

    After `recognises` returned True, `entity` is the event's entity, its secrets hidden, and `json` its stored form.
    """

    __slots__ = ("_codec", "_known", "entity", "json")

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._known: _Known | None = None
        self.entity = Entity()
        self.json = msgspec.Raw()

    def recognises(self, data: msgspec.Raw) -> bool:
        """Whether an entity's bytes equal the remembered ones, except for `last_seen`."""
        if self._known is None:
            return False
        (head, tail), sent = self._known.sent, bytes(data)
        if not (sent.startswith(head) and sent.endswith(tail)):
            return False
        last_seen = self._codec.read_last_seen(sent[len(head) : len(sent) - len(tail)])
        if last_seen is None:
            return False
        if last_seen != self.entity.last_seen:
            self._see(self._known, last_seen)
        return True

    def _see(self, known: _Known, last_seen: int) -> None:
        self.entity = msgspec.structs.replace(known.entity, last_seen=last_seen)
        self.json = msgspec.Raw(b"%b%d%b" % (known.stored.head, last_seen, known.stored.tail))

    def learn(self, data: msgspec.Raw, entity: Entity) -> None:
        """Remember a valid entity and its bytes, if its stored form is also the one that handlers receive."""
        self._known = None
        shown = redacted(entity)
        json = bytes(entity_in_event(shown))
        sent, stored = _around(self._codec, bytes(data), entity), _around(codec.JSON, json, entity)
        if entity.entity_class == AGENT_CLASS and sent and stored and json == encode(shown):
            self._known = _Known(shown, sent, stored)
            self._see(self._known, entity.last_seen)


def _around(form: Codec, data: bytes, entity: Entity) -> _Around | None:
    """The bytes around the value of `last_seen`; None if its position is ambiguous."""
    key, value = form.last_seen(entity.last_seen)
    head, found, tail = data.partition(key + value)
    if not found or key + value in tail:
        return None
    return _Around(head + key, tail)
