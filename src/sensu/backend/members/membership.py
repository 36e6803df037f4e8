"""Backends that share a database as members of a cluster; each start of a backend is a member."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TypeGuard

from sensu import systemd
from sensu.backend.activity import MemberActivity
from sensu.backend.listening import ListenerSettings, bound_socket
from sensu.backend.members.barrier import Barrier
from sensu.backend.members.bus import Bus
from sensu.backend.members.connections import DaemonConnections
from sensu.backend.members.database_clock import DatabaseClock
from sensu.backend.members.event_streams import EventStreams, SharedStore
from sensu.backend.members.forwarding import ForwardedKeepalives, Forwarding
from sensu.backend.members.lines import OwnCertificate, TlsLine, own_address, split_address
from sensu.backend.members.messages import ChangesAvailable
from sensu.backend.members.peers import PeerMembers
from sensu.backend.members.seat import OwnSeat
from sensu.backend.membership import Duty, MemberStatus, Moved
from sensu.backend.metrics import Numbered
from sensu.backend.ports import Intake, Keepalives, LocalIntake, LocalKeepalives, Peers, SlotLedger
from sensu.backend.settings import BackendSettings
from sensu.clock import Clock
from sensu.errors import ConfigurationError, StoreError
from sensu.log import fields
from sensu.rules.flow import FlowCounts
from sensu.rules.share import ALL_SLOTS, SLOTS, Slots
from sensu.rules.signs_of_life import is_unreached
from sensu.store.contract import Store
from sensu.store.coordination import Contact, LivingSeat
from sensu.version import VERSION

log = logging.getLogger("sensu.backend")

PORTS_TRIED = 10
"""How many ports from the default one on are tried, so that several backends of a host need no settings."""
HELD_UP_MAX_S = 60.0
"""How long deadlines pause while a member that may have events for this one is away."""
BACK_S = 15.0
"""How long the agents of a member that ended, or was away, may take to reconnect."""
HAND_OVER_MAX_S = 30.0
"""How long handlers of a member that ends may run on; those that still run then are ended, and started elsewhere."""
WELCOME_WITHIN_S = 60.0
"""How long a member waits at its start for the others to accept it, which may be starting too."""
DUTIES_OF_ONE = (Duty.TRIM, Duty.REPLICATE)
"""The duties that only one member has, the owner of the first slot."""


class ClusterMembership(DaemonConnections):
    """Joins a backend with those that share its database (`membership.Membership`)."""

    alone = False
    shares_ports = False

    def __init__(self, store: SharedStore, bus: Bus, certificate: OwnCertificate, clock: Clock) -> None:
        coordination = store.coordination
        super().__init__(coordination.seat, bus)
        self._store, self._certificate = store, certificate
        self._clock = clock = DatabaseClock(clock)
        self._barrier = Barrier(bus, coordination.read_changes)
        self._events = EventStreams(store, bus)
        self._seat = OwnSeat(coordination, clock, self)
        self._forwarding: Forwarding | None = None
        self._accepted: dict[int, bytes] = {}
        self._lines: asyncio.Task[None] | None = None
        self._calm_at = clock.monotonic()
        self._stop: Callable[[], None] = lambda: None
        self.place, self.event_stream = self.member % SLOTS, self.member
        coordination.answer_after(self._barrier.known)
        bus.on(ChangesAvailable, lambda *_: self._seat.look_soon())

    async def begin(self) -> None:
        """Look at the others, and claim the slots that nobody owns; raises StoreError."""
        self._lines = asyncio.get_running_loop().create_task(self._bus.run(), name="lines to members")
        await self._seat.begin()

    def certificate_of(self, member: int) -> bytes | None:
        """What a member must show; nothing is accepted from unknown ones."""
        return self._accepted.get(member, b"")

    # What follows the seat

    def members_changed(self, others: Mapping[int, LivingSeat]) -> None:
        """Connect to members that have come; these are all others now."""
        for member, seat in others.items():
            if member not in self._accepted:
                self._accepted[member] = seat.contact.certificate
                self._certificate.accept(seat.contact.certificate)
                line = TlsLine(seat.contact.url, seat.contact.certificate, self._certificate)
                self._bus.add(member, line, f"the backend {seat.contact.name} (seat {member})")
                log.info("another backend takes part", extra=fields(backend=seat.contact.name, url=seat.contact.url))
        self._barrier.members({member: seat.read_to for member, seat in others.items()})

    async def gone(self, member: int) -> None:
        """A member has ended for good; raises StoreError."""
        if self._forwarding is not None:
            await self._forwarding.gone(member)
        if member in self._bus.peers:
            self._bus.remove(member)
        self._accepted.pop(member, None)
        self._calm_at = self._clock.monotonic() + BACK_S
        log.warning("another backend has ended", extra=fields(seat=member))

    def owners_changed(self) -> None:
        """Slots have other owners, or may have."""
        if self._forwarding is not None:
            self._forwarding.owners_changed()
        if self._runs is not None:
            self._runs.owners_changed()

    def announce(self) -> None:
        """Tell the others that slots have moved, so that they look at once."""
        self._bus.tell_all(ChangesAvailable())

    def unreached(self) -> Collection[int]:
        """The members that were not reached for a while."""
        now = self._clock.monotonic()
        lost = [(peer, now - peer.lost_at) for peer in self._bus.others() if peer.lost_at is not None]
        return [peer.member for peer, lost_for_s in lost if is_unreached(lost_for_s, met=peer.met)]

    def asked_to_leave(self) -> None:
        """Somebody asked this member to end."""
        self._stop()

    def roster(self) -> Sequence[MemberStatus]:
        """All members, in the order in which they joined."""
        seats = self._seat.now
        slots = {number: frozenset(s for s in ALL_SLOTS if self.owner_of(s) == number) for number in seats}
        return [
            MemberStatus(number, one.contact, slots[number], one.owed, one.leaving)
            for number, one in sorted(seats.items())
        ]

    async def remove(self, member: int) -> None:
        """Ask a member to hand its slots over and end; raises StoreError."""
        await self._store.coordination.ask_to_leave(member)

    def peers(
        self,
        numbers: Callable[[], Sequence[Numbered]],
        health: Callable[[], Awaitable[str]],
        activity: Callable[[], MemberActivity],
        flow: Callable[[str, int], Sequence[FlowCounts]],
        ledger: SlotLedger,
    ) -> Peers:
        """The other members; each has metrics of its own."""
        return PeerMembers(self._bus, numbers, health, activity, flow, ledger, adds_up=False)

    # Ownership

    @property
    def members(self) -> Collection[int]:
        """All members."""
        return (self.member, *self._seat.others)

    @property
    def slots(self) -> Slots:
        """The slots of this member."""
        return self._seat.owned

    def owns(self, slot: int) -> bool:
        """Whether this member owns a slot."""
        return slot in self._seat.owned

    def owner_of(self, slot: int) -> int:
        """The member that owns a slot, 0 while nobody does."""
        return self._seat.owner_of(slot)

    def on_gain(self, listener: Moved) -> None:
        """Await `listener` with slots that this member has gained."""
        self._seat.on_gain(listener)

    def on_loss(self, listener: Moved) -> None:
        """Await `listener` with slots that will move to another member."""
        self._seat.on_loss(listener)

    def holds(self, duty: Duty) -> bool:
        """Whether this member owns the first slot; what each member does for itself, all hold."""
        return duty not in DUTIES_OF_ONE or self.owns(0)

    def holder_of(self, duty: Duty) -> int:
        """The owner of the first slot."""
        return self.owner_of(0) if duty in DUTIES_OF_ONE else self.member

    def may_miss_events(self) -> bool:
        """Whether a member is away, has ended, or was away until a moment ago."""
        now = self._clock.monotonic()
        away = (peer.lost_at is not None and now - peer.lost_at < HELD_UP_MAX_S for peer in self._bus.others())
        return now < self._calm_at or any(away)

    @property
    def ahead_s(self) -> float:
        """By how much the clock of the database is ahead of this host's."""
        return self._clock.ahead_s

    def common_clock(self, local: Clock) -> Clock:
        """The clock of the database."""
        return self._clock

    def is_valid(self) -> bool:
        """Whether this member may act now."""
        return not self._store.coordination.problem()

    def _may_publish(self) -> bool:
        return self.is_valid()

    # Connections of the daemons

    def joined_intake(self, events: LocalIntake, keepalives: LocalKeepalives) -> tuple[Intake, Keepalives]:
        """The intake of all members."""
        self._forwarding = Forwarding(self, self._bus, self._store, events, keepalives, self._clock)
        self._forwarding.on_refusal = self._seat.look_soon
        return self._forwarding, ForwardedKeepalives(self._forwarding, keepalives)

    # Life

    async def open(self, stop: Callable[[], None]) -> None:
        """Accept connections of the other members; `stop` is called when this member is asked to leave."""
        self._stop = stop
        await self._bus.open()

    async def run(self) -> None:
        """Stay a member until cancelled; raises StoreError when this process must end."""
        try:
            await self._seat.run()
        finally:
            if self._lines is not None:
                self._lines.cancel()
            self._bus.close()

    async def complete(self) -> None:
        """Return when all other members count this one in, and it knows everything that they have answered."""
        waiting = {member: asyncio.Event() for member in self._bus.peers}
        until = self._clock.monotonic() + WELCOME_WITHIN_S
        while any(member in self._bus.peers and not self._bus.peers[member].present for member in waiting):
            if self._clock.monotonic() > until:
                raise StoreError("the other backends do not accept this one: do they reach its --member-url?")
            await self._clock.sleep(0.05)
        await self._store.coordination.beat(self.unreached())

    def ready(self) -> None:
        """Notify the service manager, and log it."""
        systemd.notify(systemd.READY)
        log.info("backend is running and ready to accept events", extra=fields(version=VERSION))

    async def drained(self, within_s: float) -> None:
        """Return when nothing is in transit to other members, or after that time, and the slots are theirs."""
        for peer in self._bus.others():
            peer.ending = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                if self._forwarding is not None:
                    await self._forwarding.arrived()
        try:
            async with asyncio.timeout(HAND_OVER_MAX_S):
                await self._seat.hand_over()
        except (TimeoutError, StoreError) as err:
            log.warning("not all slots were handed over", extra=fields(left=len(self.slots), reason=str(err) or "late"))


