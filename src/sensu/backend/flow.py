"""What went through the workflows of this member in the last hour, in memory of a fixed size."""

from collections import OrderedDict, deque
from collections.abc import Sequence

from sensu.clock import Clock
from sensu.rules.explain import WorkflowTrace
from sensu.rules.flow import FlowCounts, added, count

MINUTES = 60
WORKFLOWS_MAX = 1000
"""The maximum number of workflows that are counted; beyond it, the one that was used least recently is forgotten."""

_Minutes = deque[tuple[int, FlowCounts]]


class Flow:
    """Counts attempts by workflow and minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._workflows: OrderedDict[tuple[str, str], _Minutes] = OrderedDict()

    def attempted(self, namespace: str, trace: WorkflowTrace) -> None:
        """An attempt to take an event through a workflow has ended."""
        key, minute = (namespace, trace.workflow), self._minute()
        minutes = self._workflows.setdefault(key, deque(maxlen=MINUTES))
        self._workflows.move_to_end(key)
        if len(self._workflows) > WORKFLOWS_MAX:
            self._workflows.popitem(last=False)
        if not minutes or minutes[-1][0] != minute:
            minutes.append((minute, FlowCounts(trace.workflow, trace.handler)))
        count(minutes[-1][1], trace)

    def counted(self, namespace: str, minutes: int = MINUTES) -> Sequence[FlowCounts]:
        """What went through the workflows of a namespace in the last minutes, the present one included."""
        oldest = self._minute() - minutes
        parts = (
            counts
            for (of, _), kept in self._workflows.items()
            if of == namespace
            for minute, counts in kept
            if minute > oldest
        )
        return list(added(parts).values())

    def _minute(self) -> int:
        return int(self._clock.monotonic() // 60)
