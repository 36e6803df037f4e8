"""The history of an event for charts, and as it was at a time."""

from collections.abc import Sequence

from sensu.backend.auth.identity import Identity
from sensu.backend.services.history import History, Period
from sensu.backend.services.outcomes import Denied, Found, Invalid, NotFound, Refusal
from sensu.clock import Clock
from sensu.errors import InvalidResource
from sensu.resources.check import Check
from sensu.resources.event import Event
from sensu.resources.wire import Wire, always_bool, always_int, always_str, decode, encode
from sensu.rules.history import HistoryEntry, unpacked
from sensu.rules.history_series import POINTS_MAX, MetricValues, Statuses
from sensu.store.contract import Store
from sensu.store.values import EventKey, HistoryPosition, Result

POINTS = 300
PERIOD_S, PERIOD_MAX_S = 86_400, 90 * 86_400
"""The period of a chart if none is given, and the longest one."""
RESULTS_MAX, METRIC_RESULTS_MAX = 50_000, 5000
"""How many of the newest results of a period are read for a chart; metrics must be parsed."""
EVENTS_MAX = 500


class EventAt(Wire, frozen=True):
    """An event as it was at a time: its status, since when, and the last result before, in Unix seconds.

    The output is as long as it is kept; `executed` is 0 if the result itself is not kept any more.
    """

    entity: str = always_str()
    check: str = always_str()
    status: int = always_int()
    since: int = always_int()
    flapping: bool = always_bool()
    executed: int = always_int()
    output: str = always_str()
    truncated: bool = always_bool()


class EntityAt(Wire, frozen=True):
    """The events of an entity as they were at a time; `complete` is false if the entity has more than 500 events."""

    at: float = 0.0
    complete: bool = always_bool()
    events: tuple[EventAt, ...] = ()


class HistorySeries:
    """Series and moments of the history of events, for callers who may read them."""

    def __init__(self, store: Store, history: History, clock: Clock) -> None:
        self._store, self._history, self._clock = store, history, clock

    async def statuses(self, caller: Identity, key: EventKey, period: Period, points: int) -> Found | Refusal:
        """Statuses and durations in buckets, as JSON of `StatusSeries`."""
        found = await self._begun(caller, key, period, points)
        if not isinstance(found, tuple):
            return found
        _, start, end = found
        series, number = Statuses(start, end, points or POINTS), 0
        async for entries in self._history.entries(key, Period(start, end)):
            for item, entry in entries:
                series.add(_executed(item, entry), entry)
            number += len(entries)
            if number >= RESULTS_MAX:
                break
        return Found(encode(series.series(complete=number < RESULTS_MAX)))

    async def metrics(self, caller: Identity, key: EventKey, period: Period, points: int, name: str) -> Found | Refusal:
        """The metrics in kept outputs, as JSON of `MetricsOfHistory`."""
        found = await self._begun(caller, key, period, points)
        if not isinstance(found, tuple):
            return found
        check, start, end = found
        tags = [(tag.name, tag.value) for tag in check.output_metric_tags]
        values, number = MetricValues(check.output_metric_format, tags, start, end, points or POINTS, name), 0
        async for entries in self._history.entries(key, Period(start, end)):
            for item, entry in entries:
                values.add(_executed(item, entry), entry)
            number += len(entries)
            if number >= METRIC_RESULTS_MAX:
                break
        return Found(encode(values.result(complete=number < METRIC_RESULTS_MAX)))

    async def _begun(
        self, caller: Identity, key: EventKey, period: Period, points: int
    ) -> tuple[Check, int, int] | Refusal:
        """The check of an event, and the start and end of the period of a chart."""
        if not self._history.allows(caller, key):
            return Denied()
        if not 0 <= points <= POINTS_MAX:
            return Invalid(f"points must be between 1 and {POINTS_MAX}")
        bounds = bounds_of(period, self._clock.now(), PERIOD_S)
        if isinstance(bounds, Invalid):
            return bounds
        stored = await self._store.get_event(key)
        check = None if stored is None else decode(Event, stored.body).check
        return NotFound() if check is None else (check, *bounds)

    async def event_at(self, caller: Identity, key: EventKey, time: float) -> Found | Refusal:
        """An event as it was at a time, as JSON of `EventAt`."""
        if not self._history.allows(caller, key):
            return Denied()
        found = await self._at(key, time)
        return NotFound("nothing is kept of the event from before that time") if found is None else Found(encode(found))

    async def entity_at(self, caller: Identity, namespace: str, entity: str, time: float) -> Found | Refusal:
        """The events of an entity as they were at a time, as JSON of `EntityAt`."""
        page = await self._store.list_events(namespace, entity, limit=EVENTS_MAX)
        allowed = [stored.key for stored in page.items if self._history.allows(caller, stored.key)]
        if not allowed and not self._history.allows(caller, EventKey(namespace, entity, "")):
            return Denied()
        found = [await self._at(key, time, with_result=False) for key in allowed]
        events = tuple(one for one in found if one is not None)
        return Found(encode(EntityAt(at=time, complete=not page.more, events=events)))

    async def _at(self, key: EventKey, time: float, *, with_result: bool = True) -> EventAt | None:
        change = await self._last_change(key, time)
        result = await self._last_result(key, time) if with_result else None
        if change is None and result is None:
            return None
        state = change or result
        assert state is not None
        last = (result or state)[1]
        return EventAt(
            entity=key.entity,
            check=key.check,
            status=last.status,
            since=_executed(*state) if change is not None else 0,
            flapping=last.flapping,
            executed=last.executed if result is not None else 0,
            output=last.output,
            truncated=last.truncated,
        )

    async def _last_change(self, key: EventKey, time: float) -> tuple[Result, HistoryEntry] | None:
        position: HistoryPosition | None = None
        while True:
            page = await self._store.state_changes(key, 100, position)
            if page is None:
                return None
            for item, entry in _unpacked(page.items):
                if _executed(item, entry) <= time:
                    return item, entry
            position = page.older
            if position is None:
                return None

    async def _last_result(self, key: EventKey, time: float) -> tuple[Result, HistoryEntry] | None:
        async for entries in self._history.entries(key, Period(end=time)):
            if entries:
                return entries[0]
        return None


def _unpacked(items: Sequence[Result]) -> list[tuple[Result, HistoryEntry]]:
    found = []
    for item in items:
        try:
            found.append((item, unpacked(item.body)))
        except InvalidResource:
            continue
    return found


def _executed(item: Result, entry: HistoryEntry) -> int:
    return entry.executed or item.at


def bounds_of(period: Period, now: float, default_s: int) -> tuple[int, int] | Invalid:
    """The start and end of a period that is bounded on both sides."""
    end = int(min(period.end, now + default_s)) if period.end != float("inf") else int(now)
    start = int(period.start) if period.start != float("-inf") else end - default_s
    if start > end:
        return Invalid("from must not be after to")
    if end - start > PERIOD_MAX_S:
        return Invalid(f"the period must not be longer than {PERIOD_MAX_S // 86_400} days")
    return start, end
