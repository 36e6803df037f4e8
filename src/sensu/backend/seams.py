"""What the daemons offer each other; `composition.py` joins them, so that none imports another."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from sensu.backend.metrics import Numbered
from sensu.resources.check_request import CheckRequest
from sensu.resources.event import Event
from sensu.resources.event_filter import EventFilter
from sensu.resources.handler import Handler
from sensu.resources.pipeline import Pipeline
from sensu.rules.check_state import Sender
from sensu.rules.explain import Explanation
from sensu.rules.run_ledger import Outcome, Slot
from sensu.store.contract import EventKey, Write


class IncomingEvent(msgspec.Struct, frozen=True):
    """An event that is valid by itself (`rules/kinds/event.py`), on its way to eventd.

    `also` are writes that must be committed with it or not at all; a function is asked for them in the event's turn,
    and once more when a write of another got in between. `due_after_s` overrides when its silence becomes an
    alarm (keepalives: their warning time-out); None leaves it to the check's ttl. `merge` is false for events that
    carry their final state already. `alarm` marks one that says that an event is overdue: it is dropped when another
    event for the same check came meanwhile. `entity_json` is what is stored of the event's entity, where that is known;
    the entity has its secrets hidden then. `sender` is the session of the agent that sent the event; None for all that
    comes from elsewhere, such as the API.
    """

    event: Event
    also: Sequence[Write] | Callable[[], Sequence[Write]] = ()
    due_after_s: float | None = None
    merge: bool = True
    failure: bool = False
    entity_json: msgspec.Raw | None = None
    sender: Sender | None = None


class EventStored(msgspec.Struct, frozen=True, tag=True):
    """The event is committed, and whatever handlers are owed it."""


class EventRefused(msgspec.Struct, frozen=True, tag=True):
    """The event will never be stored; `why` is fit for the sender."""

    why: str


class EventDeferred(msgspec.Struct, frozen=True, tag=True):
    """The store could not take the event now; the sender may try again."""

    why: str


EventOutcome = EventStored | EventRefused | EventDeferred
"""What became of an event; members send it to each other as it is."""


class Intake(Protocol):
    """The one way in for events (eventd)."""

    def offer(self, incoming: IncomingEvent, done: Callable[[EventOutcome], None] | None = None) -> bool:
        """Queue an event without waiting; `done` is called on the loop once its fate is known.

        False when nothing was queued: the queue is full, and the caller waits with `wait_for_room` before the next; or
        it has room, and handlers are owed too much for this event, which waits with `wait_until_admitting`.
        """
        ...

    def has_room(self) -> bool:
        """Whether the queue takes another event."""
        ...

    async def wait_for_room(self) -> None:
        """Return when the queue has room."""
        ...

    async def wait_until_admitting(self) -> None:
        """Return when events that would be owed to handlers are taken again."""
        ...

    async def post(self, incoming: IncomingEvent) -> EventOutcome:
        """Queue an event, waiting for room if need be, and return once its fate is known."""
        ...

    async def remove(self, key: EventKey, also: Sequence[Write] = ()) -> bool:
        """Delete an event in its turn among the others, with its deadlines; false where there is none.

        `also` are writes that are committed with the removal, where the event was there.
        """
        ...


class Keepalives(Protocol):
    """Who hears agents' keepalives (keepalived)."""

    def offer(self, keepalive: Event, done: Callable[[EventOutcome], None] | None = None) -> bool:
        """Take a valid keepalive event from an agent; false when the intake is full."""
        ...

    async def alarm(self, key: EventKey) -> None:
        """The keepalive at `key` is overdue."""
        ...


Done = Callable[[EventOutcome], None]
"""Is called with what became of an event."""


class LocalIntake(Intake, Protocol):
    """The intake of this process."""

    def hold_back(self, incoming: IncomingEvent, done: Done | None) -> bool | None:
        """None for an event that may come in; else as `offer` answers, because too much is owed."""
        ...

    def take(self, incoming: IncomingEvent, done: Callable[[EventOutcome], None] | None = None) -> bool:
        """Queue an event that may come in; false when the queue is full."""
        ...


class LocalKeepalives(Keepalives, Protocol):
    """Takes the keepalives of entities that this process owns."""

    def take(
        self, keepalive: Event, at: float, event_id: str, beside: Write, done: Callable[[EventOutcome], None] | None
    ) -> bool:
        """Take a keepalive that came in `at` and may come in; false when the queue is full. `beside` is stored too."""
        ...


