"""Explains why workflows handled an event or not, and what they would do with another."""

import math
from typing import TypeVar

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.ports import OfferedDeliveries, OverBudget, Question
from sensu.backend.services.events import completed
from sensu.backend.services.outcomes import Denied, Found, Invalid, NotFound, Refusal, TooMany
from sensu.backend.services.payload import Payload, decoded
from sensu.clock import Clock
from sensu.resources.check import KEEPALIVE
from sensu.resources.event import Event
from sensu.resources.event_filter import EventFilter
from sensu.resources.handler import Handler
from sensu.resources.kinds import EVENT
from sensu.resources.metadata import ObjectMeta
from sensu.resources.pipeline import Pipeline
from sensu.resources.wire import Wire, decode, encode
from sensu.rules.explain import Explanation
from sensu.rules.handling import UNKNOWN, handled, unpacked
from sensu.rules.kinds.table import problem_of
from sensu.store.contract import Store
from sensu.store.values import EventKey

LAST = (1 << 63) - 1
"""Stands for the newest delivery of an event."""
EXPRESSIONS_MAX = 20
"""The largest number of expressions of a candidate filter, so that a dry run does not delay other work."""

Candidate = EventFilter | Handler | Pipeline
_C = TypeVar("_C", EventFilter, Handler, Pipeline)


class Asked(Wire, frozen=True):
    """A dry run: an event, or the stored one of `entity` and `check`, and candidates for stored resources.

    A candidate replaces the stored resource of the same name. With a pipeline or a handler, the event goes through it
    alone.
    """

    event: Event | None = None
    entity: str = ""
    check: str = ""
    filter: EventFilter | None = None
    handler: Handler | None = None
    pipeline: Pipeline | None = None


class Explain:
    """Explains events to callers who may read them."""

    def __init__(self, store: Store, access: Access, clock: Clock, deliveries: OfferedDeliveries) -> None:
        self._store, self._access, self._clock, self._deliveries = store, access, clock, deliveries

    async def stored(self, caller: Identity, key: EventKey) -> Found | Refusal:
        """What happened to a stored event or, if that is not known, what would happen to it now."""
        if not self._allows(caller, key):
            return Denied()
        trace, stored = self._deliveries.traces.of(key), await self._store.get_event(key)
        if stored is None:
            return NotFound() if trace is None else Found(encode(trace))
        event = decode(Event, stored.body)
        if trace is not None and (trace.event.id, trace.event.timestamp) == (event.id or "", event.timestamp):
            return Found(encode(await self._with_handling(key, trace)))
        would = await self._deliveries.dry_runs.explain(key.namespace, Question(event, caller))
        if isinstance(would, OverBudget):
            return _too_many(would)
        return Found(encode(await self._with_handling(key, msgspec.structs.replace(would, earlier=trace))))

    async def _with_handling(self, key: EventKey, explanation: Explanation) -> Explanation:
        """The explanation with what is kept of the last state change, and whether the agent is away."""
        explanation = msgspec.structs.replace(explanation, away_since=await self._away_since(key))
        kept = await self._store.handling(key, LAST)
        if kept is None:
            return msgspec.structs.replace(explanation, handled=UNKNOWN)
        outcomes = unpacked(kept.handled or b"")
        return msgspec.structs.replace(explanation, handled=handled(kept.change, kept.handled), handling=outcomes)

    async def _away_since(self, key: EventKey) -> int:
        """When the last keepalive of the entity came, if its keepalives fail; 0 otherwise, and for them themselves."""
        if key.check == KEEPALIVE:
            return 0
        stored = await self._store.get_event(EventKey(key.namespace, key.entity, KEEPALIVE))
        check = decode(Event, stored.body).check if stored is not None else None
        return check.last_ok if check is not None and check.status != 0 else 0

    async def dry_run(self, caller: Identity, namespace: str, payload: Payload) -> Found | Refusal:
        """What would happen to an event in the request or to a stored one, given the candidates."""
        if not self._allows(caller, EventKey(namespace, "", "")):
            return Denied()
        asked = await decoded(Asked, payload)
        if isinstance(asked, Invalid):
            return asked
        event = await self._event(caller, namespace, asked)
        if not isinstance(event, Event):
            return event
        question = Question(
            event,
            caller,
            _placed(asked.filter, namespace),
            _placed(asked.handler, namespace),
            _placed(asked.pipeline, namespace),
        )
        for candidate in (question.filter, question.handler, question.pipeline):
            why = _problem(candidate)
            if why is not None:
                return Invalid(why)
        would = await self._deliveries.dry_runs.explain(namespace, question)
        return _too_many(would) if isinstance(would, OverBudget) else Found(encode(would))

    async def _event(self, caller: Identity, namespace: str, asked: Asked) -> Event | Refusal:
        if asked.event is not None:
            return completed(asked.event, EventKey(namespace, "", ""), caller.username, int(self._clock.now()))
        if not asked.entity or not asked.check:
            return Invalid("an event, or the names of an entity and a check, must be given")
        key = EventKey(namespace, asked.entity, asked.check)
        if not self._allows(caller, key):
            return Denied()
        stored = await self._store.get_event(key)
        return NotFound() if stored is None else decode(Event, stored.body)

    def _allows(self, caller: Identity, key: EventKey) -> bool:
        name = f"{key.entity}/{key.check}" if key.entity else ""
        return self._access.allows(caller, "get", EVENT.segment, name=name, namespace=key.namespace)


def _too_many(over: OverBudget) -> TooMany:
    retry_after_s = max(1, math.ceil(over.retry_after_s))
    return TooMany(f"{over.why}: try again in {retry_after_s} s", retry_after_s)


def _placed(candidate: _C | None, namespace: str) -> _C | None:
    """The candidate, in the namespace and with a name."""
    if candidate is None:
        return None
    metadata: ObjectMeta = candidate.metadata
    placed = msgspec.structs.replace(metadata, namespace=namespace, name=metadata.name or "candidate")
    return msgspec.structs.replace(candidate, metadata=placed)


def _problem(candidate: Candidate | None) -> str | None:
    if candidate is None:
        return None
    if isinstance(candidate, EventFilter) and len(candidate.expressions or ()) > EXPRESSIONS_MAX:
        return f"filter must not have more than {EXPRESSIONS_MAX} expressions in a dry run"
    return problem_of(candidate)
