"""The share of the cluster's work that this process owns, and its connection to the other members.

Entities are distributed over slots (`rules/share.py`). Each slot has one owner at a time: the member that decides,
commits and delivers the events of its entities and tracks their deadlines. Work that is done once for the whole cluster
is a duty, identified by name. Daemons use `Ownership`; `composition.py` and `process.py` use the rest of `Membership`.

`Alone` is a backend of one process, which owns everything. The workers of one host are the second implementation
(`workers/membership.py`), backends that share a database are the third (`members/membership.py`).
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from sensu import systemd
from sensu.backend.activity import MemberActivity
from sensu.backend.metrics import Numbered
from sensu.backend.ports import (
    ApiAnswer,
    Application,
    Intake,
    Keepalives,
    LocalIntake,
    LocalKeepalives,
    Peers,
    Selections,
    SlotLedger,
    Subscribers,
)
from sensu.clock import Clock
from sensu.log import fields
from sensu.rules.flow import FlowCounts
from sensu.rules.run_ledger import LastRun, SlotTrouble
from sensu.rules.share import ALL_SLOTS, Slots
from sensu.store.coordination import Contact
from sensu.store.values import DeliveriesSize
from sensu.version import VERSION

log = logging.getLogger("sensu.backend")


class Duty(Enum):
    """Work that one member does for the whole cluster."""

    TRIM = "drop old entries of the audit log and of histories"
    REGISTER = "store the backend's own namespace and entity"
    REPLICATE = "run the replicators"
    SERVE_INIT = "answer sensu-backend init"


Moved = Callable[[Slots], Awaitable[None]]
"""Called with slots that were gained or lost."""


class Ownership(Protocol):
    """The slots and duties of this member."""

    @property
    def member(self) -> int:
        """The number of this member."""
        ...

    @property
    def place(self) -> int:
        """The number below `SLOTS` under which this member keeps what only it stores."""
        ...

    @property
    def event_stream(self) -> int:
        """What distinguishes the ids of events that are watched here from those of others; 0 if all count alike."""
        ...

    @property
    def ahead_s(self) -> float:
        """By how much the common clock of all members is ahead of this host's."""
        ...

    @property
    def members(self) -> Collection[int]:
        """The numbers of all members."""
        ...

    @property
    def alone(self) -> bool:
        """Whether no other process writes to the store, takes agents or serves the API."""
        ...

    @property
    def shares_ports(self) -> bool:
        """Whether other members listen on the same ports of this host."""
        ...

    @property
    def slots(self) -> Slots:
        """The slots that this member owns now."""
        ...

    def owns(self, slot: int) -> bool:
        """Whether this member owns a slot now."""
        ...

    def owner_of(self, slot: int) -> int:
        """The member that owns a slot."""
        ...

    def on_gain(self, listener: Moved) -> None:
        """Await `listener` with slots that this member has gained, before their first event arrives."""
        ...

    def on_loss(self, listener: Moved) -> None:
        """Await `listener` with slots that will move to another member.

        No more events for them arrive. When `listener` returns, no work for them is in progress here, and nothing
        about them is kept in memory.
        """
        ...

    def holds(self, duty: Duty) -> bool:
        """Whether this member holds a duty."""
        ...

    def holder_of(self, duty: Duty) -> int:
        """The member that holds a duty."""
        ...

    def may_miss_events(self) -> bool:
        """Whether events may be missing because another member is disconnected, or was until a moment ago."""
        ...


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """A backend that shares its database with others, as one of them knows it."""

    number: int
    contact: Contact
    slots: Slots
    owed: DeliveriesSize
    """The pending deliveries of its slots."""
    leaving: bool
    """Whether it was asked to end."""


class Runs(Protocol):
    """The notifications from eventd and agentd to the run ledger."""

    def answered(self, namespace: str, check: str, issued: int) -> None:
        """The result of a request is stored."""
        ...

    def departed(self, namespace: str, subscriptions: Iterable[str]) -> None:
        """A session of an agent with these subscriptions has ended."""
        ...


