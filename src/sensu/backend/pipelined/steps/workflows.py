"""Runs workflows: filters in order, then the mutator, then the handler."""

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sensu.backend.pipelined.steps.filters import EventSubject, Filters, Known
from sensu.backend.pipelined.steps.handlers.deliver import Occasion
from sensu.backend.pipelined.steps.handlers.table import HANDLER_KINDS, Handlers, find_handler
from sensu.backend.pipelined.steps.mutators import Mutators
from sensu.backend.pipelined.steps.outcome import Delivered, Dropped, Filtered, Outcome, Retry
from sensu.backend.pipelined.steps.runtime_assets import Records
from sensu.resources.event import Event
from sensu.resources.handler import Handler
from sensu.resources.kinds import FALLBACK_PIPELINE, HANDLER, PIPELINE, Kind
from sensu.rules.event_links import links_of, with_links
from sensu.rules.explain import DELIVERED, DROPPED, FAILED, FILTERED, FilterTrace, StageTrace, WorkflowTrace, cut
from sensu.rules.kinds.handler import RetriedHandler
from sensu.rules.retrying import RetryPolicy, policy_of
from sensu.rules.workflow import (
    HandlerRef,
    Plan,
    Workflow,
    core_handler,
    fallback_named,
    fallback_of,
    is_fallback,
    missing_handler,
    plan,
)
from sensu.store.values import Key

PLANS_REMEMBERED_MAX = 10_000
FILTER, MUTATOR, HANDLING = "filter", "mutator", "handler"
"""The stages of a workflow."""

ObserveStage = Callable[[str, str, bool, float], None]
"""Called after each stage: `(stage, resource, success, seconds)`."""


class FollowedRecords(Records, Protocol):
    """Committed resources in memory, and their changes."""

    def subscribe(self, kind: Kind, callback: Callable[[Key, Any], None]) -> Callable[[], None]:
        """Call `callback` with the key and the resource (None: removed) after each change; returns the unsubscriber."""
        ...


@dataclass(slots=True)
class Recorder:
    """Collects the trace of an attempt while it runs."""

    filters: list[FilterTrace] = field(default_factory=list)
    mutator: StageTrace | None = None
    handling: StageTrace | None = None


class Turn(AbstractAsyncContextManager[None], Protocol):
    """A turn of a handler, which lasts as long as the context."""

    def paused(self) -> AbstractAsyncContextManager[None]:
        """A context in which others can have the turn."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to take an event through a workflow.

    `turn` is entered once the filters have passed: it limits the mutators and handlers that run at the same time.
    """

    namespace: str
    workflow: Workflow
    subject: EventSubject
    delivery: str
    turn: Turn
    recorder: Recorder = field(default_factory=Recorder)


