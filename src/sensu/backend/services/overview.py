"""The overview: what a namespace looks like now, from counters that are kept anyway."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from sensu.backend.activity import MemberActivity, RecentDeliveries
from sensu.backend.activity import summed as summed_activity
from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.records import Records
from sensu.backend.ports import DaemonPorts, Peers, SlotLedger
from sensu.backend.services.deliveries import RESOURCE as DELIVERIES
from sensu.backend.services.entity_tally import EntityTally
from sensu.backend.services.event_rows import Rows
from sensu.backend.services.outcomes import Denied, Found, Refusal
from sensu.backend.services.overview_parts import (
    PARTS,
    BackendPart,
    BusyCheck,
    ChecksPart,
    DeliveriesPart,
    EndingSilence,
    EntitiesPart,
    EventsPart,
    First,
    NamespaceParts,
    Overview,
    SilencesPart,
    summed,
)
from sensu.clock import Clock
from sensu.resources.check import CheckConfig
from sensu.resources.kinds import CHECK, ENTITY, EVENT, SILENCED
from sensu.resources.silenced import Silenced
from sensu.rules.event_row import EventRow
from sensu.rules.handling import DELIVERED, PARTLY, WAITING
from sensu.rules.kinds.table import selectable_of
from sensu.rules.run_ledger import NO_TROUBLE, SlotTrouble, summed_trouble
from sensu.rules.selectors.selection import Columns
from sensu.rules.severity import ALL, PASSING
from sensu.rules.silencing import in_force
from sensu.store.contract import Store
from sensu.store.values import CountedDeliveries, CountedEvents, EventQuery, ListedEvent

HOUR_S = 3600
NEW_MAX = 10_000
"""New incidents of a namespace are counted up to this number."""
NAMESPACES_MAX = 300
INCIDENTS, BUSIEST, ENDING = 10, 5, 5
INCIDENTS_READ = 50
"""The number of the most severe incidents among which those without a notification are searched."""
FAILING_MAX = 20
READ_EVERY_S = 2.0
"""How often the run ledger and the health are asked, however many overviews are."""

_RIGHTS = {"entities": ENTITY.segment, "checks": CHECK.segment, "silences": SILENCED.segment, "deliveries": DELIVERIES}
_INCIDENTS = ALL - {PASSING}
_Part = TypeVar("_Part", bound=msgspec.Struct)


class Overviews:
    """Makes overviews for callers who may list events."""

    def __init__(
        self,
        store: Store,
        access: Access,
        records: Records,
        entities: EntityTally,
        clock: Clock,
        ports: DaemonPorts,
        peers: Peers,
        rows: Rows,
        version: str,
        members: int,
    ) -> None:
        self._store, self._access, self._records, self._clock = store, access, records, clock
        self._ports, self._peers, self._rows = ports, peers, rows
        self._version, self._members = version, members
        self._entities = entities
        self._trouble, self._health = _Trouble(ports.ledger, peers, clock), _Health(store, peers, clock)

    async def of_namespace(self, caller: Identity, namespace: str) -> Found | Refusal:
        """The overview of a namespace."""
        if not self._may_list(caller, EVENT.segment, namespace):
            return Denied()
        return await self._overview(caller, [namespace])

    async def of_all(self, caller: Identity) -> Found | Refusal:
        """The overview of all namespaces whose events the caller may list, with their sum."""
        visible = [one for one in self._access.visible_namespaces(caller) if self._may_list(caller, EVENT.segment, one)]
        return await self._overview(caller, visible, of_all=True) if visible else Denied()

    def _may_list(self, caller: Identity, resource: str, namespace: str) -> bool:
        return self._access.allows(caller, "list", resource, namespace=namespace)

    async def _overview(self, caller: Identity, namespaces: Sequence[str], *, of_all: bool = False) -> Found:
        shown = namespaces[:NAMESPACES_MAX]
        revision = max([await self._store.event_changes_revision(namespace) for namespace in shown])
        await self._store.feed.caught_up()
        activity = summed_activity([self._ports.activity(), *await self._peers.activity()])
        counts = await self._store.event_counts(None if of_all else shown[0])
        deliveries = await self._store.delivery_counts(None if of_all else shown[0])
        trouble = await self._trouble.known()
        parts = [
            await self._parts(
                caller,
                one,
                counts.get(one, CountedEvents()),
                deliveries.get(one, CountedDeliveries()),
                activity,
                trouble,
            )
            for one in shown
        ]
        found = Overview(
            at=self._clock.now(),
            revision=max(revision, self._store.feed.revision),
            events=_sum(EventsPart, [part.events for part in parts]) or parts[0].events,
            entities=_sum(EntitiesPart, (part.entities for part in parts)),
            checks=_sum(ChecksPart, (part.checks for part in parts)),
            silences=_sum(SilencesPart, (part.silences for part in parts)),
            deliveries=_sum(DeliveriesPart, (part.deliveries for part in parts)),
            backend=await self._backend(activity),
            first=await self._first(parts, of_all),
            hidden=[name for name in PARTS if any(getattr(part, name) is None for part in parts)],
            namespaces=parts if of_all else (),
            partial=len(shown) < len(namespaces),
        )
        return Found(msgspec.json.encode(found))

    async def _parts(
        self,
        caller: Identity,
        namespace: str,
        counts: CountedEvents,
        deliveries: CountedDeliveries,
        activity: MemberActivity,
        trouble: Mapping[str, SlotTrouble],
    ) -> NamespaceParts:
        """The counts of a namespace, with None for the parts that the caller may not see."""
        may = {name: self._may_list(caller, resource, namespace) for name, resource in _RIGHTS.items()}
        since = int(self._clock.now()) - HOUR_S
        return NamespaceParts(
            namespace,
            EventsPart(
                counts.total,
                *counts.by_severity,
                silenced=sum(counts.silenced),
                new=await self._store.incidents_since(namespace, since, NEW_MAX),
                flapping=counts.flapping,
                overdue=counts.overdue,
            ),
            self._entities.of(namespace) if may["entities"] else None,
            self._checks_of(namespace, trouble.get(namespace, NO_TROUBLE)) if may["checks"] else None,
            self._silences_of(namespace) if may["silences"] else None,
            _deliveries_of(deliveries, activity.deliveries.get(namespace)) if may["deliveries"] else None,
        )

    def _checks_of(self, namespace: str, trouble: SlotTrouble) -> ChecksPart:
        checks: Sequence[CheckConfig] = self._records.list(CHECK, namespace)
        return ChecksPart(len(checks), sum(check.publish for check in checks), trouble.late, trouble.missed)

    def _silences_of(self, namespace: str) -> SilencesPart:
        now = self._clock.now()
        silences: Sequence[Silenced] = self._records.list(SILENCED, namespace)
        active = [one for one in silences if in_force(one, now)]
        ending = sum(0 < one.expire_at <= now + HOUR_S for one in active)
        return SilencesPart(len(active), ending, sum(one.begin > now for one in silences))

    async def _backend(self, activity: MemberActivity) -> BackendPart:
        healthy = await self._health.healthy()
        return BackendPart(healthy, self._version, self._members, activity.events_per_s, activity.held_back)

    async def _first(self, parts: Sequence[NamespaceParts], of_all: bool) -> First:
        """What to look at first, of what the caller may see."""
        incidents: list[tuple[tuple[int, ...], EventRow]] = []
        for part in parts:
            incidents += await self._incidents(part, of_all)
        incidents.sort(key=lambda one: one[0])
        checks = [part.namespace for part in parts if part.checks is not None]
        silences = [part.namespace for part in parts if part.silences is not None]
        return First([row for _, row in incidents[:INCIDENTS]], self._busiest(checks), self._ending(silences))

    async def _incidents(self, part: NamespaceParts, of_all: bool) -> Iterable[tuple[tuple[int, ...], EventRow]]:
        """Incidents with what sorts them: nobody notified, then severity, then the newest; silenced ones come last."""
        if part.events.total == part.events.passing:
            return ()
        found: list[ListedEvent] = []
        for silenced in (False, True):
            query = EventQuery(part.namespace, severities=_INCIDENTS, silenced=silenced)
            wanted = (INCIDENTS_READ if not silenced else INCIDENTS) // (len(_INCIDENTS) if of_all else 1)
            found += await self._store.listed_events(query, 0, wanted) if len(found) < INCIDENTS else ()
        rows = self._rows.of(found, _NAMESPACE if of_all else None)
        return [(_place(event, row), row) for event, row in zip(found, rows, strict=True)]

    def _busiest(self, namespaces: Sequence[str]) -> Sequence[BusyCheck]:
        """The checks that run most often, by the sessions of their subscriptions."""
        sessions, busy = self._ports.subscribers.sessions, list[tuple[float, CheckConfig]]()
        for namespace in namespaces:
            for check in self._records.list(CHECK, namespace):
                if check.publish and check.interval:
                    asked = 1 if check.round_robin else sum(sessions(namespace, one) for one in check.subscriptions)
                    busy.append((asked / check.interval, check))
        busiest = heapq.nlargest(BUSIEST, busy, key=lambda one: one[0])
        return [self._busy(check) for runs_per_s, check in busiest if runs_per_s]

    def _busy(self, check: CheckConfig) -> BusyCheck:
        namespace, subscriptions = check.metadata.namespace, check.subscriptions
        agents = self._ports.subscribers.agents
        names = set[str]().union(*(agents(namespace, one) for one in subscriptions))
        return BusyCheck(namespace, check.metadata.name, len(names), check.interval)

    def _ending(self, namespaces: Sequence[str]) -> Sequence[EndingSilence]:
        now = self._clock.now()
        silences = (one for namespace in namespaces for one in self._records.list(SILENCED, namespace))
        ending = heapq.nsmallest(
            ENDING, (one for one in silences if one.expire_at and in_force(one, now)), key=lambda one: one.expire_at
        )
        return [
            EndingSilence(
                one.metadata.namespace,
                one.metadata.name,
                one.subscription,
                one.check,
                one.expire_at,
                one.creator,
                one.reason,
            )
            for one in ending
        ]


_NAMESPACE = Columns(selectable_of(EVENT), ["namespace"])


def _place(event: ListedEvent, row: EventRow) -> tuple[int, ...]:
    notified = row.handled in (DELIVERED, PARTLY, WAITING)
    return bool(row.silenced), notified, event.state.severity, -event.state.since


def _sum(kind: type[_Part], parts: Iterable[_Part | None]) -> _Part | None:
    total = summed(kind, parts)
    assert total is None or isinstance(total, kind)
    return total


def _deliveries_of(counts: CountedDeliveries, activity: RecentDeliveries | None) -> DeliveriesPart:
    done = activity or RecentDeliveries()
    return DeliveriesPart(counts.owed, counts.dead, done.delivered, done.failed, done.failing[:FAILING_MAX])


class _Trouble:
    """What the run ledgers of all members say of namespaces, read only once in a while, as they look at every slot."""

    def __init__(self, ledger: SlotLedger, peers: Peers, clock: Clock) -> None:
        self._ledger, self._peers, self._clock = ledger, peers, clock
        self._known: Mapping[str, SlotTrouble] = {}
        self._until = 0.0

    async def known(self) -> Mapping[str, SlotTrouble]:
        """The late checks, and the missed slots of the last hour."""
        if self._clock.monotonic() >= self._until:
            since = self._clock.now() - HOUR_S
            self._known = summed_trouble([self._ledger.trouble(since), *await self._peers.trouble(since)])
            self._until = self._clock.monotonic() + READ_EVERY_S
        return self._known


class _Health:
    """Whether store and peers are well, asked at most once in a while."""

    def __init__(self, store: Store, peers: Peers, clock: Clock) -> None:
        self._store, self._peers, self._clock = store, peers, clock
        self._healthy, self._until = True, 0.0

    async def healthy(self) -> bool:
        """Whether nothing is wrong."""
        if self._clock.monotonic() >= self._until:
            self._healthy = not await self._store.healthy() and not await self._peers.problems()
            self._until = self._clock.monotonic() + READ_EVERY_S
        return self._healthy
