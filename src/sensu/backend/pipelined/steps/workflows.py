"""Workflows at work: filters in order, then the mutator, then the handler."""

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sensu.backend.pipelined.steps.filters import Filters, Subject
from sensu.backend.pipelined.steps.handlers.table import Handlers
from sensu.backend.pipelined.steps.mutators import Mutators
from sensu.backend.pipelined.steps.outcome import Delivered, Dropped, Filtered, Outcome, Retry
from sensu.backend.pipelined.steps.runtime_assets import Records
from sensu.resources.event import Event
from sensu.resources.handler import Handler
from sensu.resources.kinds import HANDLER, PIPELINE, Kind
from sensu.rules.explain import DELIVERED, DROPPED, FAILED, FILTERED, FilterTrace, StageTrace, WorkflowTrace, cut
from sensu.rules.retrying import RetryPolicy, policy_of
from sensu.rules.workflow import Plan, Workflow, fallback_named, fallback_of, is_fallback, plan
from sensu.store.contract import Key

PLANS_REMEMBERED_MAX = 10_000
FILTER, MUTATOR, HANDLING = "filter", "mutator", "handler"
"""The stages of a workflow."""

Observe = Callable[[str, str, bool, float], None]
"""Hears of each stage that ended: which, of what resource, whether it went well, in how many seconds."""


class FollowedRecords(Records, Protocol):
    """Committed resources in memory, and their changes."""

    def subscribe(self, kind: Kind, callback: Callable[[Key, Any], None]) -> Callable[[], None]:
        """Have `callback` called with the key and the resource (None: removed) after each change; returns the stop."""
        ...