class Workflows:
    """Finds the workflows of events and runs them."""

    def __init__(
        self,
        records: FollowedRecords,
        filters: Filters,
        mutators: Mutators,
        handlers: Handlers,
        web_url: str = "",
    ) -> None:
        """`web_url` is where people reach the web UI, for links to events."""
        self._web_url = web_url
        self._records, self._filters, self._mutators, self._handlers = records, filters, mutators, handlers
        self._plans: dict[Any, Plan] = {}
        for kind in (*HANDLER_KINDS.values(), PIPELINE, FALLBACK_PIPELINE):
            records.subscribe(kind, self._changed)

    def _changed(self, key: Key, resource: Any) -> None:
        self._plans.clear()
        self._handlers.changed(key)

    async def close(self) -> None:
        """Close the connections of handlers."""
        await self._handlers.close()

    def of(self, namespace: str, event: Event, rest: Collection[str] | None) -> Plan:
        """The workflows of an event; with `rest`, only those that it names."""
        found = self._plan(namespace, event)
        if rest is None:
            return found
        left = [workflow for workflow in (*found.workflows, *found.later) if str(workflow) in rest]
        left += [fallback for name in rest if (fallback := self._fallback_named(namespace, name)) is not None]
        known = {str(workflow) for workflow in left}
        return Plan(left, [f"workflow {name} does not exist any more" for name in sorted(rest) if name not in known])

    def handlers(self, namespace: str, event: Event) -> dict[str, str]:
        """The handler of each workflow of an event, by the workflow's name."""
        return {str(workflow): workflow.handler.label for workflow in self.of(namespace, event, None).workflows}

    def _plan(self, namespace: str, event: Event) -> Plan:
        """The plan of an event, cached by everything it depends on until a handler or pipeline changes."""
        names = (
            namespace,
            event.pipelines,
            event.check and (event.check.handlers, event.check.fallback_pipeline),
            event.metrics and event.metrics.handlers,
        )
        found = self._plans.get(names)
        if found is None:
            found = plan(
                event,
                lambda name: self._records.get(PIPELINE, namespace, name),
                lambda name: self._records.get(HANDLER, namespace, name),
                lambda name: self._records.get(FALLBACK_PIPELINE, namespace, name),
            )
            if len(self._plans) >= PLANS_REMEMBERED_MAX:
                self._plans.clear()
            self._plans[names] = found
        return found

    def end_wait(self, delivery: int, *, sends: bool) -> None:
        """Stop gathering a delivery for a digest: its message is sent now, or not at all."""
        self._handlers.end_wait(delivery, sends=sends)

    def policy_of(self, namespace: str, workflow: Workflow) -> RetryPolicy:
        """The retry policy of the handler of a workflow."""
        return policy_of(self._handler(namespace, workflow.handler))

    def fallback_for(self, namespace: str, workflow: Workflow) -> Workflow | str:
        """The workflow to the fallback handler of one that is given up; or why it has none, empty if none is set."""
        handler = self._handler(namespace, workflow.handler)
        if is_fallback(workflow) or handler is None or not handler.fallback_handler:
            return ""
        ref = core_handler(handler.fallback_handler)
        fallback: Handler | None = find_handler(self._records, namespace, ref)
        if fallback is None:
            return f"fallback handler {handler.fallback_handler} does not exist"
        if fallback.type == "set":
            return f"fallback handler {handler.fallback_handler} is a handler set"
        return fallback_of(str(workflow), ref, fallback.mutator)

    def _fallback_named(self, namespace: str, name: str) -> Workflow | None:
        named = fallback_named(name)
        handler: Handler | None = named and find_handler(self._records, namespace, named[0])
        return None if named is None or handler is None else fallback_of(named[1], named[0], handler.mutator)

    async def run(self, attempt: Attempt, clock: Callable[[], float], observe: ObserveStage) -> Outcome:
        """Run an attempt. Events that are filtered or have no handler do not take a turn."""
        kept = await self._kept_back(attempt, clock, observe)
        if kept is not None:
            return kept
        ref = attempt.workflow.handler
        if self._handler(attempt.namespace, ref) is None:
            return Dropped(missing_handler(ref))
        async with attempt.turn:
            return await self._deliver(attempt, clock, observe)

    async def _kept_back(self, attempt: Attempt, clock: Callable[[], float], observe: ObserveStage) -> Outcome | None:
        known = Known()
        for name in attempt.workflow.filters:
            started = clock()
            trace = await self._filters.verdict(attempt.namespace, name, attempt.subject, known)
            attempt.recorder.filters.append(trace)
            observe(FILTER, f"core/v2.EventFilter(Name={name})", not trace.missing, clock() - started)
            if not trace.passes:
                return Dropped(trace.reason) if trace.missing else Filtered(name)
        return None

    async def _deliver(self, attempt: Attempt, clock: Callable[[], float], observe: ObserveStage) -> Outcome:
        mutator, started = attempt.workflow.mutator or "json", clock()
        subject, links = attempt.subject, None
        if self._web_url:
            links = links_of(self._web_url, attempt.namespace, subject.value)
            subject = EventSubject(with_links(subject.json, links))
        payload = await self._mutators.payload(attempt.namespace, mutator, subject)
        well, seconds = isinstance(payload, bytes), clock() - started
        observe(MUTATOR, f"core/v2.Mutator(Name={mutator})", well, seconds)
        attempt.recorder.mutator = _stage(mutator, payload, seconds)
        if not isinstance(payload, bytes):
            return payload
        ref, started = attempt.workflow.handler, clock()
        handler = self._handler(attempt.namespace, ref)
        if handler is None:
            return Dropped(missing_handler(ref))
        outcome = await self._handlers.deliver(
            ref, handler, payload, Occasion(attempt.delivery, links, mutator == "json", attempt.turn.paused)
        )
        seconds = clock() - started
        observe(HANDLING, str(ref), isinstance(outcome, Delivered | Filtered), seconds)
        attempt.recorder.handling = _stage(ref.label, outcome, seconds)
        return outcome

    def _handler(self, namespace: str, ref: HandlerRef) -> RetriedHandler | None:
        found: RetriedHandler | None = find_handler(self._records, namespace, ref)
        return found


def _stage(name: str, outcome: Outcome | bytes, seconds: float) -> StageTrace:
    why = cut(outcome.why) if isinstance(outcome, Dropped | Retry) else ""
    return StageTrace(name=name, well=not why, why=why, seconds=seconds)


def attempt_trace(
    workflow: Workflow, outcome: Outcome, recorder: Recorder, now: float, seconds: float
) -> WorkflowTrace:
    """The trace of an attempt that has ended now."""
    if isinstance(outcome, Filtered):
        word, why = FILTERED, outcome.why or f"filter {outcome.by} kept it back"
    elif isinstance(outcome, Delivered):
        word, why = DELIVERED, outcome.note
    else:
        word, why = DROPPED if isinstance(outcome, Dropped) else FAILED, cut(outcome.why)
    return WorkflowTrace(
        workflow=str(workflow),
        handler=workflow.handler.label,
        outcome=word,
        why=why,
        at=now,
        seconds=seconds,
        filters=tuple(recorder.filters),
        mutator=recorder.mutator,
        handling=recorder.handling,
    )
