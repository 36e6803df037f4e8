"""A delivery in memory: its remaining workflows, and the results so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sensu.backend.pipelined.queue.capacity import HandlerKey
from sensu.backend.pipelined.steps.filters import EventSubject
from sensu.resources.event import Event
from sensu.rules.explain import EventFacts
from sensu.rules.owed import WHY_CHARACTERS_MAX, Step, rest_of
from sensu.rules.workflow import Workflow
from sensu.store.values import EventKey, OweDelivery, SettleDelivery, Write


def key_of(namespace: str, event: Event) -> EventKey:
    """The namespace, entity and check of an event; the check is empty for metrics alone."""
    entity = event.entity.metadata.name if event.entity is not None else ""
    check = event.check.metadata.name if event.check is not None else ""
    return EventKey(namespace, entity, check)


@dataclass(slots=True)
class PendingDelivery:
    """A delivery with workflows that wait or run.

    `event` is None while it need not be in memory. `steps` holds, for each workflow that is not done, the number of
    failures and the time of the next attempt; `failed` the reasons of workflows that were given up. `since` is the
    monotonic time at which the delivery was read. `problems` are broken references of the event. Workflows of a
    `discarded` delivery are not started, nor those of a delivery that has `moved` to another member, which are kept in
    `left`. Those in `fell_back` were given up; the event goes to their fallback handlers in deliveries of their own.
    `change` is the number of the state change that the event belongs to (0: not known).
    """

    id: int
    key: EventKey
    event: bytes | None
    workflows: Sequence[Workflow]
    attempts: int
    since: float
    steps: dict[str, Step]
    facts: EventFacts
    failed: dict[str, str] = field(default_factory=dict)
    subject: EventSubject | None = None
    problems: Sequence[str] = ()
    change: int = 0
    discarded: bool = False
    moved: bool = False
    left: dict[str, Step] = field(default_factory=dict)
    fell_back: set[str] = field(default_factory=set)

    @property
    def namespace(self) -> str:
        """The namespace of the event."""
        return self.key.namespace

    @property
    def handlers(self) -> frozenset[HandlerKey]:
        """The handlers that the event is for."""
        return frozenset((self.key.namespace, workflow.handler) for workflow in self.workflows)

    @property
    def is_stopped(self) -> bool:
        """Whether no further attempt is made here."""
        return self.discarded or self.moved

    @property
    def is_underway(self) -> bool:
        """Whether some workflows are done and others are not."""
        return 0 < len(self.steps) < len(self.workflows) and not self.discarded

    def _rest(self) -> dict[str, Step]:
        failed = {name: Step(why=why[:WHY_CHARACTERS_MAX]) for name, why in self.failed.items()}
        steps = {**failed, **self.left, **self.steps}
        return {name: step for name, step in steps.items() if name not in self.fell_back}

    def progress(self) -> OweDelivery:
        """The remaining delivery, for the store; workflows that were given up count as untried."""
        assert self.event is not None
        steps = self._rest()
        due_at = min((step.due_at for step in steps.values()), default=0.0)
        return OweDelivery(self.id, self.namespace, self.event, due_at, self.attempts, rest_of(steps), self.change)

    def without_fallen_back(self) -> Sequence[Write]:
        """The write that stores the remaining delivery, or settles it if nothing remains."""
        return (self.progress(),) if self._rest() else (SettleDelivery(self.id),)

    def conclusion(self) -> Sequence[Write]:
        """The writes that settle the delivery, once no workflow remains; with failures it becomes a dead letter."""
        if not self.failed:
            return (SettleDelivery(self.id),)
        why = "; ".join(f"{workflow}: {why}" for workflow, why in self.failed.items())
        return (self.progress(), SettleDelivery(self.id, dead=why))
