"""Remembers what happened to the last event of each entity and check, for `explain`."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sensu.backend.pipelined.queue.delivery import PendingDelivery
from sensu.rules.explain import EventFacts, Explanation, WorkflowTrace, verdict_of, waiting
from sensu.rules.workflow import Workflow
from sensu.store.values import EventKey

TRACES_MAX = 5000
"""Traces in memory. Beyond it, the least recently updated trace is forgotten. A restart forgets all."""


@dataclass(slots=True)
class _Trace:
    delivery: int
    facts: EventFacts
    planned: Collection[Workflow]
    problems: Sequence[str]
    workflows: dict[str, WorkflowTrace] = field(default_factory=dict)


class Traces:
    """The trace of the last event of each entity and check that workflows were tried for."""

    def __init__(self, traces_max: int = TRACES_MAX) -> None:
        self._traces: OrderedDict[EventKey, _Trace] = OrderedDict()
        self._traces_max = traces_max

    def note(self, pending: PendingDelivery, workflow: WorkflowTrace | None = None) -> None:
        """Record an attempt, or a delivery without workflows, unless a newer event has a trace.

        A delivery to a fallback handler is another delivery of the same event, and extends its trace.
        """
        trace = self._traces.get(pending.key)
        if trace is None or (trace.delivery < pending.id and trace.facts != pending.facts):
            trace = _Trace(pending.id, pending.facts, pending.workflows, pending.problems)
            self._traces[pending.key] = trace
        elif trace.facts != pending.facts:
            return
        elif trace.delivery != pending.id:
            trace.planned = dict.fromkeys([*trace.planned, *pending.workflows])
        if workflow is not None:
            trace.workflows[workflow.workflow] = workflow
        self._traces.move_to_end(pending.key)
        if len(self._traces) > self._traces_max:
            self._traces.popitem(last=False)

    def of(self, key: EventKey) -> Explanation | None:
        """The trace of the last event there; workflows that were not tried yet are `waiting`."""
        trace = self._traces.get(key)
        if trace is None:
            return None
        names = dict.fromkeys([*map(str, trace.planned), *trace.workflows])
        pending = {str(workflow): waiting(workflow) for workflow in trace.planned}
        workflows = tuple(trace.workflows.get(name) or pending[name] for name in names)
        return Explanation(
            namespace=key.namespace,
            entity=key.entity,
            check=key.check,
            recorded=True,
            event=trace.facts,
            verdict=verdict_of(workflows, trace.problems, wanted=True),
            delivery=trace.delivery,
            problems=tuple(trace.problems),
            workflows=workflows,
        )
