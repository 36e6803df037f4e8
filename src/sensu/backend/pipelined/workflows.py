"""Workflows at work: filters in order, then the mutator, then the handler."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from sensu.backend.pipelined.filters import Filters, Subject
from sensu.backend.pipelined.handlers import Handlers
from sensu.backend.pipelined.mutators import Mutators
from sensu.backend.pipelined.outcome import Delivered, Dropped, Filtered, Outcome
from sensu.backend.pipelined.runtime_assets import Records
from sensu.resources.event import Event
from sensu.resources.handler import Handler
from sensu.resources.kinds import HANDLER, PIPELINE
from sensu.rules.workflow import Plan, Workflow, plan

FILTER, MUTATOR, HANDLING = "filter", "mutator", "handler"
"""The stages of a workflow."""

Observe = Callable[[str, str, bool, float], None]
"""Hears of each stage that ended: which, of what resource, whether it went well, in how many seconds."""


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


class Workflows:
    """Finds the workflows of events and runs them."""

    def __init__(self, records: Records, filters: Filters, mutators: Mutators, handlers: Handlers) -> None:
        self._records, self._filters, self._mutators, self._handlers = records, filters, mutators, handlers

    def of(self, namespace: str, event: Event, rest: Mapping[str, int] | None) -> Plan:
        """The workflows of an event, of which only those of `rest` are still to do where it is given."""
        found = plan(
            event,
            lambda name: self._records.get(PIPELINE, namespace, name),
            lambda name: self._records.get(HANDLER, namespace, name),
        )
        if rest is None:
            return found
        left = [workflow for workflow in found.workflows if str(workflow) in rest]
        gone = rest.keys() - {str(workflow) for workflow in left}
        return Plan(left, [f"workflow {name} does not exist any more" for name in sorted(gone)])

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
            kept = await self._filters.verdict(attempt.namespace, name, attempt.subject)
            well = kept is None or isinstance(kept, Filtered)
            observe(FILTER, f"core/v2.EventFilter(Name={name})", well, clock() - started)
            if kept is not None:
                return kept
        return None

    async def _deliver(self, attempt: Attempt, clock: Callable[[], float], observe: Observe) -> Outcome:
        mutator, started = attempt.workflow.mutator or "json", clock()
        payload = await self._mutators.payload(attempt.namespace, mutator, attempt.subject)
        observe(MUTATOR, f"core/v2.Mutator(Name={mutator})", isinstance(payload, bytes), clock() - started)
        if not isinstance(payload, bytes):
            return payload
        handler, started = self._handler(attempt), clock()
        if handler is None:
            return Dropped(f"handler {attempt.workflow.handler} does not exist")
        outcome = await self._handlers.deliver(handler, payload, attempt.delivery)
        ref = f"core/v2.Handler(Name={handler.metadata.name})"
        observe(HANDLING, ref, isinstance(outcome, Delivered), clock() - started)
        return outcome

    def _handler(self, attempt: Attempt) -> Handler | None:
        found: Handler | None = self._records.get(HANDLER, attempt.namespace, attempt.workflow.handler)
        return found
