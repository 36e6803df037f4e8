"""A delivery in memory: what of it is still to do, and how it went so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sensu.backend.pipelined.queue.capacity import Place
from sensu.backend.pipelined.steps.filters import Subject
from sensu.resources.event import Event
from sensu.rules.explain import EventFacts
from sensu.rules.owed import WHY_CHARACTERS_MAX, Step, rest_of
from sensu.rules.workflow import Workflow
from sensu.store.contract import OweDelivery, SettleDelivery, Write

Key = tuple[str, str, str]
"""What an event is about: namespace, entity, check (empty for metrics alone)."""


def key_of(namespace: str, event: Event) -> Key:
    """What an event is about."""
    entity = event.entity.metadata.name if event.entity is not None else ""
    check = event.check.metadata.name if event.check is not None else ""
    return namespace, entity, check


@dataclass(slots=True)
class Held:
    """A delivery whose workflows wait or run.

    `event` is None while it need not be in memory. `steps` says for each workflow that is not done how often it failed
    and when it may be tried again, `failed` why workflows were given up. `since` is when it was read, on the clock that
    never goes back. `problems` are what its event names and is not there. One that is `discarded` is not begun again.
    The workflows that `fell_back` are given up, and owed to their fallback handlers under other ids.
    """

    id: int
    key: Key
    event: bytes | None
    workflows: Sequence[Workflow]
    attempts: int
    since: float
    steps: dict[str, Step]
    facts: EventFacts
    failed: dict[str, str] = field(default_factory=dict)
    subject: Subject | None = None
    problems: Sequence[str] = ()
    discarded: bool = False
    fell_back: set[str] = field(default_factory=set)

    @property
    def namespace(self) -> str:
        """The namespace of the event."""
        return self.key[0]

    @property
    def places(self) -> frozenset[Place]:
        """The handlers that the event is for."""
        return frozenset((self.key[0], workflow.handler) for workflow in self.workflows)

    def _rest(self) -> dict[str, Step]:
        steps = {**{name: Step(why=why[:WHY_CHARACTERS_MAX]) for name, why in self.failed.items()}, **self.steps}
        return {name: step for name, step in steps.items() if name not in self.fell_back}

    def progress(self) -> OweDelivery:
        """What is still owed, for the store; what was given up counts as untried."""
        assert self.event is not None
        steps = self._rest()
        due_at = min((step.due_at for step in steps.values()), default=0.0)
        return OweDelivery(self.id, self.namespace, self.event, due_at, self.attempts, rest_of(steps))

    def without_fallen_back(self) -> Sequence[Write]:
        """What is still owed, or that nothing is, for the store."""
        return (self.progress(),) if self._rest() else (SettleDelivery(self.id),)

    def conclusion(self) -> Sequence[Write]:
        """The last word on the delivery, once no workflow is left to try."""
        if not self.failed:
            return (SettleDelivery(self.id),)
        why = "; ".join(f"{workflow}: {why}" for workflow, why in self.failed.items())
        return (self.progress(), SettleDelivery(self.id, dead=why))