def _listener(settings: BackendSettings) -> socket.socket:
    """Where other members connect; of the default ports, the first one that is free."""
    host, port = split_address(settings.member_listen_address)
    is_default = settings.member_listen_address == BackendSettings.member_listen_address
    for tried in range(port, port + (PORTS_TRIED if is_default else 1)):
        try:
            listener = bound_socket(ListenerSettings(host or "::", tried), "members")
        except ConfigurationError:
            if tried == port + PORTS_TRIED - 1 or not is_default:
                raise
        else:
            listener.setblocking(False)
            return listener
    raise AssertionError("unreachable")


def is_shared(store: Store) -> TypeGuard[SharedStore]:
    """Whether several backends can use a store."""
    return hasattr(store, "coordination")


async def joined(settings: BackendSettings, store: SharedStore, clock: Clock) -> ClusterMembership:
    """Join those that share the store; raises SensuError."""
    listener, certificate, coordination = _listener(settings), OwnCertificate(), store.coordination
    await coordination.fence_ended()
    url = settings.member_url or own_address(listener, coordination.own_host)
    bus = Bus(coordination.seat, {}, listener, clock, certificate.server, lambda member: found.certificate_of(member))
    found = ClusterMembership(store, bus, certificate, clock)
    await coordination.join(Contact(settings.node_name, url, certificate.der, settings.api_url))
    await found.begin()
    return found
