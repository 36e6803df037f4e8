"""What each event of a group leads to: decided one after the other, each seeing what those before it led to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from sensu.backend import stored_form
from sensu.backend.eventd.arrivals import Arrival, Decision, Overdue, Removal, arrival
from sensu.backend.eventd.deadlines import Deadlines
from sensu.backend.eventd.event_json import kept_json, owed_json
from sensu.backend.eventd.recognition import Metrics, Results
from sensu.backend.eventd.silences import Silences
from sensu.backend.eventd.states import States
from sensu.backend.seams import IncomingEvent
from sensu.backend.stored_entities import StoredEntities, entity_key
from sensu.resources.check import KEEPALIVE, Check
from sensu.resources.entity import AGENT_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.kinds import ENTITY, HANDLER, NAMESPACE, SILENCED
from sensu.rules import check_state, history, resending, ttl
from sensu.rules.check_state import CheckState, Sender
from sensu.rules.keepalive import warning_timeout_s
from sensu.rules.proxy_entity import looked_up, made_for
from sensu.rules.redaction import redacted
from sensu.rules.share import slot_of
from sensu.rules.silencing import ended_by_resolution
from sensu.rules.workflow import wants_handling
from sensu.store.contract import DeleteEvent, EventKey, Must, OweDelivery, PutEvent, Result, Write
from sensu.store.resource_cache import ResourceCache


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What decisions ask of the rest of the backend, all of it in memory.

    `keeps_results` says whether the history holds more than state changes, `logs_events` whether there is an event log.
    """

    cache: ResourceCache
    entities: StoredEntities
    silences: Silences
    next_delivery_id: Callable[[int], int]
    awaited: Deadlines
    results: Results
    metrics: Metrics
    keeps_results: bool = True
    logs_events: bool = False


