"""What waits in eventd's queue, and what becomes of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from sensu.backend.seams import EventOutcome, IncomingEvent
from sensu.backend.stored_entities import entity_key
from sensu.resources.check import KEEPALIVE
from sensu.rules.check_state import CheckState
from sensu.rules.proxy_entity import looked_up
from sensu.store.contract import EventKey, Key, Write

Done = Callable[[EventOutcome], None]


class Arrival(msgspec.Struct, frozen=True):
    """An event that was offered; `key` is None where it has metrics only and is not stored."""

    incoming: IncomingEvent
    namespace: str
    key: EventKey | None
    done: Done | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """An event that is to be deleted; `done` hears whether it was there, or that the store did not answer (None).

    `also` are writes that are committed with it, where it was there.
    """

    key: EventKey
    done: Callable[[bool | None], None]
    also: Sequence[Write] = ()


@dataclass(frozen=True, slots=True)
class Overdue:
    """An event whose check has not reported within its time to live."""

    key: EventKey


Waiting = Arrival | Removal | Overdue


def can_come_again(item: Waiting) -> bool:
    """Whether an item may be given up for now: its sender hears of that, or the same comes again by itself.

    Agents that are not acknowledged send nothing again, but a keepalive is followed by the next.
    """
    if not isinstance(item, Arrival):
        return True
    check, sender = item.incoming.event.check, item.incoming.sender
    if check is not None and check.metadata.name == KEEPALIVE:
        return True
    return sender.acknowledged if sender is not None else item.done is not None


def arrival(incoming: IncomingEvent, done: Done | None) -> Arrival:
    """The event with the place where it will be stored."""
    event = incoming.event
    entity, check = event.entity, event.check
    assert entity is not None
    metadata = entity.metadata
    if check is None:
        return Arrival(incoming, metadata.namespace, None, done)
    name = looked_up(event) or metadata.name
    return Arrival(incoming, metadata.namespace, EventKey(metadata.namespace, name, check.metadata.name), done)


class Decision(msgspec.Struct, frozen=True):
    """What one arrival leads to.

    `key` is the event whose state becomes `state` (None: it exists no longer) and is due after `due_after_s` (None:
    awaited no longer); no key where no event changes. `refused` says why nothing is written. `live` is the event as it
    came, for the event log. By `identity` the event is recognised if its agent sends it again (0: it is not).
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
    """The stored entities that the decisions about these items ask for."""
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
