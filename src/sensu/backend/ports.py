"""The protocols by which daemons use each other; `composition.py` connects them, so that none imports another."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import msgspec

from sensu.backend.activity import MemberActivity
from sensu.backend.auth.identity import Identity
from sensu.backend.metrics import Numbered
from sensu.resources.check_request import CheckRequest
from sensu.resources.event import Event
from sensu.resources.event_filter import EventFilter
from sensu.resources.handler import Handler
from sensu.resources.pipeline import Pipeline
from sensu.rules.check_state import Sender
from sensu.rules.explain import Explanation
from sensu.rules.filter_bench import BenchResult
from sensu.rules.flow import FlowCounts
from sensu.rules.handler_test import HandlerTest, HandlerTestReport
from sensu.rules.run_ledger import LastRun, Slot, SlotOutcome, SlotTrouble
from sensu.rules.share import Slots
from sensu.store.values import EventKey, Write


class IncomingEvent(msgspec.Struct, frozen=True):
    """A valid event (`rules/kinds/event.py`) on its way to eventd.

    `also` are writes that must be committed with it or not at all; a function is called when the event is decided, and
    again after a conflict. `due_after_s` overrides its deadline (keepalives: the warning timeout); with None it follows
    from the check's TTL. `merge` is false for events that have their final state already. `failure` marks the failure
    event for a missing keepalive: it is dropped if another keepalive has arrived. If `entity_json`, the stored JSON of
    the entity, is known, the secrets of the entity are hidden already. `sender` is the session of the agent that sent
    the event; None for events from elsewhere, such as the API. `mark` returns the write by which another member, which
    handed the event over, knows that it is stored; it is called each time when the event is decided.
    """

    event: Event
    also: Sequence[Write] | Callable[[], Sequence[Write]] = ()
    due_after_s: float | None = None
    merge: bool = True
    failure: bool = False
    entity_json: msgspec.Raw | None = None
    sender: Sender | None = None
    mark: Callable[[], Write] | None = None


class EventStored(msgspec.Struct, frozen=True, tag=True):
    """The event is committed, together with its deliveries to handlers."""


class EventRefused(msgspec.Struct, frozen=True, tag=True):
    """The event will never be stored; `why` is the message for the sender."""

    why: str


class EventDeferred(msgspec.Struct, frozen=True, tag=True):
    """The event could not be stored now; the sender may try again."""

    why: str


EventOutcome = EventStored | EventRefused | EventDeferred
"""The outcome of an event."""


class Intake(Protocol):
    """The intake of all events (eventd)."""

    def offer(self, incoming: IncomingEvent, done: Callable[[EventOutcome], None] | None = None) -> bool:
        """Queue an event without waiting; `done` is called on the loop with its outcome.

        False if nothing was queued: either the queue is full, and the caller waits with `wait_for_room`; or too many
        deliveries are pending for handlers, and the caller waits with `wait_until_admitting`.
        """
        ...

    def has_room(self) -> bool:
        """Whether the queue has room for another event."""
        ...

    async def wait_for_room(self) -> None:
        """Return when the queue has room."""
        ...

    async def wait_until_admitting(self) -> None:
        """Return when events with handlers are admitted again."""
        ...

    async def post(self, incoming: IncomingEvent) -> EventOutcome:
        """Queue an event, waiting for room if necessary, and return its outcome."""
        ...

    async def remove(self, key: EventKey, also: Sequence[Write] = ()) -> bool:
        """Delete an event in order with the other events, and its deadline; False if it does not exist.

        If the event exists, the writes in `also` are committed with the removal.
        """
        ...


class Keepalives(Protocol):
    """Processes agents' keepalives (keepalived)."""

    def offer(self, keepalive: Event, done: Callable[[EventOutcome], None] | None = None) -> bool:
        """Accept a valid keepalive event from an agent; False if the intake is full."""
        ...

    async def expired(self, key: EventKey) -> None:
        """Process the missing keepalive at `key`."""
        ...


Done = Callable[[EventOutcome], None]
"""A callback for the outcome of an event."""


class LocalIntake(Intake, Protocol):
    """The intake of this process."""

    def hold_back(self, incoming: IncomingEvent, done: Done | None) -> bool | None:
        """None if the event is admitted; otherwise the answer of `offer`, because too many deliveries are pending."""
        ...

    def take(self, incoming: IncomingEvent, done: Callable[[EventOutcome], None] | None = None) -> bool:
        """Queue an admitted event; False if the queue is full."""
        ...


class LocalKeepalives(Keepalives, Protocol):
    """Takes the keepalives of entities that this process owns."""

    def take(
        self,
        keepalive: Event,
        at: float,
        event_id: str,
        mark: Callable[[], Write] | None,
        done: Callable[[EventOutcome], None] | None,
    ) -> bool:
        """Accept a keepalive admitted at time `at`, False if the queue is full; `mark` is as in `IncomingEvent`."""
        ...


class Subscribers(Protocol):
    """The agents that are connected to this process (agentd)."""

    def publish(self, namespace: str, subscription: str, request: CheckRequest) -> int:
        """Send a check request to every agent of a subscription; returns the number of agents."""
        ...

    def agents(self, namespace: str, subscription: str) -> Sequence[str]:
        """The names of the connected agents of a subscription, sorted."""
        ...

    def sessions(self, namespace: str, subscription: str) -> int:
        """The number of sessions of a subscription; costs the same however many there are."""
        ...

    def connected(self, namespace: str) -> int:
        """The number of connected agents of a namespace; costs the same however many there are."""
        ...

    def disconnect(self, namespace: str, agent: str) -> None:
        """End the sessions of an agent, for example because its entity was deleted."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """A dry run of `event`, with candidates that replace the stored resources of their names.

    With a pipeline or a handler, only that one is run, regardless of what the event names. The time is charged to
    `caller`, whose rights decide which other events the expressions can read.
    """

    event: Event
    caller: Identity
    filter: EventFilter | None = None
    handler: Handler | None = None
    pipeline: Pipeline | None = None


@dataclass(frozen=True, slots=True)
class OverBudget:
    """The caller has used up its time for dry runs, and may try again after `retry_after_s`."""

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

    def handlers(self, namespace: str, event: Event) -> Mapping[str, str]:
        """The handler of each workflow of an event, by the workflow's name."""
        ...


