"""keepalived: turns agents' keepalives into events, and missing keepalives into failure events.

eventd stores the event of a keepalive together with the observed entity, and tracks its deadline. Source: docs, agent
reference; recorded scenarios keepalive-*, session-*.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import uuid4

from sensu.backend.ports import EventDeferred, EventOutcome, IncomingEvent, LocalIntake
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
from sensu.store.contract import Store
from sensu.store.values import DeleteEvent, EventKey, Must, OweDelivery, Refused, StoredEvent, Write

log = logging.getLogger("sensu.keepalived")

EVENTS_PAGE = 500
"""Events of a deregistered entity that are removed in one commit."""


class KeepaliveCounters(Protocol):
    """What keepalived counts."""

    def keepalive(self, status: str) -> None:
        """Count a keepalive that arrived (`alive`) or is missing (`dead`)."""
        ...


class Keepalived:
    """Turns keepalives into events for `intake`; a missing one fails the entity's keepalive, or deregisters it."""

    def __init__(
        self,
        store: Store,
        entities: StoredEntities,
        intake: LocalIntake,
        counters: KeepaliveCounters,
        clock: Clock,
        wake_deliveries: Callable[[], None],
        deregistration_handler: str = "",
    ) -> None:
        """`deregistration_handler` receives the deregistration events of entities that name no handler."""
        self._store = store
        self._deregistration_handler = deregistration_handler
        self._entities = entities
        self._intake = intake
        self._counters = counters
        self._clock = clock
        self._wake_deliveries = wake_deliveries

    def offer(self, keepalive: Event, done: Callable[[EventOutcome], None] | None = None) -> bool:
        """Accept a valid keepalive event from an agent; False if the intake is full."""
        incoming = self._incoming(keepalive, self._clock.now(), str(uuid4()))
        return self._counted(self._intake.offer(incoming, done))

    def take(
        self,
        keepalive: Event,
        at: float,
        event_id: str,
        mark: Callable[[], Write] | None,
        done: Callable[[EventOutcome], None] | None,
    ) -> bool:
        """Accept a keepalive that was admitted at time `at`; `mark` as in `IncomingEvent`."""
        return self._counted(self._intake.take(self._incoming(keepalive, at, event_id, mark), done))

    def _incoming(
        self, keepalive: Event, at: float, event_id: str, mark: Callable[[], Write] | None = None
    ) -> IncomingEvent:
        event = rules.keepalive_event(keepalive, at, event_id)
        assert event.check is not None
        due_after_s = rules.warning_timeout_s(event.check)
        return IncomingEvent(event, also=lambda: self._seen(keepalive), due_after_s=due_after_s, mark=mark)

    def _counted(self, taken: bool) -> bool:
        if taken:
            self._counters.keepalive("alive")
        return taken

    def _seen(self, keepalive: Event) -> Sequence[Write]:
        """The writes that store the observed entity, and its registration event if it is new."""
        entity = keepalive.entity
        assert entity is not None
        stored = self._entities.get(entity_key(entity.metadata.namespace, entity.metadata.name))
        if stored is not None:
            seen = rules.seen_entity(stored.entity, keepalive)
            quiet = rules.same_configuration(stored.entity, seen)
            return (put(ENTITY, seen, etag_before=stored.etag, quiet=quiet),)
        if entity.entity_class != AGENT_CLASS:
            return ()
        log.info("agent registered", extra=fields(namespace=entity.metadata.namespace, entity=entity.metadata.name))
        registration = rules.registration_event(redacted(entity), self._clock.now())
        return (put(ENTITY, rules.seen_entity(None, keepalive), must=Must.BE_ABSENT), self._delivery(registration))

    def _delivery(self, event: Event) -> OweDelivery:
        assert event.entity is not None
        metadata = event.entity.metadata
        delivery_id = self._store.next_delivery_id(slot_of(metadata.namespace, metadata.name))
        return OweDelivery(delivery_id, metadata.namespace, encode(event), self._clock.now())

    async def expired(self, key: EventKey) -> None:
        """Store a failure event for the missing keepalive at `key`, or deregister its entity; raises StoreError."""
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
        """Remove the entity and its events: handlers receive their resolution, then the deregistration event."""
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
        deliveries: list[Write] = []
        if check.handlers or check.pipelines or check.fallback_pipeline or resolved.pipelines:
            deliveries.append(self._delivery(resolved))
        return [DeleteEvent(stored.key), *deliveries]

    def _end(self, entity: Entity) -> list[Write]:
        gone: list[Write] = [delete(ENTITY, entity.metadata.namespace, entity.metadata.name, Must.ANY)]
        default = self._deregistration_handler
        notice = rules.deregistration_event(redacted(entity), self._clock.now(), str(uuid4()), default)
        return gone if notice is None else [*gone, self._delivery(notice)]
