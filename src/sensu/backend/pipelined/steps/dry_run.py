"""Computes what workflows would do with an event now. Expressions are evaluated; nothing else is executed."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from sensu.backend.pipelined.steps.filters import Engine, EventSubject, Filters, Known
from sensu.backend.pipelined.steps.handlers.table import find_handler
from sensu.backend.pipelined.steps.mutators import BUILT_IN_MUTATORS
from sensu.backend.pipelined.steps.other_events import OtherEvents
from sensu.backend.pipelined.steps.runtime_assets import RuntimeAssets
from sensu.backend.pipelined.steps.suspended import SuspendedExpressions
from sensu.backend.ports import OverBudget, Question
from sensu.clock import Clock
from sensu.execution.javascript_pool import NOT_EVALUATED, Evaluated
from sensu.resources.event import Event
from sensu.resources.kinds import EVENT_FILTER, FALLBACK_PIPELINE, HANDLER, MUTATOR, PIPELINE, SILENCED, Kind
from sensu.resources.metadata import ResourceReference
from sensu.resources.wire import encode
from sensu.rules.explain import (
    DROPPED,
    FILTERED,
    PASSES,
    Explanation,
    FilterTrace,
    WorkflowTrace,
    facts_of,
    verdict_of,
)
from sensu.rules.filters import ExpressionError
from sensu.rules.silencing import SilenceIndex
from sensu.rules.time_budget import TimeBudgets
from sensu.rules.workflow import Workflow, missing_handler, plan, wants_handling

BUDGET_S, BUDGET_PER_S = 3.0, 60.0
"""The time that the JavaScript of one caller's dry runs may take per minute."""
ONE_RUN_S = 1.0
"""The time that the JavaScript of one dry run may take; the expressions left then are not evaluated."""
WAITING_MAX = 100
"""The largest number of waiting dry runs; further callers are asked to try again."""


class Records(Protocol):
    """Committed resources in memory."""

    def get(self, kind: Kind, namespace: str, name: str) -> Any:
        """The resource, or None."""
        ...

    def list(self, kind: Kind, namespace: str | None = None) -> Sequence[Any]:
        """The resources of a namespace."""
        ...


class _Candidates:
    """Committed resources, some replaced by the candidates of a question."""

    def __init__(self, records: Records, question: Question) -> None:
        self._records = records
        asked = ((EVENT_FILTER, question.filter), (HANDLER, question.handler), (PIPELINE, question.pipeline))
        self._asked: dict[tuple[str, str], Any] = {
            (kind.qualified_name, candidate.metadata.name): candidate for kind, candidate in asked if candidate
        }

    def get(self, kind: Kind, namespace: str, name: str) -> Any:
        """The candidate, or else the stored resource, or None."""
        return self._asked.get((kind.qualified_name, name)) or self._records.get(kind, namespace, name)


class Metered:
    """The engine for one dry run, with a limit on its time."""

    def __init__(self, engine: Engine, most_s: float) -> None:
        self._engine, self._left_s = engine, most_s
        self.used_s = 0.0

    async def evaluate(
        self,
        cases: Sequence[tuple[str, str]],
        *,
        now: float,
        limit_s: float,
        sources: Sequence[str] = (),
        others: str = "",
    ) -> Evaluated:
        """The value of each expression, while time is left."""
        if self._left_s <= 0:
            return Evaluated([ExpressionError(NOT_EVALUATED)] * len(cases), 0.0)
        evaluated = await self._engine.evaluate(cases, now=now, limit_s=limit_s, sources=sources, others=others)
        self._left_s -= evaluated.seconds
        self.used_s += evaluated.seconds
        return evaluated