class Membership(Ownership, Protocol):
    """A process as a member: its share of the work, and the connections of its daemons to those of other members."""

    def common_clock(self, local: Clock) -> Clock:
        """The clock that all members share, by which everything happens; `local` is that of this host."""
        ...

    def joined_intake(self, events: LocalIntake, keepalives: LocalKeepalives) -> tuple[Intake, Keepalives]:
        """The intakes for events and keepalives of all entities, whichever member owns them."""
        ...

    def joined_subscribers(self, local: Subscribers) -> Subscribers:
        """The agents of all members."""
        ...

    def joined_runs(self, ledger: Runs) -> Runs:
        """The run ledgers of all members, each of which has the checks that it schedules; `ledger` is this one's."""
        ...

    def joined_selections(self, local: Selections) -> Selections:
        """The events of all members that service components select; `local` finds those of this member."""
        ...

    def subscribed(self, session: int, namespace: str, agent: str, subscriptions: frozenset[str]) -> None:
        """A session of an agent of this member now has these subscriptions; none if it ended."""
        ...

    def peers(
        self,
        numbers: Callable[[], Sequence[Numbered]],
        health: Callable[[], Awaitable[str]],
        activity: Callable[[], MemberActivity],
        flow: Callable[[str, int], Sequence[FlowCounts]],
        ledger: SlotLedger,
    ) -> Peers:
        """The other members; the functions and `ledger` answer their requests about this one."""
        ...

    def roster(self) -> Sequence[MemberStatus]:
        """The backends that share the database; none if it cannot be shared."""
        ...

    def is_valid(self) -> bool:
        """Whether this member may act now: no other one can have taken it for dead."""
        ...

    async def remove(self, member: int) -> None:
        """Ask one of them to hand its slots over and end; raises StoreError."""
        ...

    async def open(self, stop: Callable[[], None]) -> None:
        """Accept connections from other members; `stop` is called if this member cannot continue."""
        ...

    async def run(self) -> None:
        """Stay connected until cancelled."""
        ...

    async def complete(self) -> None:
        """Return when the other members count this one in, so that it may serve; raises StoreError."""
        ...

    def ready(self) -> None:
        """Report that this process is ready."""
        ...

    async def drained(self, within_s: float) -> None:
        """Return when nothing is in transit between the members, or after that time."""
        ...


class NoPeers:
    """The (empty) set of other members of a process that is alone."""

    def serve(self, application: Application) -> None:
        """No other member sends requests."""

    async def numbers(self) -> Sequence[Sequence[Numbered]]:
        """No metrics."""
        return ()

    async def activity(self) -> Sequence[MemberActivity]:
        """Nothing was done."""
        return ()

    async def flow(self, namespace: str, minutes: int) -> Sequence[FlowCounts]:
        """Nothing went through workflows."""
        return ()

    async def trouble(self, since: float) -> Sequence[Mapping[str, SlotTrouble]]:
        """No check is late."""
        return ()

    async def last_runs(self, namespace: str) -> Sequence[Mapping[str, LastRun]]:
        """No checks."""
        return ()

    async def problems(self) -> Mapping[int, str]:
        """None."""
        return {}

    async def ask(self, member: int, scope: Mapping[str, Any], body: bytes) -> ApiAnswer | None:
        """No member can answer."""
        return None


class Alone:
    """A backend of one process."""

    member = place = event_stream = 0
    members: Collection[int] = (0,)
    ahead_s = 0.0
    alone = True
    shares_ports = False
    slots = ALL_SLOTS

    def owns(self, slot: int) -> bool:
        """It owns all slots."""
        return True

    def owner_of(self, slot: int) -> int:
        """Itself."""
        return self.member

    def on_gain(self, listener: Moved) -> None:
        """Slots never move."""

    def on_loss(self, listener: Moved) -> None:
        """Slots never move."""

    def holds(self, duty: Duty) -> bool:
        """It holds all duties."""
        return True

    def holder_of(self, duty: Duty) -> int:
        """Itself."""
        return self.member

    def may_miss_events(self) -> bool:
        """False: every event arrives here."""
        return False

    def common_clock(self, local: Clock) -> Clock:
        """That of this host."""
        return local

    def joined_intake(self, events: LocalIntake, keepalives: LocalKeepalives) -> tuple[Intake, Keepalives]:
        """Its own intakes."""
        return events, keepalives

    def joined_subscribers(self, local: Subscribers) -> Subscribers:
        """Its own agents."""
        return local

    def joined_runs(self, ledger: Runs) -> Runs:
        """Its own ledger."""
        return ledger

    def joined_selections(self, local: Selections) -> Selections:
        """Its own events."""
        return local

    def subscribed(self, session: int, namespace: str, agent: str, subscriptions: frozenset[str]) -> None:
        """No other member needs to know."""

    def peers(
        self,
        numbers: Callable[[], Sequence[Numbered]],
        health: Callable[[], Awaitable[str]],
        activity: Callable[[], MemberActivity],
        flow: Callable[[str, int], Sequence[FlowCounts]],
        ledger: SlotLedger,
    ) -> Peers:
        """None."""
        return NoPeers()

    def roster(self) -> Sequence[MemberStatus]:
        """None."""
        return ()

    def is_valid(self) -> bool:
        """True."""
        return True

    async def remove(self, member: int) -> None:
        """There are no others."""

    async def open(self, stop: Callable[[], None]) -> None:
        """No other member connects."""

    async def run(self) -> None:
        """Nothing to do."""

    async def complete(self) -> None:
        """No other member has to know."""

    def ready(self) -> None:
        """Notify the service manager, and log it."""
        systemd.notify(systemd.READY)
        log.info("backend is running and ready to accept events", extra=fields(version=VERSION))

    async def drained(self, within_s: float) -> None:
        """Nothing is in transit."""


ALONE = Alone()
