"""Turns the decisions about a group of events into writes, each decision seeing the results of those before it.

What an event becomes is decided in `rules/event_decision.py`; here its inputs are looked up and its result is encoded.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from sensu.backend import stored_form
from sensu.backend.eventd.arrivals import Arrival, ItemDecision, Overdue, Removal, arrival
from sensu.backend.eventd.deadlines import Deadlines
from sensu.backend.eventd.event_json import delivery_json, stored_json
from sensu.backend.eventd.recognition import RecentMetrics, RecentResults
from sensu.backend.eventd.states import States
from sensu.backend.ports import IncomingEvent
from sensu.backend.silence_indexes import SilenceIndexes
from sensu.backend.stored_entities import StoredEntities, entity_key
from sensu.resources.check import KEEPALIVE
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.kinds import ENTITY, HANDLER, NAMESPACE, SILENCED
from sensu.rules import check_state, history, resending
from sensu.rules.check_state import FLAPPING, CheckState
from sensu.rules.event_decision import DecidedEvent, completed_metrics, decide, decide_late, decide_overdue
from sensu.rules.handling import NOT_HANDLED
from sensu.rules.severity import severity_of
from sensu.rules.share import slot_of
from sensu.rules.silencing import SilenceIndex
from sensu.rules.workflow import wants_handling
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import DeleteEvent, EventKey, EventState, Must, OweDelivery, PutEvent, Result, Write


@dataclass(frozen=True, slots=True)
class Lookups:
    """What decisions look up, all of it in memory.

    `keeps_results` says whether the history holds more than state changes, `logs_events` whether an event log is
    written.
    """

    cache: ResourceCache
    entities: StoredEntities
    silences: SilenceIndexes
    next_delivery_id: Callable[[int], int]
    awaited: Deadlines
    results: RecentResults
    metrics: RecentMetrics
    keeps_results: bool = True
    logs_events: bool = False


class DecisionGroup:
    """The decisions of one group, which take effect once the group is committed; the `DecisionContext` of each."""

    def __init__(
        self,
        states: States,
        loaded: Mapping[EventKey, Event],
        lookups: Lookups,
        now: float,
        slot_now_s: Callable[[int], float],
    ) -> None:
        """`slot_now_s` returns the time on the clock of the deadlines of a slot (`outage.SlotClocks`)."""
        self._states = states
        self._loaded = loaded
        self._lookups = lookups
        self._now = now
        self._slot_now_s = slot_now_s
        self._decided: dict[EventKey, CheckState | None] = {}
        self._events: dict[EventKey, Event] = {}
        self._new_entities: dict[tuple[str, str], Entity] = {}
        self._ended: set[tuple[str, str]] = set()
        self._namespaces: dict[str, bool] = {}
        self._received: set[tuple[EventKey, int]] = set()
        self.metrics_received: list[int] = []

    @property
    def proxies_made(self) -> int:
        """How many proxy entities the decisions create."""
        return len(self._new_entities)

    def entity(self, namespace: str, name: str) -> Entity | None:
        """The entity as stored, or as an earlier decision creates it."""
        return self._stored_entity(namespace, name) or self._new_entities.get((namespace, name))

    def silences(self, namespace: str) -> SilenceIndex:
        """The silenced entries of a namespace."""
        return self._lookups.silences.of(namespace)

    def is_ended(self, namespace: str, silence: str) -> bool:
        """Whether an earlier decision ends a silenced entry."""
        return (namespace, silence) in self._ended

    def has_handler(self, namespace: str, name: str) -> bool:
        """Whether a handler of that name exists."""
        return self._lookups.cache.get(HANDLER, namespace, name) is not None

    def decide(self, item: Arrival | Removal | Overdue) -> ItemDecision:
        """The decision about an item."""
        if isinstance(item, Arrival):
            return self._decide_arrival(item)
        if isinstance(item, Removal):
            return self._decide_removal(item)
        return self._decide_overdue(item.key)

    def _decide_arrival(self, item: Arrival) -> ItemDecision:
        if not self._namespace_exists(item.namespace):
            return ItemDecision(refused=f'namespace "{item.namespace}" not found')
        incoming, key = item.incoming, item.key
        if key is None:
            return self._decide_metrics(incoming, item.namespace)
        event, sender = incoming.event, incoming.sender
        previous = self._state(key)
        if incoming.failure and (key in self._lookups.awaited or key in self._decided):
            return ItemDecision()
        identity = 0 if sender is None else resending.identity(event, sender.acknowledged)
        if identity:
            if previous is not None and self._was_received(key, previous, event, identity):
                return ItemDecision()
            self._received.add((key, identity))
        if incoming.merge and previous is not None and check_state.outdated(previous, event, sender):
            decided = decide_late(incoming, self._event(key), previous, self, self._now)
        else:
            decided = decide(incoming, previous, self, self._now)
        return self._written(key, incoming, decided, existed=previous is not None, identity=identity)

    def _was_received(self, key: EventKey, previous: CheckState, event: Event, identity: int) -> bool:
        """Whether an event was stored before, or came earlier in this group."""
        if check_state.is_newest(previous, event) and self._lookups.keeps_results:
            return False
        return (key, identity) in self._received or self._lookups.results.has(key, identity)

    def _written(
        self, key: EventKey, incoming: IncomingEvent, decided: DecidedEvent, *, existed: bool, identity: int
    ) -> ItemDecision:
        """A decided event, with the writes that store it."""
        namespace, writes, event = key.namespace, list[Write](), decided.event
        if decided.new_entity is not None:
            self._new_entities[namespace, decided.new_entity.metadata.name] = decided.new_entity
            writes.append(stored_form.put(ENTITY, decided.new_entity, must=Must.BE_ABSENT))
        for silence in decided.ended_silences:
            self._ended.add((namespace, silence))
            writes.append(stored_form.delete(SILENCED, namespace, silence, Must.ANY))
        due_at = None
        if decided.due_after_s is not None:
            due_at = self._slot_now_s(slot_of(namespace, key.entity)) + decided.due_after_s
        entity_json = _entity_json(event, incoming)
        delivery_id = self._delivery_id(key) if decided.changed or decided.handled is not None else 0
        change = delivery_id if decided.changed else decided.state.change
        result = self._result(decided, identity, delivery_id)
        state = _listed_state(decided, self._now) if decided.listed_anew else None
        writes.append(PutEvent(key, stored_json(event, entity_json), due_at, result, state))
        if decided.handled is not None:
            delivery = delivery_json(decided.handled, entity_json)
            writes.append(OweDelivery(delivery_id, namespace, delivery, self._now, change=change))
        writes.extend(_committed_with(incoming))
        after = msgspec.structs.replace(decided.state, change=change) if decided.changed else decided.state
        self._events[key], self._decided[key] = event, after
        live = delivery_json(decided.reported, entity_json) if self._lookups.logs_events else b""
        owed = decided.handled is not None
        return ItemDecision(writes, key, after, decided.due_after_s, existed, owed, live=live, identity=identity)

    def _result(self, decided: DecidedEvent, identity: int, delivery_id: int) -> Result | None:
        """The entry for the event's history, or None if the result is not kept."""
        check, changed = decided.result, decided.changed
        if not changed:
            if not (self._lookups.keeps_results and history.is_worth_keeping(check)):
                return None
            return Result(int(self._now), history.packed(check, changed, identity))
        handled = NOT_HANDLED if decided.handled is None else None
        return Result(int(self._now), history.packed(check, changed, identity), True, delivery_id, handled)

    def _delivery_id(self, key: EventKey) -> int:
        return self._lookups.next_delivery_id(slot_of(key.namespace, key.entity))

    def _decide_metrics(self, incoming: IncomingEvent, namespace: str) -> ItemDecision:
        """Metrics without a check are handled and not stored."""
        event, sender, writes = incoming.event, incoming.sender, list[Write]()
        identity = 0 if sender is None else resending.identity(event, sender.acknowledged)
        if identity:
            if identity in self.metrics_received or identity in self._lookups.metrics:
                return ItemDecision()
            self.metrics_received.append(identity)
            writes.append(self._lookups.metrics.write(self.metrics_received))
        event = completed_metrics(event, self._now)
        owed = wants_handling(event)
        if owed:
            assert event.entity is not None
            delivery_id = self._delivery_id(EventKey(namespace, event.entity.metadata.name, ""))
            writes.append(OweDelivery(delivery_id, namespace, delivery_json(event), self._now))
        writes.extend(_committed_with(incoming))
        return ItemDecision(writes, owed=owed, live=delivery_json(event) if self._lookups.logs_events else b"")

    def _decide_removal(self, item: Removal) -> ItemDecision:
        existed = self._state(item.key) is not None
        self._decided[item.key] = None
        self._events.pop(item.key, None)
        writes = [DeleteEvent(item.key), *(item.also if existed else ())]
        return ItemDecision(writes, item.key, None, None, existed)

    def _decide_overdue(self, key: EventKey) -> ItemDecision:
        state = self._state(key)
        if state is None:
            return ItemDecision()
        entity = self._stored_entity(key.namespace, key.entity)
        if entity is None:
            return ItemDecision()
        place = EventKey(key.namespace, key.entity, KEEPALIVE)
        keepalive_due_after_s = self._lookups.awaited.remaining_s(place)
        found = decide_overdue(self._event(key), entity, self._state(place), keepalive_due_after_s, self._now)
        if found is None:
            return ItemDecision()
        if isinstance(found, Event):
            return self._decide_arrival(arrival(IncomingEvent(found), None))
        return ItemDecision(key=key, state=state, due_after_s=found)

    def _namespace_exists(self, namespace: str) -> bool:
        exists = self._namespaces.get(namespace)
        if exists is None:
            exists = self._namespaces[namespace] = self._lookups.cache.get(NAMESPACE, "", namespace) is not None
        return exists

    def _stored_entity(self, namespace: str, name: str) -> Entity | None:
        stored = self._lookups.entities.get(entity_key(namespace, name))
        return None if stored is None else stored.entity

    def _state(self, key: EventKey) -> CheckState | None:
        return self._decided[key] if key in self._decided else self._states.get(key)

    def _event(self, key: EventKey) -> Event:
        """The whole event as this group leaves it, or as the daemon loaded it from the store."""
        return self._events.get(key) or self._loaded[key]


def _entity_json(event: Event, incoming: IncomingEvent) -> msgspec.Raw | None:
    """The known JSON of an event's entity, if the entity is the one that came in."""
    return incoming.entity_json if event.entity is incoming.event.entity else None


def _listed_state(decided: DecidedEvent, now: float) -> EventState:
    """What lists and counts show of an event."""
    check = decided.result
    return EventState(
        severity_of(check.status), int(now), bool(check.silenced), check.state == FLAPPING, decided.state.overdue
    )


def _committed_with(incoming: IncomingEvent) -> Iterator[Write]:
    """The writes of its sender that are committed with an event."""
    yield from incoming.also() if callable(incoming.also) else incoming.also
    if incoming.mark is not None:
        yield incoming.mark()
