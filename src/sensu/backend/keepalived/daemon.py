"""keepalived: hears agents' keepalives, and says when they are missing.

A keepalive becomes an event of its own (eventd stores it, with the entity as it was seen), and its deadline is that
event's. Source: docs, agent reference; recorded scenarios keepalive-*, session-*.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import uuid4

from sensu.backend.seams import EventDeferred, EventOutcome, IncomingEvent, LocalIntake
from sensu.backend.stored_entities import StoredEntities, entity_key
from sensu.backend.stored_form import delete, put
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.entity import AGENT_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.kinds import ENTITY
from sensu.resources.wire import decode, encode
from sensu.rules import keepalive as rules
from sensu.rules.redaction import redacted
from sensu.rules.share import slot_of
from sensu.store.contract import DeleteEvent, EventKey, Must, OweDelivery, Refused, Store, StoredEvent, Write

log = logging.getLogger("sensu.keepalived")

EVENTS_PAGE = 500
"""How many events of a deregistered entity are removed in one commit."""


class Counters(Protocol):
    """What keepalived counts."""

    def keepalive(self, status: str) -> None:
        """One keepalive came (`alive`) or was found missing (`dead`)."""
        ...


class Keepalived:
    """Turns keepalives into events for `intake`, and overdue ones into alarms or the end of the entity."""

    def __init__(
        self,
        store: Store,
        entities: StoredEntities,
        intake: LocalIntake,
        counters: Counters,
        clock: Clock,
        wake_deliveries: Callable[[], None],
        deregistration_handler: str = "",
    ) -> None:
        """`deregistration_handler` gets the deregistration events of entities that name no handler."""
        self._store = store
        self._deregistration_handler = deregistration_handler
        self._entities = entities
        self._intake = intake
        self._counters = counters
        self._clock = clock
        self._wake_deliveries = wake_deliveries

    def offer(self, keepalive: Event, done: Callable[[EventOutcome], None] | None = None) -> bool:
        """Take a valid keepalive event from an agent; false when the intake is full."""
        incoming = self._incoming(keepalive, self._clock.now(), str(uuid4()))
        return self._counted(self._intake.offer(incoming, done))

    def take(
        self,
        keepalive: Event,
        at: float,
        event_id: str,
        beside: Write,
        done: Callable[[EventOutcome], None] | None,
    ) -> bool:
        """Take a keepalive that came in `at` to another worker, which found that it may; `beside` is stored with it."""
        return self._counted(self._intake.take(self._incoming(keepalive, at, event_id, beside), done))

    def _incoming(self, keepalive: Event, at: float, event_id: str, *beside: Write) -> IncomingEvent:
        event = rules.keepalive_event(keepalive, at, event_id)
        assert event.check is not None
        due_after_s = rules.warning_timeout_s(event.check)
        return IncomingEvent(event, also=lambda: (*self._seen(keepalive), *beside), due_after_s=due_after_s)

    def _counted(self, taken: bool) -> bool:
        if taken:
            self._counters.keepalive("alive")
        return taken

    def _seen(self, keepalive: Event) -> Sequence[Write]:
        """The entity as it was seen, and what its registration handlers get if it is new."""
        entity = keepalive.entity
        assert entity is not None
        stored = self._entities.get(entity_key(entity.metadata.namespace, entity.metadata.name))
        if stored is not None:
            return (put(ENTITY, rules.seen_entity(stored.entity, keepalive), etag_before=stored.etag),)
        if entity.entity_class != AGENT_CLASS:
            return ()
        log.info("agent registered", extra=fields(namespace=entity.metadata.namespace, entity=entity.metadata.name))
        registration = rules.registration_event(redacted(entity), self._clock.now())
        return (put(ENTITY, rules.seen_entity(None, keepalive), must=Must.BE_ABSENT), self._owe(registration))

    def _owe(self, event: Event) -> OweDelivery:
        assert event.entity is not None
        metadata = event.entity.metadata
        delivery_id = self._store.next_delivery_id(slot_of(metadata.namespace, metadata.name))
        return OweDelivery(delivery_id, metadata.namespace, encode(event), self._clock.now())

    async def alarm(self, key: EventKey) -> None:
        """The keepalive at `key` is overdue: say so, or end the entity where it asks for that; raises StoreError."""
        place = entity_key(key.namespace, key.entity)
        stored = await self._store.get_event(key)
        await self._entities.load([place])
        known = self._entities.get(place)
        if stored is None or known is None:
            return
        event, now = decode(Event, stored.body), self._clock.now()
        if rules.arrived_meanwhile(event, now):
            return
        self._counters.keepalive("dead")
        if known.entity.deregister:
            await self._deregister(known.entity)
            return
        missing = rules.missing(event, known.entity, now, str(uuid4()))
        outcome = await self._intake.post(IncomingEvent(missing.event, due_after_s=missing.due_after_s, failure=True))
        if isinstance(outcome, EventDeferred):
            raise StoreError(outcome.why)

    async def _deregister(self, entity: Entity) -> None:
        """Remove the entity and its events; their handlers hear that they are resolved, then that it is gone."""
        metadata = entity.metadata
        log.info("entity deregistered", extra=fields(namespace=metadata.namespace, entity=metadata.name))
        after: EventKey | None = None
        while True:
            page = await self._store.list_events(metadata.namespace, metadata.name, after=after, limit=EVENTS_PAGE)
            writes = [write for stored in page.items for write in self._resolve(stored)]
            if not page.more:
                writes += self._end(entity)
            result = await self._store.commit(writes)
            if isinstance(result, Refused):
                raise StoreError(f"entity {metadata.name} could not be deregistered: {result.conflict.value}")
            if not page.more:
                break
            after = page.items[-1].key
        self._wake_deliveries()

    def _resolve(self, stored: StoredEvent) -> list[Write]:
        resolved = rules.resolved_by_deregistration(decode(Event, stored.body))
        check = resolved.check
        assert check is not None
        owed: list[Write] = []
        if check.handlers or check.pipelines or resolved.pipelines:
            owed.append(self._owe(resolved))
        return [DeleteEvent(stored.key), *owed]

    def _end(self, entity: Entity) -> list[Write]:
        gone: list[Write] = [delete(ENTITY, entity.metadata.namespace, entity.metadata.name, Must.ANY)]
        default = self._deregistration_handler
        notice = rules.deregistration_event(redacted(entity), self._clock.now(), str(uuid4()), default)
        return gone if notice is None else [*gone, self._owe(notice)]
