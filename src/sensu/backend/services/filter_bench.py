"""Tries out a filter on the events of the last hour."""

import math

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.ports import BenchEvent, FilterJudge, OverBudget
from sensu.backend.services.at_once import AtOnce
from sensu.backend.services.event_selection import walked
from sensu.backend.services.explain import EXPRESSIONS_MAX
from sensu.backend.services.outcomes import Denied, Found, Invalid, Refusal, TooMany
from sensu.backend.services.payload import Payload, decoded
from sensu.clock import Clock
from sensu.resources.event_filter import EventFilter
from sensu.resources.kinds import EVENT, EVENT_FILTER
from sensu.resources.wire import Wire, always, decode, encode
from sensu.resources.wire_numbers import U32
from sensu.rules.kinds.table import problem_of
from sensu.rules.severity import INCIDENT, WORDS, severities_of
from sensu.store.contract import Store
from sensu.store.values import EventOrder, EventQuery, EventSearch

WINDOW_S, EVENTS_MAX = 3_600, 1_000
READ_MAX = 10_000
"""The number of events that are read to find those of the window."""
AT_ONCE_MAX = 1
_TOO_MANY = TooMany("a caller can have one filter bench at a time, try again later")


class Bench(Wire, frozen=True):
    """A filter to try out on the events of the last `window_s` seconds, at most `max`, the most severe first.

    `status` names severities, `word` is a part of the names of entity and check.
    """

    filter: EventFilter = always(EventFilter)
    window_s: U32 = WINDOW_S
    max: U32 = EVENTS_MAX
    status: tuple[str, ...] = ()
    word: str = ""


class _Dated(msgspec.Struct):
    timestamp: float = 0


class FilterBenches:
    """Tries out filters for callers who may get filters and list events."""

    def __init__(self, store: Store, access: Access, clock: Clock, judge: FilterJudge) -> None:
        self._store, self._access, self._clock, self._judge = store, access, clock, judge
        self._at_once = AtOnce(AT_ONCE_MAX)

    async def bench(self, caller: Identity, namespace: str, payload: Payload) -> Found | Refusal:
        """The `BenchResult` of a filter."""
        allows = self._access.allows
        if not (
            allows(caller, "get", EVENT_FILTER.segment, namespace=namespace)
            and allows(caller, "list", EVENT.segment, namespace=namespace)
        ):
            return Denied()
        asked = await decoded(Bench, payload)
        if isinstance(asked, Invalid):
            return asked
        severities = severities_of(asked.status)
        if severities is None:
            return Invalid(f"status must name some of {', '.join((*WORDS, INCIDENT))}")
        candidate = _placed(asked.filter, namespace)
        if len(candidate.expressions or ()) > EXPRESSIONS_MAX:
            return Invalid(f"filter must not have more than {EXPRESSIONS_MAX} expressions in a bench")
        problem = problem_of(candidate)
        if problem is not None:
            return Invalid(problem)
        with self._at_once.admitted(caller) as admitted:
            if not admitted:
                return _TOO_MANY
            query = EventQuery(namespace, EventOrder.SEVERITY, severities)
            events = await self._events(EventSearch(query, asked.word), asked)
            found = await self._judge.judge(namespace, candidate, events, caller)
        if isinstance(found, OverBudget):
            retry_after_s = max(1, math.ceil(found.retry_after_s))
            return TooMany(f"{found.why}: try again in {retry_after_s} s", retry_after_s)
        return Found(encode(found))

    async def _events(self, search: EventSearch, asked: Bench) -> list[BenchEvent]:
        since, most = self._clock.now() - asked.window_s, min(asked.max, EVENTS_MAX)
        found: list[BenchEvent] = []
        read = 0
        async for some in walked(self._store, search):
            bodies = await self._store.events_of_ids([event.id for event in some])
            read += len(some)
            found += [
                BenchEvent(event.key.entity, event.key.check, event.body)
                for event in bodies
                if decode(_Dated, event.body).timestamp >= since
            ]
            if len(found) >= most or read >= READ_MAX:
                break
        return found[:most]


def _placed(candidate: EventFilter, namespace: str) -> EventFilter:
    """The filter, in the namespace and with a name."""
    metadata = candidate.metadata
    placed = msgspec.structs.replace(metadata, namespace=namespace, name=metadata.name or "candidate")
    return msgspec.structs.replace(candidate, metadata=placed)
