"""The entities of events between two workers: each is sent over the bus once, until it changes.

The sender numbers entities; the receiver keeps the last one of each number. Agents' sessions use the same object for
the entity of all events between two keepalives.
"""

from collections.abc import Callable

import msgspec

from sensu.backend.members.messages import OfferEvent
from sensu.backend.ports import IncomingEvent
from sensu.resources.entity import Entity
from sensu.store.values import Write

NUMBERS_MAX = 5000
"""The number of entities kept for each worker; beyond it, the oldest are dropped."""


class EntitiesSent:
    """The entities that the other side of a connection keeps."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._places: list[tuple[str, str]] = []
        self._entities: list[Entity] = []
        self._next = 0

    def offer(self, number: int, incoming: IncomingEvent) -> OfferEvent:
        """The message for an event, with the entity only if it has changed."""
        event = incoming.event
        entity, json = event.entity, incoming.entity_json
        assert entity is not None
        place = (entity.metadata.namespace, entity.metadata.name)
        known = self._numbers.get(place)
        if known is not None and self._entities[known] is entity and json is not None:
            return OfferEvent(number, msgspec.structs.replace(event, entity=None), known, None, incoming.sender)
        if json is None:
            return OfferEvent(number, event, -1, None, incoming.sender)
        return OfferEvent(number, event, self._remember(place, known, entity), bytes(json), incoming.sender)

    def _remember(self, place: tuple[str, str], known: int | None, entity: Entity) -> int:
        if known is None:
            known = self._next
            self._next = (known + 1) % NUMBERS_MAX
            if known < len(self._places):
                del self._numbers[self._places[known]]
                self._places[known] = place
            else:
                self._places.append(place)
                self._entities.append(entity)
            self._numbers[place] = known
        self._entities[known] = entity
        return known


class EntitiesHeard:
    """The entities kept for one connection."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Entity, msgspec.Raw]] = {}

    def incoming(self, message: OfferEvent, mark: Callable[[], Write]) -> IncomingEvent:
        """The event of a message, with its entity and the entity's JSON; can be called again for the same message."""
        event, json, sender = message.event, message.entity_json, message.sender
        if event.entity is None:
            entity, raw = self._known[message.entity]
            whole = msgspec.structs.replace(event, entity=entity)
            return IncomingEvent(whole, entity_json=raw, sender=sender, mark=mark)
        if json is None:
            return IncomingEvent(event, sender=sender, mark=mark)
        raw = msgspec.Raw(json)
        self._known[message.entity] = (event.entity, raw)
        return IncomingEvent(event, entity_json=raw, sender=sender, mark=mark)