class Group:
    """The decisions of one group; nothing of it outlives the group until the group is committed."""

    def __init__(
        self, states: States, loaded: Mapping[EventKey, Event], surroundings: Surroundings, now: float, alive_s: float
    ) -> None:
        """`alive_s` is the time by which stored deadlines go (`outage.Lifetime`)."""
        self._states = states
        self._loaded = loaded
        self._at = surroundings
        self._now = now
        self._alive_s = alive_s
        self._decided: dict[EventKey, CheckState | None] = {}
        self._events: dict[EventKey, Event] = {}
        self._made: dict[tuple[str, str], Entity] = {}
        self._ended: set[tuple[str, str]] = set()
        self._namespaces: dict[str, bool] = {}
        self._received: list[int] = []
        self._received_of: list[EventKey] = []
        self.metrics_received: list[int] = []

    @property
    def proxies_made(self) -> int:
        """How many proxy entities the decisions create."""
        return len(self._made)

    def decide(self, item: Arrival | Removal | Overdue) -> Decision:
        """What an arrival leads to."""
        if isinstance(item, Arrival):
            return self._decide_arrival(item)
        if isinstance(item, Removal):
            return self._decide_removal(item)
        return self._decide_overdue(item.key)

    def _decide_arrival(self, item: Arrival) -> Decision:
        if not self._namespace_exists(item.namespace):
            return Decision(refused=f'namespace "{item.namespace}" not found')
        incoming, key = item.incoming, item.key
        if key is None:
            return self._decide_metrics(incoming, item.namespace)
        event, sender = incoming.event, incoming.sender
        previous = self._state(key)
        if incoming.alarm and (key in self._at.awaited or key in self._decided):
            return Decision()
        identity = 0 if sender is None else resending.identity(event, sender.acknowledged)
        if identity:
            if previous is not None and self._was_received(key, previous, event, identity):
                return Decision()
            self._received.append(identity)
            self._received_of.append(key)
        if incoming.merge and previous is not None and check_state.outdated(previous, event, sender):
            return self._decide_late(key, previous, incoming, identity)
        return self._decide_result(key, previous, incoming, identity)

    def _was_received(self, key: EventKey, previous: CheckState, event: Event, identity: int) -> bool:
        """Whether an event was stored before, or came earlier in this group."""
        if check_state.is_newest(previous, event) and self._at.keeps_results:
            return False
        return self._at.results.has(key, identity) or (key, identity) in zip(
            self._received_of, self._received, strict=True
        )

    def _decide_result(
        self, key: EventKey, previous: CheckState | None, incoming: IncomingEvent, identity: int
    ) -> Decision:
        writes: list[Write] = []
        event = self._completed(incoming, key, writes)
        check, entity_json = event.check, _json_of(event.entity, incoming)
        assert check is not None
        if incoming.merge:
            check = check_state.merge(previous, check)
        check = self._silenced(key.namespace, event, check, previous, writes)
        event = check_state.with_truncation_label(msgspec.structs.replace(event, check=check))
        due_after_s = incoming.due_after_s if incoming.due_after_s is not None else _due_after_s(event)
        result = self._result(check, history.changes_state(previous, check), identity)
        self._store(key, event, entity_json, due_after_s, result, writes)
        owed = not self._is_for_nobody(key.namespace, event, previous) and self._owe(
            key.namespace, event, writes, entity_json
        )
        also = incoming.also
        writes.extend(also() if callable(also) else also)
        state = self._decided[key] = _state_after(previous, event, incoming.sender)
        live = owed_json(event, entity_json) if self._at.logs_events else b""
        existed = previous is not None
        return Decision(writes, key, state, due_after_s, existed, owed, live=live, identity=identity)

    def _completed(self, incoming: IncomingEvent, key: EventKey, writes: list[Write]) -> Event:
        """The event with the entity it is about, its secrets hidden, and a time."""
        event = incoming.event
        entity = event.entity
        name = looked_up(event)
        if name is not None:
            entity = redacted(self._stored_entity(event, key.namespace, name, writes))
        elif entity is not None and incoming.entity_json is None:
            entity = redacted(entity)
        if entity is event.entity and event.timestamp:
            return event
        return msgspec.structs.replace(event, entity=entity, timestamp=event.timestamp or int(self._now))

    def _stored_entity(self, event: Event, namespace: str, name: str, writes: list[Write]) -> Entity:
        entity = self._entity(namespace, name) or self._made.get((namespace, name))
        if entity is None:
            entity = self._made[namespace, name] = made_for(event, name)
            writes.append(stored_form.put(ENTITY, entity, must=Must.BE_ABSENT))
        return entity

    def _silenced(
        self, namespace: str, event: Event, check: Check, previous: CheckState | None, writes: list[Write]
    ) -> Check:
        """The check with the names of its silences; those that end because it is resolved are deleted.

        Source: recorded scenario silence-resolve (`is_silenced` stays on the event that ends them).
        """
        index = self._at.silences.of(namespace)
        if not index:
            return _unsilenced(check)
        matching = [
            entry for entry in index.matching(event, self._now) if (namespace, entry.metadata.name) not in self._ended
        ]
        if not matching:
            return _unsilenced(check)
        ended = ended_by_resolution(matching, previous.status if previous else 0, check.status)
        for entry in ended:
            self._ended.add((namespace, entry.metadata.name))
            writes.append(stored_form.delete(SILENCED, namespace, entry.metadata.name, Must.ANY))
        names = tuple(entry.metadata.name for entry in matching if entry not in ended)
        return msgspec.structs.replace(check, silenced=names, is_silenced=True)

    def _store(
        self,
        key: EventKey,
        event: Event,
        entity_json: msgspec.Raw | None,
        due_after_s: float | None,
        result: Result | None,
        writes: list[Write],
    ) -> None:
        due_at = None if due_after_s is None else self._alive_s + due_after_s
        writes.append(PutEvent(key, kept_json(event, entity_json), due_at, result))
        self._events[key] = event

    def _result(self, check: Check, changed: bool, identity: int) -> Result | None:
        """What the event's history gets, if anything."""
        if not changed and not (self._at.keeps_results and history.is_worth_keeping(check)):
            return None
        return Result(int(self._now), history.packed(check, changed, identity), changed)

    def _owe(self, namespace: str, event: Event, writes: list[Write], entity_json: msgspec.Raw | None = None) -> bool:
        """Owe the event, whole, to its handlers, if it names any."""
        owed = wants_handling(event)
        if owed:
            assert event.entity is not None
            delivery_id = self._at.next_delivery_id(slot_of(namespace, event.entity.metadata.name))
            writes.append(OweDelivery(delivery_id, namespace, owed_json(event, entity_json), self._now))
        return owed

    def _is_for_nobody(self, namespace: str, event: Event, previous: CheckState | None) -> bool:
        """Whether an event says that an agent is still well, to handlers of which none exists.

        Keepalives name a handler that few installations have; saying so each time would double what they cost.
        """
        check = event.check
        assert check is not None
        if check.metadata.name != KEEPALIVE or check.status != 0 or previous is None or previous.status != 0:
            return False
        return not event.pipelines and not any(self._at.cache.get(HANDLER, namespace, name) for name in check.handlers)

    def _decide_metrics(self, incoming: IncomingEvent, namespace: str) -> Decision:
        """Points without a check are handled and not stored."""
        event, sender, writes = incoming.event, incoming.sender, list[Write]()
        identity = 0 if sender is None else resending.identity(event, sender.acknowledged)
        if identity:
            if identity in self.metrics_received or identity in self._at.metrics:
                return Decision()
            self.metrics_received.append(identity)
            writes.append(self._at.metrics.write(self.metrics_received))
        assert event.entity is not None
        event = msgspec.structs.replace(
            event, entity=redacted(event.entity), timestamp=event.timestamp or int(self._now)
        )
        owed = self._owe(namespace, event, writes)
        also = incoming.also
        writes.extend(also() if callable(also) else also)
        return Decision(writes, owed=owed, live=owed_json(event) if self._at.logs_events else b"")

    def _decide_late(self, key: EventKey, previous: CheckState, incoming: IncomingEvent, identity: int) -> Decision:
        """An older result enters the history; only its metrics are handled, because its news is old."""
        writes: list[Write] = []
        stored, late = self._event(key), self._completed(incoming, key, writes)
        assert stored.check is not None
        assert late.check is not None
        kept = msgspec.structs.replace(stored, check=check_state.with_late_result(stored.check, late.check))
        due_after_s = incoming.due_after_s if incoming.due_after_s is not None else _due_after_s(kept)
        self._store(key, kept, None, due_after_s, self._result(late.check, False, identity), writes)
        owed = self._owe_metrics(key.namespace, late, writes)
        state = check_state.state_of(kept, previous.agent, previous.session, previous.newest)
        self._decided[key] = state
        live = owed_json(late) if self._at.logs_events else b""
        return Decision(writes, key, state, due_after_s, True, owed, live=live, identity=identity)

    def _owe_metrics(self, namespace: str, late: Event, writes: list[Write]) -> bool:
        if late.metrics is None or late.check is None:
            return False
        quiet = msgspec.structs.replace(late.check, handlers=(), pipelines=())
        points = msgspec.structs.replace(late, check=quiet, pipelines=None)
        return self._owe(namespace, points, writes)

    def _decide_removal(self, item: Removal) -> Decision:
        existed = self._state(item.key) is not None
        self._decided[item.key] = None
        self._events.pop(item.key, None)
        writes = [DeleteEvent(item.key), *(item.also if existed else ())]
        return Decision(writes, item.key, None, None, existed)

    def _decide_overdue(self, key: EventKey) -> Decision:
        if self._state(key) is None:
            return Decision()
        entity = self._entity(key.namespace, key.entity)
        stored = self._event(key)
        if entity is None or stored.check is None or stored.check.ttl <= 0:
            return Decision()
        wait_s = self._wait_for_agent_s(key, stored.check.ttl, entity)
        if wait_s > 0:
            return Decision(key=key, state=self._state(key), due_after_s=wait_s)
        event = ttl.alarm(stored, entity, self._now)
        return self._decide_arrival(arrival(IncomingEvent(event), None))

    def _wait_for_agent_s(self, key: EventKey, ttl_s: int, entity: Entity) -> float:
        """How much longer to wait for a result because its agent is silent, or about to be."""
        place = EventKey(key.namespace, key.entity, KEEPALIVE)
        keepalive = self._state(place)
        if keepalive is None:
            return 0
        wait_s = ttl.patience_s(ttl_s, keepalive.history, self._now)
        if wait_s > 0 or entity.entity_class != AGENT_CLASS:
            return wait_s
        return ttl.waits_for_keepalive_s(self._at.awaited.remaining_s(place), keepalive.status != 0)

    def _namespace_exists(self, namespace: str) -> bool:
        exists = self._namespaces.get(namespace)
        if exists is None:
            exists = self._namespaces[namespace] = self._at.cache.get(NAMESPACE, "", namespace) is not None
        return exists

    def _entity(self, namespace: str, name: str) -> Entity | None:
        stored = self._at.entities.get(entity_key(namespace, name))
        return None if stored is None else stored.entity

    def _state(self, key: EventKey) -> CheckState | None:
        return self._decided[key] if key in self._decided else self._states.get(key)

    def _event(self, key: EventKey) -> Event:
        """The event whole, as this group left it, or as the store has it (the daemon loaded what may be asked for)."""
        return self._events.get(key) or self._loaded[key]


def _state_after(previous: CheckState | None, event: Event, sender: Sender | None) -> CheckState:
    check = event.check
    assert check is not None
    newest = check.executed
    if previous is not None and previous.newest > newest:
        newest = previous.newest
    if sender is None:
        return check_state.state_of(event, newest=newest)
    return check_state.state_of(event, sender.agent, sender.session, newest)


def _json_of(entity: Entity | None, incoming: IncomingEvent) -> msgspec.Raw | None:
    """The JSON of an event's entity where it is the one that came in, and its JSON is known."""
    return incoming.entity_json if entity is incoming.event.entity else None


def _unsilenced(check: Check) -> Check:
    """The check without silences that its sender names; its own `is_silenced` stays.

    Source: recorded scenario filter-not-silenced.
    """
    return msgspec.structs.replace(check, silenced=()) if check.silenced else check


def _due_after_s(event: Event) -> float | None:
    """When the silence of a check becomes an alarm; an agent's keepalive that was written by hand is awaited too."""
    check, entity = event.check, event.entity
    assert check is not None
    assert entity is not None
    if check.metadata.name == KEEPALIVE:
        return warning_timeout_s(check) if entity.entity_class == AGENT_CLASS else None
    return ttl.awaited_for_s(check)
