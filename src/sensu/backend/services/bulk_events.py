"""Bulk requests on events: resolve, delete, run again, silence, end a silence."""

from collections.abc import Mapping

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.services.bulk import Action, Bulk, BulkOutcome, BulkRuns, Lines
from sensu.backend.services.checks import Checks
from sensu.backend.services.event_selection import matching_events
from sensu.backend.services.events import Events
from sensu.backend.services.outcomes import Exists, Invalid, NotFound, Refusal
from sensu.backend.services.payload import Payload, decoded
from sensu.backend.services.silences import Silences
from sensu.backend.silence_indexes import SilenceIndexes
from sensu.clock import Clock
from sensu.resources.check import KEEPALIVE
from sensu.resources.entity import AGENT_CLASS
from sensu.resources.event import Event
from sensu.resources.kinds import CHECK, EVENT, SILENCED
from sensu.resources.metadata import ObjectMeta
from sensu.resources.silenced import Silenced
from sensu.resources.wire import decode, encode
from sensu.rules.bulk import BulkLine, BulkOfEvents, BulkRequest, SilenceTerms
from sensu.rules.kinds.silenced import name_of_entry
from sensu.store.contract import Store
from sensu.store.values import EventKey


class BulkOnEvents:
    """Acts on many events, for callers who may do so for each of them."""

    def __init__(
        self,
        store: Store,
        events: Events,
        checks: Checks,
        silences: Silences,
        indexes: SilenceIndexes,
        runs: BulkRuns,
        clock: Clock,
    ) -> None:
        self._store, self._events, self._checks = store, events, checks
        self._silences, self._indexes, self._runs, self._clock = silences, indexes, runs, clock

    async def begin(self, caller: Identity, namespace: str, payload: Payload) -> Lines | Refusal:
        """The lines of the answer, as the events are acted on."""
        request = await decoded(BulkOfEvents, payload)
        if isinstance(request, Invalid):
            return request
        if any(len(names) != len(("entity", "check")) for names in request.of or ()):
            return Invalid("each item of of must be the names of an entity and a check")
        of = None if request.of is None else [EventKey(namespace, *names) for names in request.of]
        return await self._runs.begin(caller, self._bulk(namespace), request, of)

    def _bulk(self, namespace: str) -> Bulk[EventKey]:
        actions = {
            "resolve": Action("update", EVENT.segment, _name, self._resolve),
            "delete": Action("delete", EVENT.segment, _name, self._delete),
            "execute": Action("create", CHECK.segment, _check_name, self._execute),
            "silence": Action("create", SILENCED.segment, _no_name, self._silence),
            "unsilence": Action("delete", SILENCED.segment, _silence_name, self._unsilence),
        }
        return Bulk(
            EVENT.segment,
            namespace,
            actions,
            lambda where, limit: matching_events(self._store, namespace, where, limit),
            self._exists,
            lambda key: BulkLine(entity=key.entity, check=key.check),
        )

    async def _exists(self, key: EventKey) -> bool:
        return await self._store.get_event(key) is not None

    async def _resolve(self, caller: Identity, key: EventKey, request: BulkRequest) -> BulkOutcome:
        return await self._events.resolve(caller, key)

    async def _delete(self, caller: Identity, key: EventKey, request: BulkRequest) -> BulkOutcome:
        return await self._events.delete(caller, key)

    async def _execute(self, caller: Identity, key: EventKey, request: BulkRequest) -> BulkOutcome:
        """Run the check again: on the agent of the entity or, for a proxy entity, where the check always runs."""
        stored = await self._store.get_event(key)
        if stored is None:
            return NotFound()
        if key.check == KEEPALIVE:
            return Invalid("keepalives cannot be executed")
        entity = decode(Event, stored.body).entity
        own = entity is not None and entity.entity_class == AGENT_CLASS
        wish = {"check": key.check, "subscriptions": [f"entity:{key.entity}"] if own else []}
        return await self._checks.execute(caller, key.namespace, key.check, _payload(wish))

    async def _silence(self, caller: Identity, key: EventKey, request: BulkRequest) -> BulkOutcome:
        silence = silence_of(key.namespace, f"entity:{key.entity}", key.check, request.silence)
        return await created(self._silences, caller, silence)

    async def _unsilence(self, caller: Identity, key: EventKey, request: BulkRequest) -> BulkOutcome:
        """End the silence of this event alone; one that applies to other events too is left as it is."""
        stored = await self._store.get_event(key)
        if stored is None:
            return NotFound()
        matching = self._indexes.of(key.namespace).matching(decode(Event, stored.body), self._clock.now())
        own = _silence_name(key)
        names = [entry.metadata.name for entry in matching]
        if own in names:
            return await self._silences.delete(caller, key.namespace, own)
        if names:
            return Exists(f"silenced by {', '.join(names)}, which can apply to other events too")
        return NotFound("the event is not silenced")


def _name(key: EventKey) -> str:
    return f"{key.entity}/{key.check}"


def _check_name(key: EventKey) -> str:
    return key.check


def _no_name(key: EventKey) -> str:
    return ""


def _silence_name(key: EventKey) -> str:
    return name_of_entry(f"entity:{key.entity}", key.check)


def silence_of(namespace: str, subscription: str, check: str, terms: SilenceTerms | None) -> Silenced:
    """A silence with the terms of a request."""
    terms = terms or SilenceTerms()
    return Silenced(
        metadata=ObjectMeta(namespace=namespace),
        subscription=subscription,
        check=check,
        expire=terms.expire,
        expire_on_resolve=terms.expire_on_resolve,
        begin=terms.begin,
        reason=terms.reason,
    )


async def created(silences: Silences, caller: Identity, silence: Silenced) -> BulkOutcome:
    """What creating a silence came to."""
    outcome = await silences.create(caller, silence.metadata.namespace, _payload(silence))
    return Exists("it is silenced already") if isinstance(outcome, Exists) else outcome


def _payload(body: msgspec.Struct | Mapping[str, object]) -> Payload:
    async def payload() -> bytes:
        return encode(body)

    return payload
