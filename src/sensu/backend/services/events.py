"""Events. New ones are passed to eventd, which stores them.

Source: docs, "Events API"; recorded scenarios events-lifecycle, events-invalid, events-fields.
"""

import uuid
from typing import TypeVar

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.ports import EventDeferred, EventRefused, IncomingEvent, Intake
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.lists import Pages, event_order, event_walk, selection_of
from sensu.backend.services.outcomes import (
    Deleted,
    Denied,
    Found,
    Invalid,
    Listing,
    NotFound,
    Refusal,
    Unavailable,
    Written,
)
from sensu.backend.services.pages import PageRequest, event_position, event_token
from sensu.backend.services.payload import Payload, decoded
from sensu.clock import Clock
from sensu.resources.check import Check
from sensu.resources.entity import PROXY_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.kinds import EVENT
from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import decode
from sensu.rules.etag import etag
from sensu.rules.kinds.event import problem
from sensu.rules.resolution import resolved
from sensu.store.contract import Store
from sensu.store.values import EventKey

Part = TypeVar("Part", Entity, Check)


class Events:
    """Reads, creates and deletes events."""

    def __init__(self, store: Store, access: Access, clock: Clock, intake: Intake, audit: AuditLog) -> None:
        self._audit = audit
        self._store = store
        self._access = access
        self._clock = clock
        self._intake = intake

    async def get(self, caller: Identity, key: EventKey) -> Found | Refusal:
        """An event."""
        if not self._allows(caller, "get", key):
            return Denied()
        stored = await self._store.get_event(key)
        return NotFound() if stored is None else Found(stored.body, etag(stored.body))

    async def listing(
        self, caller: Identity, namespace: str | None, entity: str | None, page: PageRequest
    ) -> Listing | Refusal:
        """The events of an entity, of a namespace, or of all namespaces (None)."""
        if not self._access.allows(caller, "list", EVENT.segment, namespace=namespace or ""):
            return Denied()
        selection = selection_of(EVENT, page)
        if isinstance(selection, Invalid):
            return selection
        total = await self._store.count_events(namespace, entity) if selection is None else None
        if page.is_whole:
            return Listing(self._store.event_bodies(namespace, entity), total=total)
        pages = Pages(event_walk(self._store, namespace, entity, selection), event_order, selection)
        after = event_position(namespace, entity, page.after)
        return await pages.listing(page, after, lambda key: event_token(namespace, entity, key), total)

    async def create(self, caller: Identity, namespace: str, payload: Payload) -> Written | Refusal:
        """Create an event for the entity and check that it names."""
        if not self._access.allows(caller, "create", EVENT.segment, namespace=namespace):
            return Denied()
        return await self._take(caller, EventKey(namespace, "", ""), payload)

    async def put(self, caller: Identity, verb: str, key: EventKey, payload: Payload) -> Written | Refusal:
        """Create or update the event of an entity and check; `verb` is `create` or `update`."""
        if not self._allows(caller, verb, key):
            return Denied()
        return await self._take(caller, key, payload)

    async def delete(self, caller: Identity, key: EventKey) -> Deleted | Refusal:
        """Delete an event and its deadline."""
        if not self._allows(caller, "delete", key):
            return Denied()
        stored = await self._store.get_event(key)
        also = self._audit.of_removed_event(caller, key, stored.body) if stored else ()
        return Deleted() if await self._intake.remove(key, also) else NotFound()

    async def resolve(self, caller: Identity, key: EventKey) -> Written | Refusal:
        """Report a passing result for an event that fails, in the name of the caller."""
        if not self._allows(caller, "update", key):
            return Denied()
        stored = await self._store.get_event(key)
        if stored is None:
            return NotFound()
        event, now = decode(Event, stored.body), self._clock.now()
        if event.check is None or event.check.status == 0:
            return Written()
        passing = completed(resolved(event, caller.username, now), key, caller.username, int(now))
        if isinstance(passing, Invalid):
            return passing
        outcome = await self._post(IncomingEvent(passing))
        if isinstance(outcome, Written):
            await self._store.commit(self._audit.of_resolved_event(caller, key))
        return outcome

    def _allows(self, caller: Identity, verb: str, key: EventKey) -> bool:
        name = f"{key.entity}/{key.check}"
        return self._access.allows(caller, verb, EVENT.segment, name=name, namespace=key.namespace)

    async def _take(self, caller: Identity, key: EventKey, payload: Payload) -> Written | Refusal:
        sent = await decoded(Event, payload)
        event = sent if isinstance(sent, Invalid) else completed(sent, key, caller.username, int(self._clock.now()))
        if isinstance(event, Invalid):
            return event
        return await self._post(IncomingEvent(event))

    async def _post(self, incoming: IncomingEvent) -> Written | Refusal:
        outcome = await self._intake.post(incoming)
        if isinstance(outcome, EventRefused):
            return Invalid(outcome.why)
        return Unavailable(outcome.why) if isinstance(outcome, EventDeferred) else Written()


def completed(event: Event, key: EventKey, username: str, now: int) -> Event | Invalid:
    """The event, validated, with names, namespaces, class, author, id and time filled in; `now` in Unix seconds.

    If a name in `key` is empty, that of the event is used. The id is converted to the usual form of a UUID.
    """
    if event.entity is None:
        return Invalid("event must contain an entity")
    if event.check is None and event.metrics is None:
        return Invalid("event must contain a check or metrics")
    entity = _placed(event.entity, key.namespace, key.entity, username)
    if isinstance(entity, Invalid):
        return entity
    check = event.check and _placed(event.check, key.namespace, key.check, username)
    if isinstance(check, Invalid):
        return check
    if not entity.entity_class:
        entity = msgspec.structs.replace(entity, entity_class=PROXY_CLASS)
    identifier = event.id or str(uuid.uuid4())
    complete = msgspec.structs.replace(
        event,
        entity=entity,
        check=check,
        id=identifier,
        timestamp=event.timestamp or now,
        metadata=msgspec.structs.replace(event.metadata, created_by=username),
    )
    why = problem(complete)
    if why is not None:
        return Invalid(why)
    return msgspec.structs.replace(complete, id=str(uuid.UUID(identifier.lower())))


def _placed(part: Part, namespace: str, name: str, username: str) -> Part | Invalid:
    """An event's entity or check, with the namespace and name of the URL."""
    meta: ObjectMeta = part.metadata
    for word, given, wanted in (("namespace", meta.namespace, namespace), ("name", meta.name, name)):
        if given and wanted and given != wanted:
            return Invalid(f"the {word} of the resource ({given}) does not match the {word} of the URI ({wanted})")
    placed = msgspec.structs.replace(meta, namespace=namespace, name=meta.name or name, created_by=username)
    return msgspec.structs.replace(part, metadata=placed)
