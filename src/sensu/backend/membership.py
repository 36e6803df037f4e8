"""Which part of the cluster's work belongs to this process, and how it is joined to the other members.

Entities are dealt out to slots (`rules/share.py`), and a slot has one owner at a time: the member that decides, commits
and delivers the events of its entities and that watches their deadlines. Work that is done once for the whole cluster
is a duty, asked for by name. Daemons ask `Ownership`; `composition.py` and `process.py` use the rest of `Membership`.

`Alone` is a backend of one process, which owns everything. The workers of one host are the second implementation
(`workers/membership.py`); members on several hosts will be the third.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

from sensu import systemd
from sensu.backend.activity import Report
from sensu.backend.metrics import Numbered
from sensu.backend.ports import (
    ApiAnswer,
    Application,
    Intake,
    Keepalives,
    LocalIntake,
    LocalKeepalives,
    Peers,
    Subscribers,
)
from sensu.log import fields
from sensu.rules.share import ALL_SLOTS, Slots
from sensu.version import VERSION

log = logging.getLogger("sensu.backend")


class Duty(Enum):
    """Work that one member does for all."""

    SCHEDULE = "publish checks and keep the run ledger"
    TRIM = "drop old entries of the audit log and of histories"
    REGISTER = "store the backend's own namespace and entity, and forget members that are gone"
    SERVE_INIT = "answer sensu-backend init"


Moved = Callable[[Slots], Awaitable[None]]
"""Takes up, or gives up, slots."""


class Ownership(Protocol):
    """Which slots and duties are this member's."""

    @property
    def member(self) -> int:
        """The number of this member."""
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
        """Whether a slot is this member's now."""
        ...

    def owner_of(self, slot: int) -> int:
        """The member that owns a slot."""
        ...

    def on_gain(self, listener: Moved) -> None:
        """Have `listener` awaited with slots that became this member's, before their first event comes."""
        ...

    def on_loss(self, listener: Moved) -> None:
        """Have `listener` awaited with slots that are to go to another member.

        No event of theirs comes any more. When `listener` returns, nothing of them is under way here, and nothing of
        them is remembered.
        """
        ...

    def holds(self, duty: Duty) -> bool:
        """Whether this member does that for all."""
        ...

    def holder_of(self, duty: Duty) -> int:
        """The member that does that for all."""
        ...

    def may_miss_events(self) -> bool:
        """Whether events may not get here because another member is away, or was until a moment ago."""
        ...


class Runs(Protocol):
    """What the run ledger hears from eventd and agentd."""

    def answered(self, namespace: str, check: str, issued: int) -> None:
        """The result of a request is stored."""
        ...

    def departed(self, namespace: str, subscriptions: Iterable[str]) -> None:
        """A session of an agent with these subscriptions has ended."""
        ...


class Membership(Ownership, Protocol):
    """A process as a member: its part of the work, and its daemons joined to those of the other members."""

    def joined_intake(self, events: LocalIntake, keepalives: LocalKeepalives) -> tuple[Intake, Keepalives]:
        """The ways in for events and keepalives of every entity, whichever member owns it."""
        ...

    def joined_subscribers(self, local: Subscribers) -> Subscribers:
        """The agents of all members."""
        ...

    def joined_runs(self, ledger: Runs) -> Runs:
        """The run ledger of the cluster, wherever it is kept; `ledger` is the one of this process."""
        ...

    def subscribed(self, session: int, namespace: str, agent: str, subscriptions: frozenset[str]) -> None:
        """A session of an agent of this member now has these subscriptions; none if it ended."""
        ...

    def peers(
        self,
        numbers: Callable[[], Sequence[Numbered]],
        health: Callable[[], Awaitable[str]],
        activity: Callable[[], Report],
    ) -> Peers:
        """The other members; `numbers`, `health` and `activity` are what they are answered about this one."""
        ...

    async def open(self, stop: Callable[[], None]) -> None:
        """Let other members connect; `stop` is called if this one cannot go on."""
        ...

    async def run(self) -> None:
        """Stay joined until cancelled."""
        ...

    def ready(self) -> None:
        """Report that this process serves."""
        ...

    async def drained(self, within_s: float) -> None:
        """Return when nothing is under way between the members, or after that time."""
        ...


class NoPeers:
    """The other members of a process that is alone."""

    def serve(self, application: Application) -> None:
        """Nobody else asks."""

    async def numbers(self) -> Sequence[Sequence[Numbered]]:
        """No metrics."""
        return ()

    async def activity(self) -> Sequence[Report]:
        """Nothing was done."""
        return ()

    async def problem(self) -> str:
        """Nothing is wrong with them."""
        return ""

    async def ask(self, member: int, scope: Mapping[str, Any], body: bytes) -> ApiAnswer | None:
        """No answer."""
        return None


class Alone:
    """A backend of one process."""

    member = 0
    members: Collection[int] = (0,)
    alone = True
    shares_ports = False
    slots = ALL_SLOTS

    def owns(self, slot: int) -> bool:
        """All slots are its own."""
        return True

    def owner_of(self, slot: int) -> int:
        """Itself."""
        return self.member

    def on_gain(self, listener: Moved) -> None:
        """Its slots never move."""

    def on_loss(self, listener: Moved) -> None:
        """Its slots never move."""

    def holds(self, duty: Duty) -> bool:
        """All duties are its own."""
        return True

    def holder_of(self, duty: Duty) -> int:
        """Itself."""
        return self.member

    def may_miss_events(self) -> bool:
        """Every event comes here."""
        return False

    def joined_intake(self, events: LocalIntake, keepalives: LocalKeepalives) -> tuple[Intake, Keepalives]:
        """Its own."""
        return events, keepalives

    def joined_subscribers(self, local: Subscribers) -> Subscribers:
        """Its own agents."""
        return local

    def joined_runs(self, ledger: Runs) -> Runs:
        """Its own ledger."""
        return ledger

    def subscribed(self, session: int, namespace: str, agent: str, subscriptions: frozenset[str]) -> None:
        """Nobody else has to know."""

    def peers(
        self,
        numbers: Callable[[], Sequence[Numbered]],
        health: Callable[[], Awaitable[str]],
        activity: Callable[[], Report],
    ) -> Peers:
        """None."""
        return NoPeers()

    async def open(self, stop: Callable[[], None]) -> None:
        """Nobody connects."""

    async def run(self) -> None:
        """Nothing to do."""

    def ready(self) -> None:
        """Tell the service manager, and log it."""
        systemd.notify(systemd.READY)
        log.info("backend is running and ready to accept events", extra=fields(version=VERSION))

    async def drained(self, within_s: float) -> None:
        """Nothing is under way."""


ALONE = Alone()
