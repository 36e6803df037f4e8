"""A delivery in memory: what of it is still to do, and how it went so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sensu.backend.pipelined.filters import Subject
from sensu.backend.pipelined.lanes import Place
from sensu.resources.event import Event
from sensu.resources.wire import decode, encode
from sensu.rules.workflow import Workflow
from sensu.store.contract import OweDelivery, SettleDelivery, Write

Key = tuple[str, str, str]
"""What an event is about: namespace, entity, check (empty for metrics alone)."""


def key_of(namespace: str, event: Event) -> Key:
    """What an event is about."""
    entity = event.entity.metadata.name if event.entity is not None else ""
    check = event.check.metadata.name if event.check is not None else ""
    return namespace, entity, check


def rest_of(delivery: OweDelivery) -> dict[str, int] | None:
    """The workflows that are still to do, each with how often it was tried; None for all of them, untried.

    Raises InvalidResource.
    """
    return decode(dict[str, int], delivery.rest) if delivery.rest else None


@dataclass(slots=True)
class Held:
    """A delivery whose workflows wait or run.

    `event` is None while it need not be in memory. `tries` says for each workflow that is not done how often it
    failed, `due_at` when those that failed may be tried again, `failed` why workflows were given up. `since` is when it
    was read, on the clock that never goes back. `problems` are what its event names and is not there.
    """

    id: int
    key: Key
    event: bytes | None
    event_type: str
    workflows: Sequence[Workflow]
    due_at: float
    attempts: int
    since: float
    tries: dict[str, int]
    failed: dict[str, str] = field(default_factory=dict)
    subject: Subject | None = None
    problems: Sequence[str] = ()

    @property
    def namespace(self) -> str:
        """The namespace of the event."""
        return self.key[0]

    @property
    def places(self) -> set[Place]:
        """The handlers that the event is for."""
        return {(self.key[0], workflow.handler) for workflow in self.workflows}

    def progress(self) -> OweDelivery:
        """What is still owed, for the store."""
        assert self.event is not None
        rest = {**dict.fromkeys(self.failed, 0), **self.tries}
        return OweDelivery(self.id, self.namespace, self.event, self.due_at, self.attempts, encode(rest))

    def conclusion(self) -> Sequence[Write]:
        """The last word on the delivery, once no workflow is left to try."""
        if not self.failed:
            return (SettleDelivery(self.id),)
        why = "; ".join(f"{workflow}: {why}" for workflow, why in self.failed.items())
        return (self.progress(), SettleDelivery(self.id, dead=why))


def event_type_of(event: Event) -> str:
    """What kind of event it is, as metrics name it."""
    if event.check is not None:
        return "check"
    return "metrics" if event.metrics is not None else "unknown"