class Subscribers(Protocol):
    """The agents that are connected to this process (agentd)."""

    def publish(self, namespace: str, subscription: str, request: CheckRequest) -> int:
        """Send a check request to every agent of a subscription; returns how many were sent it."""
        ...

    def agents(self, namespace: str, subscription: str) -> Sequence[str]:
        """The names of the connected agents of a subscription, sorted."""
        ...

    def disconnect(self, namespace: str, agent: str) -> None:
        """End the sessions of an agent, for example because its entity was deleted."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What would become of `event`, if these candidates stood in the place of stored resources of their names?

    With a pipeline or a handler, only that one is asked about, whatever the event names. `caller` pays for the time.
    """

    event: Event
    filter: EventFilter | None = None
    handler: Handler | None = None
    pipeline: Pipeline | None = None
    caller: str = ""


@dataclass(frozen=True, slots=True)
class OverBudget:
    """The caller has used up the time for dry runs; there is more in `retry_after_s`."""

    why: str
    retry_after_s: float


class DeliveryActions(Protocol):
    """Retries and discards deliveries (pipelined)."""

    async def retry(self, namespace: str, delivery_id: int, also: Sequence[Write] = ()) -> bool:
        """Retry a pending delivery or a dead letter at once, and store `also` with it; false if neither exists.

        Raises StoreError.
        """
        ...

    async def discard(self, namespace: str, delivery_id: int, also: Sequence[Write] = ()) -> bool:
        """Remove a delivery, and store `also` with it; false if it does not exist. Raises StoreError."""
        ...


class PlannedWorkflows(Protocol):
    """Finds the workflows of events (pipelined)."""

    def names(self, namespace: str, event: Event) -> Sequence[str]:
        """The names of the workflows of an event."""
        ...


class RecordedTraces(Protocol):
    """Knows what happened to events (pipelined)."""

    def of(self, key: EventKey) -> Explanation | None:
        """What happened to the last event there that workflows were tried for, None if that is not known."""
        ...


class DryRuns(Protocol):
    """Knows what would happen to events (pipelined)."""

    async def explain(self, namespace: str, question: Question) -> Explanation | OverBudget:
        """What would happen now; nothing is executed but expressions."""
        ...


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What pipelined offers the API."""

    actions: DeliveryActions
    workflows: PlannedWorkflows
    traces: RecordedTraces
    dry_runs: DryRuns


class AdHoc(Protocol):
    """Who runs a check on demand (schedulerd)."""

    async def execute(self, namespace: str, check: str, subscriptions: Sequence[str]) -> int:
        """Publish a request for a check now, to its own subscriptions where none are given; returns `issued`.

        Raises KeyError where there is no such check.
        """
        ...


class SlotLedger(Protocol):
    """Who knows what became of the times at which checks were due."""

    @property
    def since(self) -> float:
        """When the totals began, in Unix seconds."""
        ...

    def slots(self, namespace: str, check: str) -> Sequence[Slot]:
        """The last slots of a check, the newest first."""
        ...

    def totals(self, namespace: str, check: str) -> Mapping[Outcome, int]:
        """How many slots of a check have ended how."""
        ...


class ApiAnswer(msgspec.Struct, frozen=True, array_like=True):
    """What another member answers to a request of the API."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


Application = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]
"""An ASGI application."""


class Peers(Protocol):
    """The other members of the cluster, as the API asks them."""

    def serve(self, application: Application) -> None:
        """Have their requests answered by the API of this member."""
        ...

    async def numbers(self) -> Sequence[Sequence[Numbered]]:
        """The metrics of each of them that answers."""
        ...

    async def problem(self) -> str:
        """What is wrong with them, empty where nothing is."""
        ...

    async def ask(self, member: int, scope: Mapping[str, Any], body: bytes) -> ApiAnswer | None:
        """The answer of one of them to a request; None where there is none."""
        ...


@dataclass
class Joints:
    """The daemons of one backend as the API's services see them."""

    intake: Intake
    subscribers: Subscribers
    ad_hoc: AdHoc
    deliveries: Deliveries
    ledger: SlotLedger
    ready: Callable[[], bool] = field(default=lambda: True)
