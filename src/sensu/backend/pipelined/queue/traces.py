"""What became of the last event of each entity and check, for those who ask why."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sensu.backend.pipelined.queue.delivery import Held, Key
from sensu.rules.explain import EventFacts, Explanation, WorkflowTrace, verdict_of, waiting
from sensu.rules.workflow import Workflow

TRACES_MAX = 5000
"""Traces in memory; beyond, the one that was written to the longest time ago is forgotten. A restart forgets all."""


@dataclass(slots=True)
class _Trace:
    delivery: int
    facts: EventFacts
    planned: Collection[Workflow]
    problems: Sequence[str]
    workflows: dict[str, WorkflowTrace] = field(default_factory=dict)


class Traces:
    """The trace of the last event of each entity and check that anything happened to."""

    def __init__(self, traces_max: int = TRACES_MAX) -> None:
        self._traces: OrderedDict[Key, _Trace] = OrderedDict()
        self._traces_max = traces_max

    def note(self, held: Held, workflow: WorkflowTrace | None = None) -> None:
        """An attempt has ended, or a delivery has nothing to do; what an older event came to counts no longer.

        What goes to a fallback handler is another delivery of the same event, and stands beside the first.
        """
        trace = self._traces.get(held.key)
        if trace is None or (trace.delivery < held.id and trace.facts != held.facts):
            trace = _Trace(held.id, held.facts, held.workflows, held.problems)
            self._traces[held.key] = trace
        elif trace.facts != held.facts:
            return
        elif trace.delivery != held.id:
            trace.planned = dict.fromkeys([*trace.planned, *held.workflows])
        if workflow is not None:
            trace.workflows[workflow.workflow] = workflow
        self._traces.move_to_end(held.key)
        if len(self._traces) > self._traces_max:
            self._traces.popitem(last=False)

    def of(self, key: Key) -> Explanation | None:
        """What became of the event; workflows that were not tried yet wait."""
        trace = self._traces.get(key)
        if trace is None:
            return None
        names = dict.fromkeys([*map(str, trace.planned), *trace.workflows])
        pending = {str(workflow): waiting(workflow) for workflow in trace.planned}
        workflows = tuple(trace.workflows.get(name) or pending[name] for name in names)
        namespace, entity, check = key
        return Explanation(
            namespace=namespace,
            entity=entity,
            check=check,
            recorded=True,
            event=trace.facts,
            verdict=verdict_of(workflows, trace.problems, wanted=True),
            delivery=trace.delivery,
            problems=tuple(trace.problems),
            workflows=workflows,
        )
