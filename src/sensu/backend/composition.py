"""Assembles a backend from its parts; `process.py` runs the result."""

import contextlib
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from sensu.backend.activity import Activity, MemberActivity
from sensu.backend.activity_record import ActivityRecord
from sensu.backend.agentd import assembly as agentd
from sensu.backend.agentd.agentd import Agentd
from sensu.backend.agentd.revocation import Revocations
from sensu.backend.api import assembly as api
from sensu.backend.api.cluster import Members
from sensu.backend.api.server import ApiServer
from sensu.backend.api.status import health_json
from sensu.backend.auth import assembly as auth
from sensu.backend.auth.access import Access
from sensu.backend.basics import Basics
from sensu.backend.cluster_id import cluster_id
from sensu.backend.counts import AssetCounts, DeliveryCounts, EventCounts, KeepaliveCounts, ScheduleCounts, SeatNumbers
from sensu.backend.dashboardd import assembly as dashboardd
from sensu.backend.dashboardd.assembly import Dashboard
from sensu.backend.event_log import EventLog
from sensu.backend.eventd import assembly as eventd
from sensu.backend.eventd.counters import EventCounters
from sensu.backend.eventd.daemon import Eventd
from sensu.backend.federation.replication import Replication
from sensu.backend.flow import Flow
from sensu.backend.keepalived.daemon import KeepaliveCounters, Keepalived
from sensu.backend.membership import ALONE, Duty, Membership
from sensu.backend.pipelined import assembly as pipelined
from sensu.backend.pipelined.daemon import Pipelined
from sensu.backend.pipelined.steps.messages import Messages
from sensu.backend.pipelined.steps.scripts import Scripts
from sensu.backend.ports import DaemonPorts, Subscribers
from sensu.backend.schedulerd.daemon import RequestCounters, Schedulerd
from sensu.backend.schedulerd.ledger import SLOTS_MAX, RunLedger, SlotCounters
from sensu.backend.secrets import assembly as secret_values
from sensu.backend.secrets.resolver import Secrets
from sensu.backend.serviced import assembly as serviced
from sensu.backend.serviced.daemon import Serviced
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.history import Bound, History
from sensu.backend.stored_entities import StoredEntities
from sensu.clock import Clock
from sensu.notify.sender_process import SenderProcess
from sensu.resources.entity import Entity
from sensu.rules.explain import WorkflowTrace

Run = Callable[[], Coroutine[None, None, None]]
"""Runs a daemon until it is cancelled."""


@dataclass(frozen=True, slots=True)
class Executors:
    """The thread pools of a backend: for asset files, and for the event log."""

    files: Executor
    logs: Executor


@dataclass(frozen=True, slots=True)
class Gates:
    """The times from which clients and agents are admitted, in seconds of the monotonic clock."""

    clock: Clock
    api_at: float
    agents_at: float

    def serves_api(self) -> bool:
        """Whether the API answers."""
        return self.clock.monotonic() >= self.api_at

    def serves_agents(self) -> bool:
        """Whether agents are admitted."""
        return self.clock.monotonic() >= self.agents_at


@dataclass(frozen=True, slots=True)
class CoreCounters:
    """The counters of the core."""

    events: EventCounters
    keepalives: KeepaliveCounters
    requests: RequestCounters
    slots: SlotCounters


class Core:
    """The daemons that schedule checks and process events: eventd, keepalived, schedulerd and the run ledger.

    Everything else (agents, handlers, the API) is connected to it, or replaced by a test.
    """

    def __init__(
        self,
        basics: Basics,
        counters: CoreCounters,
        wake_deliveries: Callable[[], None],
        log_event: Callable[[bytes], None] | None = None,
        membership: Membership = ALONE,
        slots_max: int = SLOTS_MAX,
    ) -> None:
        """`wake_deliveries` is called when deliveries are pending, `log_event` as described in `Eventd`."""
        self._basics, self._counters, self._membership = basics, counters, membership
        self.entities = StoredEntities(basics.store)
        membership.on_gain(self.entities.forget)
        self.ledger = RunLedger(basics.store, counters.slots, basics.clock, slots_max)
        self.runs = membership.joined_runs(self.ledger)
        self.events = eventd.assembled(
            basics,
            self.entities,
            counters.events,
            wake_deliveries,
            self.runs.answered,
            log_event,
            membership,
        )
        self.keepalives = Keepalived(
            basics.store,
            self.entities,
            self.events,
            counters.keepalives,
            basics.clock,
            wake_deliveries,
            basics.settings.deregistration_handler,
        )
        self.events.on_overdue_keepalive(self.keepalives.expired)

    def open(self) -> None:
        """Start following the store's entities."""
        self.entities.open()

    def close(self) -> None:
        """Stop following them."""
        self.entities.close()

    def schedule(self, secrets: Secrets, subscribers: Subscribers) -> Schedulerd:
        """The scheduler, which sends its requests to `subscribers`."""
        basics, requests = self._basics, self._counters.requests
        return Schedulerd(basics.records, secrets, subscribers, requests, basics.clock, self.ledger, self._membership)