@dataclass(slots=True)
class Recorder:
    """What is known of an attempt, as far as it got."""

    filters: list[FilterTrace] = field(default_factory=list)
    mutator: StageTrace | None = None
    handling: StageTrace | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to take an event through a workflow.

    `turn` is waited for once the filters have let the event pass: at most so many mutators and handlers run at once.
    """

    namespace: str
    workflow: Workflow
    subject: Subject
    delivery: str
    turn: AbstractAsyncContextManager[Any]
    recorder: Recorder = field(default_factory=Recorder)


class Workflows:
    """Finds the workflows of events and runs them."""

    def __init__(self, records: FollowedRecords, filters: Filters, mutators: Mutators, handlers: Handlers) -> None:
        self._records, self._filters, self._mutators, self._handlers = records, filters, mutators, handlers
        self._plans: dict[Any, Plan] = {}
        for kind in (HANDLER, PIPELINE):
            records.subscribe(kind, lambda key, resource: self._plans.clear())

    def of(self, namespace: str, event: Event, rest: Collection[str] | None) -> Plan:
        """The workflows of an event, of which only those of `rest` are still to do where it is given."""
        found = self._plan(namespace, event)
        if rest is None:
            return found
        left = [workflow for workflow in found.workflows if str(workflow) in rest]
        left += [fallback for name in rest if (fallback := self._fallback_named(namespace, name)) is not None]
        known = {str(workflow) for workflow in left}
        return Plan(left, [f"workflow {name} does not exist any more" for name in sorted(rest) if name not in known])

    def _plan(self, namespace: str, event: Event) -> Plan:
        """The plan of an event, remembered by all that it follows from until a handler or pipeline changes."""
        names = (
            namespace,
            event.pipelines,
            event.check and event.check.handlers,
            event.metrics and event.metrics.handlers,
        )
        found = self._plans.get(names)
        if found is None:
            found = plan(
                event,
                lambda name: self._records.get(PIPELINE, namespace, name),
                lambda name: self._records.get(HANDLER, namespace, name),
            )
            if len(self._plans) >= PLANS_REMEMBERED_MAX:
                self._plans.clear()
            self._plans[names] = found
        return found

    def policy_of(self, namespace: str, workflow: Workflow) -> RetryPolicy:
        """When to try a workflow again."""
        return policy_of(self._records.get(HANDLER, namespace, workflow.handler))

    def fallback_for(self, namespace: str, workflow: Workflow) -> Workflow | str:
        """The way to the fallback handler of a workflow that is given up; why there is none, empty for no reason."""
        handler: Handler | None = self._records.get(HANDLER, namespace, workflow.handler)
        if is_fallback(workflow) or handler is None or not handler.fallback_handler:
            return ""
        fallback: Handler | None = self._records.get(HANDLER, namespace, handler.fallback_handler)
        if fallback is None:
            return f"fallback handler {handler.fallback_handler} does not exist"
        if fallback.type == "set":
            return f"fallback handler {handler.fallback_handler} is a handler set"
        return fallback_of(str(workflow), fallback)

    def _fallback_named(self, namespace: str, name: str) -> Workflow | None:
        named = fallback_named(name)
        handler: Handler | None = named and self._records.get(HANDLER, namespace, named[0])
        return None if named is None or handler is None else fallback_of(named[1], handler)

    async def run(self, attempt: Attempt, clock: Callable[[], float], observe: Observe) -> Outcome:
        """How it went; what filters kept back or has no handler does not take a turn."""
        kept = await self._kept_back(attempt, clock, observe)
        if kept is not None:
            return kept
        workflow = attempt.workflow
        if self._handler(attempt) is None:
            return Dropped(f"handler {workflow.handler} does not exist")
        async with attempt.turn:
            return await self._deliver(attempt, clock, observe)

    async def _kept_back(self, attempt: Attempt, clock: Callable[[], float], observe: Observe) -> Outcome | None:
        for name in attempt.workflow.filters:
            started = clock()
            trace = await self._filters.verdict(attempt.namespace, name, attempt.subject)
            attempt.recorder.filters.append(trace)
            observe(FILTER, f"core/v2.EventFilter(Name={name})", not trace.missing, clock() - started)
            if not trace.passes:
                return Dropped(trace.reason) if trace.missing else Filtered(name)
        return None

    async def _deliver(self, attempt: Attempt, clock: Callable[[], float], observe: Observe) -> Outcome:
        mutator, started = attempt.workflow.mutator or "json", clock()
        payload = await self._mutators.payload(attempt.namespace, mutator, attempt.subject)
        well, seconds = isinstance(payload, bytes), clock() - started
        observe(MUTATOR, f"core/v2.Mutator(Name={mutator})", well, seconds)
        attempt.recorder.mutator = _stage(mutator, payload, seconds)
        if not isinstance(payload, bytes):
            return payload
        handler, started = self._handler(attempt), clock()
        if handler is None:
            return Dropped(f"handler {attempt.workflow.handler} does not exist")
        outcome = await self._handlers.deliver(handler, payload, attempt.delivery)
        ref, seconds = f"core/v2.Handler(Name={handler.metadata.name})", clock() - started
        observe(HANDLING, ref, isinstance(outcome, Delivered), seconds)
        attempt.recorder.handling = _stage(handler.metadata.name, outcome, seconds)
        return outcome

    def _handler(self, attempt: Attempt) -> Handler | None:
        found: Handler | None = self._records.get(HANDLER, attempt.namespace, attempt.workflow.handler)
        return found


def _stage(name: str, outcome: Outcome | bytes, seconds: float) -> StageTrace:
    why = cut(outcome.why) if isinstance(outcome, Dropped | Retry) else ""
    return StageTrace(name=name, well=not why, why=why, seconds=seconds)


def attempt_trace(
    workflow: Workflow, outcome: Outcome, recorder: Recorder, now: float, seconds: float
) -> WorkflowTrace:
    """The trace of an attempt that ended now."""
    if isinstance(outcome, Filtered):
        word, why = FILTERED, f"filter {outcome.by} kept it back"
    elif isinstance(outcome, Delivered):
        word, why = DELIVERED, ""
    else:
        word, why = DROPPED if isinstance(outcome, Dropped) else FAILED, cut(outcome.why)
    return WorkflowTrace(
        workflow=str(workflow),
        handler=workflow.handler,
        outcome=word,
        why=why,
        at=now,
        seconds=seconds,
        filters=tuple(recorder.filters),
        mutator=recorder.mutator,
        handling=recorder.handling,
    )
