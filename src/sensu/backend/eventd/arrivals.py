"""The items of eventd's queue, and the decision about each."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from sensu.backend.ports import EventOutcome, EventRefused, EventStored, IncomingEvent
from sensu.backend.stored_entities import entity_key
from sensu.log import fields
from sensu.resources.check import KEEPALIVE
from sensu.rules.check_state import CheckState
from sensu.rules.proxy_entity import looked_up
from sensu.store.values import EventKey, Key, Write

log = logging.getLogger("sensu.eventd")

Done = Callable[[EventOutcome], None]
_STORED = EventStored()
_T = TypeVar("_T")


class Arrival(msgspec.Struct, frozen=True):
    """An incoming event; `key` is None if it has only metrics and is not stored."""

    incoming: IncomingEvent
    namespace: str
    key: EventKey | None
    done: Done | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """A request to delete an event; `done` is called with whether it existed, or None if the store did not answer.

    If the event exists, the writes in `also` are committed with the removal.
    """

    key: EventKey
    done: Callable[[bool | None], None]
    also: Sequence[Write] = ()


@dataclass(frozen=True, slots=True)
class Overdue:
    """An event whose TTL expired."""

    key: EventKey


Waiting = Arrival | Removal | Overdue


def can_come_again(item: Waiting) -> bool:
    """Whether an item may be dropped for now, because its sender is informed or sends the same again anyway.

    Agents without acknowledgements send nothing again, but the next keepalive replaces a lost one.
    """
    if not isinstance(item, Arrival):
        return True
    check, sender = item.incoming.event.check, item.incoming.sender
    if check is not None and check.metadata.name == KEEPALIVE:
        return True
    return sender.acknowledged if sender is not None else item.done is not None


def arrival(incoming: IncomingEvent, done: Done | None) -> Arrival:
    """The queue item for an event."""
    event = incoming.event
    entity, check = event.entity, event.check
    assert entity is not None
    metadata = entity.metadata
    if check is None:
        return Arrival(incoming, metadata.namespace, None, done)
    name = looked_up(event) or metadata.name
    return Arrival(incoming, metadata.namespace, EventKey(metadata.namespace, name, check.metadata.name), done)


class ItemDecision(msgspec.Struct, frozen=True):
    """The decision about an item: the writes, and what applies in memory once they are committed.

    `key` is the event that changes (None: no event does), `state` its new state (None: it is deleted) and `due_after_s`
    its new deadline (None: it has none). `refused` is the reason if nothing is written. `live` is the event for the
    event log. `identity` recognises the event if its agent sends it again (0: it is not recognised).
    """

    writes: Sequence[Write] = ()
    key: EventKey | None = None
    state: CheckState | None = None
    due_after_s: float | None = None
    existed: bool = False
    owed: bool = False
    refused: str = ""
    live: bytes = b""
    identity: int = 0


def entities_needed(items: Iterable[Waiting]) -> Iterable[Key]:
    """The stored entities that the decisions about these items need."""
    for item in items:
        if isinstance(item, Overdue):
            yield entity_key(item.key.namespace, item.key.entity)
        elif isinstance(item, Arrival):
            event = item.incoming.event
            name = looked_up(event)
            if name is None and callable(item.incoming.also):
                assert event.entity is not None
                name = event.entity.metadata.name
            if name is not None:
                yield entity_key(item.namespace, name)


def answer(item: Waiting, decision: ItemDecision) -> None:
    """Tell the sender of an item that the decision about it is stored, or that it is refused."""
    if isinstance(item, Removal):
        item.done(None if decision.refused else decision.existed)
    elif isinstance(item, Arrival) and item.done is not None:
        item.done(EventRefused(decision.refused) if decision.refused else _STORED)
    elif decision.refused and isinstance(item, Arrival):
        log.warning("event refused", extra=fields(namespace=item.namespace, why=decision.refused))


def resolve(future: "asyncio.Future[_T]", value: _T) -> None:
    """Set the result of a future that nobody cancelled."""
    if not future.done():
        future.set_result(value)
