"""What the API asks of pipelined (`seams.Deliveries`)."""

from collections.abc import Sequence

from sensu.backend.pipelined.daemon import Pipelined
from sensu.backend.pipelined.steps.dry_run import DryRuns
from sensu.backend.pipelined.steps.workflows import Workflows
from sensu.backend.seams import OverBudget, Question
from sensu.resources.event import Event
from sensu.rules.explain import Explanation
from sensu.store.contract import EventKey, Write


class Desk:
    """Acts on deliveries, and tells what became of events and what would."""

    def __init__(self, pipelined: Pipelined, workflows: Workflows, dry_runs: DryRuns) -> None:
        self._pipelined, self._workflows, self._dry_runs = pipelined, workflows, dry_runs

    def wake(self) -> None:
        """New deliveries are owed in the store."""
        self._pipelined.wake()

    async def retry(self, namespace: str, delivery_id: int, also: Sequence[Write] = ()) -> bool:
        """Whether there is such a delivery, which is tried at once."""
        return await self._pipelined.by_hand.retry(namespace, delivery_id, also)

    async def discard(self, namespace: str, delivery_id: int, also: Sequence[Write] = ()) -> bool:
        """Whether there was such a delivery, which is forgotten."""
        return await self._pipelined.by_hand.discard(namespace, delivery_id, also)

    def workflows_of(self, namespace: str, event: Event) -> Sequence[str]:
        """The names of the workflows of an event."""
        return [str(workflow) for workflow in self._workflows.of(namespace, event, None).workflows]

    def trace(self, key: EventKey) -> Explanation | None:
        """What became of the last event there that anything happened to, where that is known still."""
        return self._pipelined.traces.of((key.namespace, key.entity, key.check))

    async def dry_run(self, namespace: str, question: Question) -> Explanation | OverBudget:
        """What would happen now."""
        return await self._dry_runs.explain(namespace, question)
