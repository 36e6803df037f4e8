"""Tries out filters on stored events, in the process of dry runs."""

import asyncio
from collections.abc import Sequence

from sensu.backend.auth.identity import Identity
from sensu.backend.pipelined.steps.dry_run import Metered
from sensu.backend.pipelined.steps.filters import FILTER_TIME_LIMIT_S, Engine, EventSubject, Filters
from sensu.backend.pipelined.steps.other_events import OtherEvents
from sensu.backend.pipelined.steps.runtime_assets import Records, RuntimeAssets
from sensu.backend.pipelined.steps.suspended import SUSPENDED, SuspendedExpressions
from sensu.backend.ports import BenchEvent, OverBudget
from sensu.clock import Clock
from sensu.execution.javascript_pool import TIME_LIMIT_REACHED
from sensu.resources.event_filter import EventFilter
from sensu.resources.kinds import EVENT_FILTER
from sensu.rules.explain import FilterTrace
from sensu.rules.filter_bench import BenchResult, BenchTally
from sensu.rules.time_budget import TimeBudgets

BUDGET_S, BUDGET_PER_S = 15.0, 60.0
"""The time that the JavaScript of one caller's benches may take per minute."""
ONE_RUN_S = 2.0
"""The time that a bench may take; the events left then are not judged."""
SLICE_S = 0.02
"""How long a bench may use the loop before other tasks run."""
AT_ONCE = 8
"""The number of events that are judged at the same time, so that the process of the engine always has work."""
OUT_OF_TIME = f"stopped after {ONE_RUN_S:g} s"
TOO_SLOW = f"stopped after {FILTER_TIME_LIMIT_S:g} s: an expression took too long"


class FilterBench:
    """Judges stored events with a filter that is not stored."""

    def __init__(
        self, records: Records, assets: RuntimeAssets, clock: Clock, engine: Engine, others: OtherEvents
    ) -> None:
        self._records, self._assets, self._clock, self._engine = records, assets, clock, engine
        self._others = others
        self._budgets = TimeBudgets(BUDGET_S, BUDGET_PER_S)

    async def judge(
        self, namespace: str, candidate: EventFilter, events: Sequence[BenchEvent], caller: Identity
    ) -> BenchResult | OverBudget:
        """The verdicts of a filter, compared with those of the stored filter of its name."""
        started = self._clock.monotonic()
        left_s = self._budgets.left_s(caller.username, started)
        if left_s <= 0:
            why = f"JavaScript of your filter benches took more than {BUDGET_S:g} s within {BUDGET_PER_S:g} s"
            return OverBudget(why, self._budgets.wait_s(caller.username, started))
        metered = Metered(self._engine, min(left_s, ONE_RUN_S))
        others = self._others.read_by(caller)
        filters = Filters(self._records, self._assets, self._clock, metered, others, SuspendedExpressions(), logs=False)
        stored: EventFilter | None = self._records.get(EVENT_FILTER, namespace, candidate.metadata.name)
        tally = BenchTally()
        try:
            stopped = await self._judge_all(namespace, (candidate, stored), events, filters, tally)
        finally:
            self._budgets.use(caller.username, metered.used_s, self._clock.monotonic())
        return tally.result(self._clock.monotonic() - started, stopped)

    async def _judge_all(
        self,
        namespace: str,
        pair: tuple[EventFilter, EventFilter | None],
        events: Sequence[BenchEvent],
        filters: Filters,
        tally: BenchTally,
    ) -> str:
        """Judge events until all are judged or the time is over; returns why it stopped."""
        started = slice_began = self._clock.monotonic()
        for place in range(0, len(events), AT_ONCE):
            some = events[place : place + AT_ONCE]
            verdicts = await asyncio.gather(*(_judged(namespace, pair, event, filters) for event in some))
            for event, (verdict, before) in zip(some, verdicts, strict=True):
                tally.add(event.entity, event.check, verdict, before)
                if _is_slow(verdict):
                    return TOO_SLOW
            now = self._clock.monotonic()
            if now - started >= ONE_RUN_S:
                return OUT_OF_TIME
            if now - slice_began >= SLICE_S:
                await asyncio.sleep(0)
                slice_began = self._clock.monotonic()
        return ""


async def _judged(
    namespace: str, pair: tuple[EventFilter, EventFilter | None], event: BenchEvent, filters: Filters
) -> tuple[FilterTrace, FilterTrace | None]:
    candidate, stored = pair
    subject = EventSubject(event.body)
    verdict = await filters.apply(namespace, candidate, subject)
    return verdict, None if stored is None else await filters.apply(namespace, stored, subject)


def _is_slow(verdict: FilterTrace) -> bool:
    return any(TIME_LIMIT_REACHED in trace.error or trace.error == SUSPENDED.message for trace in verdict.expressions)
