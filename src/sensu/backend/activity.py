"""What a member did lately: events a second, and deliveries of the last hour by namespace."""

from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from sensu.clock import Clock
from sensu.rules.explain import DELIVERED, DISCARDED, FAILED, FELL_BACK, GIVEN_UP, NEXT_PIPELINE, WorkflowTrace

RATE_OVER_S = 10
MINUTES = 60
NAMESPACES_MAX = 1000
"""The maximum number of namespaces counted in a minute; the deliveries of further ones are not counted."""
FAILING_MAX = 1000
"""The maximum number of failing handlers that are kept; beyond it, the one that failed first is dropped."""

FAILURES = frozenset((FAILED, GIVEN_UP, FELL_BACK, NEXT_PIPELINE, DISCARDED))
"""The outcomes of attempts that count as failures."""


class FailingHandler(msgspec.Struct, frozen=True):
    """A handler whose last attempt failed: since when all of its attempts have failed, and the last error."""

    handler: str
    since: int
    error: str


class RecentDeliveries(msgspec.Struct):
    """The attempts at workflows of a namespace in the last hour that were delivered, or that failed."""

    delivered: int = 0
    failed: int = 0
    failing: Sequence[FailingHandler] = ()


class MemberActivity(msgspec.Struct, frozen=True):
    """What a member did lately, and whether it holds events back because too many deliveries are pending."""

    events_per_s: float
    held_back: bool
    deliveries: dict[str, RecentDeliveries]


class Activity:
    """Counts what this member does, in memory of a fixed size."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seconds: deque[tuple[int, int]] = deque(maxlen=RATE_OVER_S + 1)
        self._minutes: deque[tuple[int, dict[str, list[int]]]] = deque(maxlen=MINUTES)
        self._failing: dict[tuple[str, str], FailingHandler] = {}
        self._began = clock.monotonic()

    def processed(self, events: int) -> None:
        """Count processed events."""
        second = int(self._clock.monotonic())
        if self._seconds and self._seconds[-1][0] == second:
            events += self._seconds.pop()[1]
        self._seconds.append((second, events))

    def attempted(self, namespace: str, trace: WorkflowTrace) -> None:
        """An attempt to take an event through a workflow has ended."""
        delivered, failed = trace.outcome == DELIVERED, trace.outcome in FAILURES
        if not delivered and not failed:
            return
        counts = self._minute().setdefault(namespace, [0, 0]) if self._has_room(namespace) else [0, 0]
        counts[failed] += 1
        key = (namespace, trace.handler)
        before = self._failing.pop(key, None)
        if failed:
            since = int(trace.at) if before is None else before.since
            self._failing[key] = FailingHandler(trace.handler, since, trace.why)
            if len(self._failing) > FAILING_MAX:
                del self._failing[next(iter(self._failing))]

    def _minute(self) -> dict[str, list[int]]:
        minute = int(self._clock.monotonic() // 60)
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append((minute, {}))
        return self._minutes[-1][1]

    def _has_room(self, namespace: str) -> bool:
        minute = self._minute()
        return namespace in minute or len(minute) < NAMESPACES_MAX

    def report(self, held_back: bool) -> MemberActivity:
        """What was counted."""
        deliveries: dict[str, RecentDeliveries] = {}
        oldest = int(self._clock.monotonic() // 60) - MINUTES
        for minute, counts in self._minutes:
            if minute > oldest:
                for namespace, (delivered, failed) in counts.items():
                    found = deliveries.setdefault(namespace, RecentDeliveries())
                    found.delivered += delivered
                    found.failed += failed
        for (namespace, _), handler in self._failing.items():
            found = deliveries.setdefault(namespace, RecentDeliveries())
            found.failing = (*found.failing, handler)
        return MemberActivity(self._events_per_s(), held_back, deliveries)

    def _events_per_s(self) -> float:
        """Events a second over the last whole seconds."""
        now = int(self._clock.monotonic())
        events = sum(number for second, number in self._seconds if now - RATE_OVER_S <= second < now)
        over_s = min(RATE_OVER_S, max(1.0, self._clock.monotonic() - self._began))
        return round(events / over_s, 1)


def summed(reports: Iterable[MemberActivity]) -> MemberActivity:
    """What several members did."""
    events_per_s, held_back = 0.0, False
    deliveries: dict[str, RecentDeliveries] = {}
    for report in reports:
        events_per_s += report.events_per_s
        held_back = held_back or report.held_back
        for namespace, counts in report.deliveries.items():
            found = deliveries.setdefault(namespace, RecentDeliveries())
            found.delivered += counts.delivered
            found.failed += counts.failed
            found.failing = (*found.failing, *counts.failing)
    return MemberActivity(round(events_per_s, 1), held_back, deliveries)
