"""The workers of one host as members: their slots are fixed, and the first one holds all duties."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence

from sensu.backend.members.bus import Bus, Peer, SendReply
from sensu.backend.members.connections import DaemonConnections
from sensu.backend.members.forwarding import ForwardedKeepalives, Forwarding
from sensu.backend.members.messages import ChangesAvailable
from sensu.backend.membership import Duty, MemberStatus, Moved
from sensu.backend.ports import Intake, Keepalives, LocalIntake, LocalKeepalives
from sensu.backend.workers.context import WorkerContext
from sensu.backend.workers.control import Control
from sensu.clock import Clock
from sensu.store.contract import Store

FIRST = 0
"""The worker that holds the duties."""
REFRESH_S = 1.0
"""How often to read the commits of other workers, in case their message was lost."""
HELD_UP_MAX_S = 60.0
"""How long deadlines pause while a worker that may have events for this one is away."""
BACK_S = 5.0
"""How long the agents of a worker that was away may take to reconnect."""


class WorkerMembership(DaemonConnections):
    """Joins a worker with the others (`membership.Membership`); `run` keeps it joined."""

    alone = False
    shares_ports = True
    ahead_s = 0.0
    event_stream = 0

    def __init__(self, context: WorkerContext, store: Store, clock: Clock) -> None:
        super().__init__(context.share.member, Bus(context.share.member, context.lines, context.listener, clock))
        self._share, self.slots = context.share, context.share.slots
        self.place = self.member
        self.members: Collection[int] = range(context.share.members)
        self._store, self._clock = store, clock
        self._control = Control(context.control)
        self._forwarding: Forwarding | None = None
        self._changes_available = asyncio.Event()
        self._back_at: dict[int, float] = {}
        self._bus.on(ChangesAvailable, self._note_changes)
        self._bus.on_coming(lambda peer: peer.tell_presence(lambda present: self._note(peer, present)))

    def owns(self, slot: int) -> bool:
        """Whether a slot is in the share of this worker."""
        return self._share.owns(slot)

    def owner_of(self, slot: int) -> int:
        """The worker whose share a slot is in."""
        return self._share.owner_of(slot)

    def common_clock(self, local: Clock) -> Clock:
        """All workers run on one host."""
        return local

    def on_gain(self, listener: Moved) -> None:
        """Slots do not move while the workers run."""

    def on_loss(self, listener: Moved) -> None:
        """Slots do not move while the workers run."""

    def holds(self, duty: Duty) -> bool:
        """Whether this is the first worker."""
        return self.member == self.holder_of(duty)

    def holder_of(self, duty: Duty) -> int:
        """The first worker."""
        return FIRST

    def may_miss_events(self) -> bool:
        """Whether another worker is away, or returned only a moment ago."""
        now = self._clock.monotonic()
        return any(
            (peer.lost_at is not None and now - peer.lost_at < HELD_UP_MAX_S)
            or now - self._back_at.get(peer.member, now - BACK_S) < BACK_S
            for peer in self._bus.peers.values()
        )

    def announce(self) -> None:
        """Notify the other workers of a commit."""
        self._bus.tell_all(ChangesAvailable())

    def _note_changes(self, member: int, message: ChangesAvailable, answer: SendReply) -> None:
        self._changes_available.set()

    async def _read_changes_forever(self) -> None:
        while True:
            await self._changes_available.wait()
            self._changes_available.clear()
            await self._store.feed.caught_up()

    def joined_intake(self, events: LocalIntake, keepalives: LocalKeepalives) -> tuple[Intake, Keepalives]:
        """The intake of all workers."""
        self._forwarding = Forwarding(self, self._bus, self._store, events, keepalives, self._clock)
        return self._forwarding, ForwardedKeepalives(self._forwarding, keepalives)

    def _note(self, peer: Peer, present: bool) -> None:
        if present:
            self._back_at[peer.member] = self._clock.monotonic()

    def roster(self) -> Sequence[MemberStatus]:
        """None: the workers are one backend."""
        return ()

    def is_valid(self) -> bool:
        """True: the others do not take it for dead."""
        return True

    async def remove(self, member: int) -> None:
        """There are no others."""

    def ready(self) -> None:
        """Tell the supervisor, which reports the backend ready when all workers are."""
        self._control.ready()

    async def open(self, stop: Callable[[], None]) -> None:
        """Accept connections of the other workers; `stop` is called when the supervisor is gone."""
        self._control.open(stop)
        await self._bus.open()

    async def run(self) -> None:
        """Stay joined until cancelled; raises StoreError if this worker missed so much that it must be restarted."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._bus.run())
            group.create_task(self._read_changes_forever())
            while True:
                await self._clock.sleep(REFRESH_S)
                self._changes_available.set()
                self._control.alive()

    async def complete(self) -> None:
        """All workers read the same log of changes, so that nobody has to wait."""

    async def drained(self, within_s: float) -> None:
        """Return when nothing is under way between workers, or after twice that time."""
        for peer in self._bus.peers.values():
            peer.ending = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                if self._forwarding is not None:
                    await self._forwarding.arrived()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._control.drained()


async def joined(context: WorkerContext, store: Store, clock: Clock) -> WorkerMembership:
    """A worker as a member of the backend; the others hear of its commits."""
    members = WorkerMembership(context, store, clock)
    store.feed.announce_with(members.announce)
    return members
