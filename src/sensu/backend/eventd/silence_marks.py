"""Keeps the mark `silenced` in the states of events true while silences begin, change and end.

A result is marked when it is decided. Between results a silence may begin, change or end: then the events that it can
apply to are looked at, some at a time, and those whose mark is wrong are marked again. Each member marks the events of
its own slots.
"""

import asyncio
import heapq
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from sensu.backend.membership import Ownership
from sensu.backend.silence_indexes import SilenceIndexes
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.kinds import SILENCED
from sensu.resources.silenced import Silenced
from sensu.rules.event_row import listed_body, subject_of
from sensu.rules.share import Slots, slot_of
from sensu.rules.silencing import reach_of
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import (
    EventOrder,
    EventPosition,
    EventQuery,
    EventSearch,
    Key,
    ListedEvent,
    MarkSilenced,
)

log = logging.getLogger("sensu.eventd")

LOOKED_AT_ONCE = 200
"""The number of events after which other work gets its turn."""
AGAIN_S = 1.0
"""The pause after a failure of the store."""
WAIT_MAX_S = 60.0
"""The maximum time between checks for silences that begin or end, because the clock may be set."""
TURNS_SLACK = 1000
"""The maximum number of outdated begin and end times that are kept in addition to the current ones."""

_Scope = tuple[str, str, str]
"""A namespace, and the names of the entity and the check of the events that a silence can apply to; empty for all."""


class SilenceMarks:
    """Follows silences; call `run`."""

    def __init__(
        self, store: Store, cache: ResourceCache, silences: SilenceIndexes, clock: Clock, ownership: Ownership
    ) -> None:
        self._store, self._cache, self._silences = store, cache, silences
        self._clock, self._ownership = clock, ownership
        self._scopes: dict[_Scope, None] = {}
        self._marked: dict[str, None] = {}
        self._turns: list[tuple[float, _Scope]] = []
        self._turns_max = TURNS_SLACK
        self._woken = asyncio.Event()
        cache.subscribe(SILENCED, self._changed)

    @property
    def pending(self) -> bool:
        """Whether marks may be wrong, because not all events of silences that changed were looked at."""
        return bool(self._scopes or self._marked)

    def look_at_all(self) -> None:
        """Look at all events that are marked, and at those of all silences."""
        for silence in self._cache.list(SILENCED):
            self._note(silence)
        self._woken.set()

    async def took_up(self, slots: Slots) -> None:
        """Look at the events of slots that became this member's."""
        await self._mark_namespaces()
        self.look_at_all()

    async def run(self) -> None:
        """Follow silences until cancelled."""
        while True:
            try:
                await self._mark_namespaces()
                break
            except StoreError as err:
                log.warning("the store does not answer", extra=fields(error=str(err)))
                await self._clock.sleep(AGAIN_S)
        self.look_at_all()
        while True:
            self._take_turns()
            if not self.pending:
                await self._wait()
                continue
            try:
                await self._look()
            except StoreError as err:
                log.warning("silences could not be followed", extra=fields(error=str(err), again_in_s=AGAIN_S))
                await self._clock.sleep(AGAIN_S)

    async def _mark_namespaces(self) -> None:
        self._marked.update(dict.fromkeys(await self._store.event_counts(None)))

    def _changed(self, key: Key, silence: Any) -> None:
        """A silence is new, changed or (None) gone: what it silenced before is among the events that are marked."""
        self._marked[key.namespace] = None
        if silence is not None:
            self._note(silence)
        self._woken.set()

    def _note(self, silence: Silenced) -> None:
        """Look at the events of a silence now, and when it begins and ends."""
        self._scopes[_scope_of(silence)] = None
        for turn in self._turns_of(silence):
            heapq.heappush(self._turns, turn)
        if len(self._turns) > self._turns_max:
            self._turns = [turn for one in self._cache.list(SILENCED) for turn in self._turns_of(one)]
            self._turns_max = len(self._turns) + TURNS_SLACK
            heapq.heapify(self._turns)

    def _turns_of(self, silence: Silenced) -> Iterator[tuple[float, _Scope]]:
        now, scope = self._clock.now(), _scope_of(silence)
        return ((at, scope) for at in (silence.begin, silence.expire_at) if at > now)

    def _take_turns(self) -> None:
        now = self._clock.now()
        while self._turns and self._turns[0][0] <= now:
            scope = heapq.heappop(self._turns)[1]
            self._scopes[scope] = None

    async def _wait(self) -> None:
        """Return when a silence changes, begins or ends."""
        wait_s = WAIT_MAX_S if not self._turns else min(WAIT_MAX_S, max(0.0, self._turns[0][0] - self._clock.now()))
        woken = asyncio.ensure_future(self._woken.wait())
        turn = asyncio.ensure_future(self._clock.sleep(wait_s))
        try:
            await asyncio.wait((woken, turn), return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            turn.cancel()
        self._woken.clear()

    async def _look(self) -> None:
        """Look at the events of one scope, or at those of one namespace that are marked."""
        if self._marked:
            namespace = next(iter(self._marked))
            del self._marked[namespace]
            try:
                await self._mark(self._marked_events(namespace))
            except BaseException:
                self._marked[namespace] = None
                raise
            return
        scope = next(iter(self._scopes))
        del self._scopes[scope]
        try:
            await self._mark(self._events_of(scope))
        except BaseException:
            self._scopes[scope] = None
            raise

    async def _marked_events(self, namespace: str) -> AsyncIterator[Sequence[ListedEvent]]:
        after = 0
        while events := await self._store.silenced_events(namespace, after, LOOKED_AT_ONCE):
            yield events
            after = events[-1].id

    async def _events_of(self, scope: _Scope) -> AsyncIterator[Sequence[ListedEvent]]:
        namespace, entity, check = scope
        search = EventSearch(EventQuery(namespace, EventOrder.NAME), entity=entity, check=check)
        after: EventPosition | None = None
        while True:
            walk = await self._store.search_events(search, after)
            ids = [event.id for event in walk.items if self._owns(event)]
            for start in range(0, len(ids), LOOKED_AT_ONCE):
                yield await self._store.events_of_ids(ids[start : start + LOOKED_AT_ONCE])
            after = walk.after
            if after is None:
                return

    def _owns(self, event: ListedEvent) -> bool:
        return self._ownership.owns(slot_of(event.key.namespace, event.key.entity))

    async def _mark(self, batches: AsyncIterator[Sequence[ListedEvent]]) -> None:
        async for events in batches:
            marks = [mark for event in events if (mark := self._mark_of(event)) is not None]
            if marks:
                await self._store.commit(marks)
            await asyncio.sleep(0)

    def _mark_of(self, event: ListedEvent) -> MarkSilenced | None:
        """The mark that an event of this member must get, None if it has the right one."""
        if not self._owns(event):
            return None
        subject = subject_of(listed_body(event.body))
        found = self._silences.of(event.key.namespace).matching_subject(subject, self._clock.now())
        return None if bool(found) == event.state.silenced else MarkSilenced(event.key, bool(found))


def _scope_of(silence: Silenced) -> _Scope:
    reach = reach_of(silence)
    return silence.metadata.namespace, reach.entity, reach.check