class DryRuns:
    """Runs dry runs one at a time, in a process of their own, so that they do not delay deliveries."""

    def __init__(
        self, records: Records, assets: RuntimeAssets, clock: Clock, engine: Engine, others: OtherEvents
    ) -> None:
        self._records, self._assets, self._clock, self._engine = records, assets, clock, engine
        self._others = others
        self._suspended = SuspendedExpressions()
        self._budgets = TimeBudgets(BUDGET_S, BUDGET_PER_S)
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    async def explain(self, namespace: str, question: Question) -> Explanation | OverBudget:
        """What would happen to the event of the question if it arrived now."""
        if self._waiting >= WAITING_MAX:
            return OverBudget("too many dry runs are waiting", 1.0)
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                return await self._explain(namespace, question)
        finally:
            self._waiting -= 1

    async def _explain(self, namespace: str, question: Question) -> Explanation | OverBudget:
        now = self._clock.monotonic()
        left_s = self._budgets.left_s(question.caller.username, now)
        if left_s <= 0:
            why = f"JavaScript of your dry runs took more than {BUDGET_S:g} s within {BUDGET_PER_S:g} s"
            return OverBudget(why, self._budgets.wait_s(question.caller.username, now))
        metered = Metered(self._engine, min(left_s, ONE_RUN_S))
        try:
            return await self._answer(namespace, question, metered)
        finally:
            self._budgets.use(question.caller.username, metered.used_s, self._clock.monotonic())

    async def _answer(self, namespace: str, question: Question, engine: Engine) -> Explanation:
        candidates = _Candidates(self._records, question)
        event = _routed(self._silenced(namespace, question.event), question)
        found = plan(
            event,
            lambda name: candidates.get(PIPELINE, namespace, name),
            lambda name: candidates.get(HANDLER, namespace, name),
            lambda name: candidates.get(FALLBACK_PIPELINE, namespace, name),
        )
        others = self._others.read_by(question.caller)
        filters = Filters(candidates, self._assets, self._clock, engine, others, self._suspended)
        subject = EventSubject(encode(event))
        asked: FilterTrace | None = None
        if question.filter is not None:
            asked = await filters.apply(namespace, question.filter, subject)
        workflows = [await _run(candidates, filters, namespace, workflow, subject) for workflow in found.workflows]
        return _explanation(namespace, event, workflows, found.problems, asked)

    def _silenced(self, namespace: str, event: Event) -> Event:
        """The event with the silences that match it now, as it would be stored."""
        if event.check is None or event.entity is None:
            return event
        matching = SilenceIndex(self._records.list(SILENCED, namespace)).matching(event, self._clock.now())
        names = tuple(entry.metadata.name for entry in matching)
        check = msgspec.structs.replace(event.check, silenced=names, is_silenced=bool(names) or event.check.is_silenced)
        return msgspec.structs.replace(event, check=check)


def _routed(event: Event, question: Question) -> Event:
    """The event, routed only through the pipeline or handler of the question, if it has one."""
    if question.pipeline is None and question.handler is None:
        return event
    pipelines: tuple[ResourceReference, ...] = ()
    if question.pipeline is not None:
        name = question.pipeline.metadata.name
        pipelines = (ResourceReference(api_version="core/v2", type="Pipeline", name=name),)
    handlers = (question.handler.metadata.name,) if question.handler is not None and not pipelines else ()
    check = event.check and msgspec.structs.replace(event.check, handlers=handlers, fallback_pipeline=None)
    metrics = event.metrics and msgspec.structs.replace(event.metrics, handlers=() if check else handlers)
    return msgspec.structs.replace(event, check=check, metrics=metrics, pipelines=pipelines or None)


async def _run(
    candidates: _Candidates, filters: Filters, namespace: str, workflow: Workflow, subject: EventSubject
) -> WorkflowTrace:
    traces: list[FilterTrace] = []
    outcome, why, known = PASSES, "", Known()
    for name in workflow.filters:
        traces.append(await filters.verdict(namespace, name, subject, known))
        if not traces[-1].passes:
            missing = traces[-1].missing
            outcome, why = (DROPPED, traces[-1].reason) if missing else (FILTERED, f"filter {name} kept it back")
            break
    else:
        why = _missing(candidates, namespace, workflow)
        outcome = DROPPED if why else PASSES
    return WorkflowTrace(
        workflow=str(workflow), handler=workflow.handler.label, outcome=outcome, why=why, filters=tuple(traces)
    )


def _missing(candidates: _Candidates, namespace: str, workflow: Workflow) -> str:
    """The first resource of a workflow that does not exist, as a sentence; empty if all exist."""
    if workflow.mutator not in BUILT_IN_MUTATORS and candidates.get(MUTATOR, namespace, workflow.mutator) is None:
        return f"mutator {workflow.mutator} does not exist"
    handler = find_handler(candidates, namespace, workflow.handler)
    return "" if handler is not None else missing_handler(workflow.handler)


def _explanation(
    namespace: str,
    event: Event,
    workflows: Sequence[WorkflowTrace],
    problems: Sequence[str],
    asked: FilterTrace | None,
) -> Explanation:
    return Explanation(
        namespace=namespace,
        entity=event.entity.metadata.name if event.entity is not None else "",
        check=event.check.metadata.name if event.check is not None else "",
        event=facts_of(event),
        verdict=verdict_of(workflows, problems, wanted=wants_handling(event)),
        problems=tuple(problems),
        workflows=tuple(workflows),
        filter=asked,
    )