class RecordedTraces(Protocol):
    """Knows what happened to events (pipelined)."""

    def of(self, key: EventKey) -> Explanation | None:
        """What happened to the last event there that workflows were tried for, None if that is not known."""
        ...


class DryRunner(Protocol):
    """Knows what would happen to events (pipelined)."""

    async def explain(self, namespace: str, question: Question) -> Explanation | OverBudget:
        """What would happen now; nothing is executed but expressions."""
        ...


class BenchEvent(NamedTuple):
    """A stored event that a filter is tried out on."""

    entity: str
    check: str
    body: bytes


class FilterJudge(Protocol):
    """Tries out filters (pipelined)."""

    async def judge(
        self, namespace: str, candidate: EventFilter, events: Sequence[BenchEvent], caller: Identity
    ) -> BenchResult | OverBudget:
        """The verdicts of a filter; the time is charged to `caller`, whose rights decide which events it can read."""
        ...


class HandlerTester(Protocol):
    """Tests handlers (pipelined)."""

    async def run(self, handler: Handler, asked: HandlerTest, username: str) -> HandlerTestReport:
        """Give a handler an event that is marked as a test, past all filters."""
        ...


@dataclass(frozen=True, slots=True)
class OfferedDeliveries:
    """What pipelined offers the API."""

    actions: DeliveryActions
    workflows: PlannedWorkflows
    traces: RecordedTraces
    dry_runs: DryRunner
    bench: FilterJudge
    tests: HandlerTester


class AdHoc(Protocol):
    """Runs checks on demand (schedulerd)."""

    async def execute(self, namespace: str, check: str, subscriptions: Sequence[str]) -> int:
        """Publish a request for a check now, to its own subscriptions if none are given; returns `issued`.

        Raises KeyError if the check does not exist.
        """
        ...


class SlotLedger(Protocol):
    """Reports the outcome of each scheduled run of the checks that this member schedules."""

    def counted_since(self, namespace: str, check: str) -> float:
        """The start of the totals of a check, in Unix seconds."""
        ...

    def slots(self, namespace: str, check: str) -> Sequence[Slot]:
        """The last slots of a check, newest first."""
        ...

    def trouble(self, since: float) -> Mapping[str, SlotTrouble]:
        """The late checks of each namespace, and the slots that were missed since a time."""
        ...

    def last_runs(self, namespace: str) -> Mapping[str, LastRun]:
        """The last slot of each check of a namespace that was due."""
        ...

    def totals(self, namespace: str, check: str) -> Mapping[SlotOutcome, int]:
        """The number of slots of a check by outcome."""
        ...


class SelectedEvents(msgspec.Struct, frozen=True, array_like=True):
    """The events of some slots that a service component selects: their numbers by severity, and their JSON if asked.

    `too_many` says that their JSON was left out because there is too much of it.
    """

    slots: Slots
    by_severity: tuple[int, int, int, int]
    bodies: Sequence[bytes] = ()
    too_many: bool = False


class Selections(Protocol):
    """Finds the events that service components select."""

    async def selected(self, namespace: str, component: str, *, whole: bool) -> SelectedEvents | None:
        """What a component selects, with the JSON of the events if `whole`; None if that is not known now."""
        ...


class ApiAnswer(msgspec.Struct, frozen=True, array_like=True):
    """The response of another member to an API request."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


Application = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]
"""An ASGI application."""


class Peers(Protocol):
    """The other members of the cluster, as the API uses them."""

    def serve(self, application: Application) -> None:
        """Answer requests of other members with the API of this member."""
        ...

    async def numbers(self) -> Sequence[Sequence[Numbered]]:
        """The metrics of each other member that answers."""
        ...

    async def activity(self) -> Sequence[MemberActivity]:
        """What each of them that answers did lately."""
        ...

    async def flow(self, namespace: str, minutes: int) -> Sequence[FlowCounts]:
        """What went through the workflows of each of them that answers, in the last minutes."""
        ...

    async def trouble(self, since: float) -> Sequence[Mapping[str, SlotTrouble]]:
        """The late checks and missed slots of each of them that answers (`SlotLedger.trouble`)."""
        ...

    async def last_runs(self, namespace: str) -> Sequence[Mapping[str, LastRun]]:
        """The last slots of the checks that each of them schedules, as far as it answers (`SlotLedger.last_runs`)."""
        ...

    async def problems(self) -> Mapping[int, str]:
        """The problems of those other members that have any."""
        ...

    async def ask(self, member: int, scope: Mapping[str, Any], body: bytes) -> ApiAnswer | None:
        """The response of one of them to a request, None if it does not answer."""
        ...


@dataclass
class DaemonPorts:
    """The daemons of one backend, as the API's services use them."""

    intake: Intake
    subscribers: Subscribers
    ad_hoc: AdHoc
    deliveries: OfferedDeliveries
    ledger: SlotLedger
    ready: Callable[[], bool] = field(default=lambda: True)
    activity: Callable[[], MemberActivity] = field(default=lambda: MemberActivity(0.0, False, {}))
    flow: Callable[[str, int], Sequence[FlowCounts]] = field(default=lambda namespace, minutes: ())