@dataclass(frozen=True, slots=True)
class Daemons:
    """The daemons of a backend."""

    events: Eventd
    deliveries: Pipelined
    schedule: Schedulerd
    services: Serviced
    replication: Replication
    agents: Agentd
    api: ApiServer
    dashboard: Dashboard | None
    audit: AuditLog
    history: History
    record: ActivityRecord
    revoked: Revocations
    event_log: EventLog | None

    def always(self) -> Iterator[tuple[str, Run]]:
        """The names of the daemons that run in every process, and how to run them."""
        yield "eventd", self.events.run
        yield "pipelined", self.deliveries.run
        yield "serviced", self.services.run
        yield "activity", self.record.run
        yield "revocation lists", lambda: self.revoked.run(self._check_certificates)
        if self.event_log is not None:
            yield "event log", self.event_log.run
        if self.dashboard is not None:
            yield "web UI", self.dashboard.run

    def by_duty(self) -> Iterator[tuple[Duty, str, Run]]:
        """The daemons that run only at the member that holds a duty."""
        yield Duty.TRIM, "audit log", self.audit.run
        yield Duty.TRIM, "history", self.history.run
        yield Duty.TRIM, "incidents", self.record.watch
        yield Duty.REPLICATE, "replicators", self.replication.run

    async def _check_certificates(self) -> None:
        await self.agents.check_certificates(self.revoked.problem)

    def reopen_event_log(self) -> None:
        """Open a new event log file, because another program has moved the old one."""
        if self.event_log is not None:
            self.event_log.reopen()


async def composed(
    basics: Basics,
    executors: Executors,
    own: Entity,
    gates: Gates,
    membership: Membership,
    stack: contextlib.AsyncExitStack,
) -> Daemons:
    """All daemons, connected and not running yet; `stack` closes their resources. `own` is the backend's entity."""
    metrics, store, clock = basics.metrics, basics.store, basics.clock
    activity, flow = Activity(clock), Flow(clock)
    node, kept_s = basics.settings.node_name, basics.settings.state_change_retention
    record = ActivityRecord(store, basics.records, clock, node, kept_s)
    assets = pipelined.opened_assets(basics, executors.files, AssetCounts(metrics).stage, stack)
    known = await auth.assembled(basics, stack)
    scripts, (secrets, failures) = Scripts(), secret_values.assembled(basics, known.sealing, own, stack)
    stack.callback(scripts.close)
    messages = Messages(SenderProcess(), store, clock, known.sealing.with_values)
    stack.callback(messages.close)
    delivery_counts = DeliveryCounts(metrics, store.deliveries_size)
    deliveries, offered = pipelined.assembled(
        basics,
        assets,
        scripts,
        secrets,
        known.access,
        own,
        delivery_counts,
        membership,
        partial(_attempted, activity, flow, record),
        messages,
    )
    event_log = _opened_event_log(basics, executors, stack)
    event_counts, schedule_counts = EventCounts(metrics, activity.processed, record.stored), ScheduleCounts(metrics)
    counters = CoreCounters(event_counts, KeepaliveCounts(metrics), schedule_counts, schedule_counts)
    core = Core(basics, counters, deliveries.wake, None if event_log is None else event_log.add, membership)
    core.open()
    stack.callback(core.close)
    event_counts.follow(core.events.waiting, deliveries.pending)
    own_url = basics.settings.api_url
    members = Members(await cluster_id(store), own_url, membership.roster, membership.member, membership.remove)
    intake, keepalives = membership.joined_intake(core.events, core.keepalives)
    failures.report_to(intake)
    report = partial(_report, activity, core.events)
    peers = membership.peers(metrics.numbers, store.healthy, report, flow.counted, core.ledger)
    revoked = await agentd.revocations(basics, executors.files)
    neighbours = agentd.Neighbours(
        intake,
        keepalives,
        gates.serves_agents,
        lambda: health_json(store, members, peers),
        core.runs.departed,
        membership.subscribed,
        record.connection,
    )
    agents = agentd.assembled(basics, known, neighbours, revoked, shares_port=membership.shares_ports)
    subscribers = membership.joined_subscribers(agents)
    schedule = core.schedule(secrets, subscribers)
    schedule_counts.follow(schedule.schedulers)
    SeatNumbers(metrics).follow(membership)
    services = serviced.assembled(basics, intake, membership, stack)
    replication = Replication(basics, known.sealing, intake, members.cluster_id)
    ports = DaemonPorts(intake, subscribers, schedule, offered, core.ledger, gates.serves_api, report, flow.counted)
    settings = basics.settings
    audit = AuditLog(store, known.access, clock, settings.audit_retention, settings.audit_entries_max)
    history = _history(basics, known.access)
    server, answers = await api.assembled(basics, known, ports, members, audit, history, membership, peers, stack)
    dashboard = dashboardd.assembled(basics, answers, membership, executors.files)
    kept = (audit, history, record, revoked, event_log)
    return Daemons(core.events, deliveries, schedule, services, replication, agents, server, dashboard, *kept)


def _attempted(activity: Activity, flow: Flow, record: ActivityRecord, namespace: str, trace: WorkflowTrace) -> None:
    """An attempt to take an event through a workflow has ended."""
    activity.attempted(namespace, trace)
    flow.attempted(namespace, trace)
    record.attempted(namespace, trace)


def _report(activity: Activity, events: Eventd) -> MemberActivity:
    """What this member did lately."""
    return activity.report(events.holds_back())


def _opened_event_log(basics: Basics, executors: Executors, stack: contextlib.AsyncExitStack) -> EventLog | None:
    settings, dropped = basics.settings, basics.metrics.event_log_dropped
    if not settings.event_log_file:
        return None
    opened = EventLog(
        settings.event_log_file, settings.event_log_buffer_size, executors.logs, basics.clock, dropped.add
    )
    stack.push_async_callback(opened.close)
    return opened


def _history(basics: Basics, access: Access) -> History:
    settings = basics.settings
    results = Bound(settings.history_retention, settings.history_bytes_max)
    changes = Bound(settings.state_change_retention, settings.state_change_bytes_max)
    return History(basics.store, access, basics.clock, results, changes)
