"""A worker's ties to the other workers of its backend."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from sensu.backend.members.agents import AgentsOfAll
from sensu.backend.members.bus import Answer, Bus, Peer
from sensu.backend.members.forwarding import Forwarding, LocalIntake, LocalKeepalives
from sensu.backend.members.messages import Answered, Departed, Look
from sensu.backend.schedulerd.ledger import RunLedger
from sensu.backend.seams import Subscribers
from sensu.backend.workers.context import WorkerContext
from sensu.backend.workers.control import Control
from sensu.clock import Clock
from sensu.store.contract import Store

REFRESH_S = 1.0
"""How often to look for what others wrote, should they not have said so."""
HELD_UP_MAX_S = 60.0
"""Silence is not held against anybody while a worker is away, which others' events may be with; but not for ever."""
BACK_S = 5.0
"""How long the agents of a worker that was away may need to be heard again."""


class Membership:
    """Joins a worker with the others; `run` keeps it joined."""

    def __init__(self, context: WorkerContext, store: Store, clock: Clock) -> None:
        self.share = context.share
        self._store, self._clock = store, clock
        self.bus = Bus(context.share.member, context.peers, context.listener, clock)
        self.control = Control(context.control)
        self.forwarding: Forwarding | None = None
        self.agents: AgentsOfAll | None = None
        self._back_at: dict[int, float] = {}
        self.bus.on(Look, self._look)
        for peer in self.bus.peers.values():
            peer.tell_presence(lambda present, peer=peer: self._note(peer, present))  # type: ignore[misc]

    @property
    def schedules(self) -> bool:
        """Whether this worker does what one of them does for all."""
        return self.share.member == 0

    def announce(self) -> None:
        """Have the others hear of what was committed."""
        self.bus.tell_all(Look())

    def _look(self, member: int, message: Look, answer: Answer) -> None:
        self._store.refresh()

    def forwards(self, local: LocalIntake, keepalives: LocalKeepalives) -> Forwarding:
        """The intake of all workers."""
        self.forwarding = Forwarding(self.share, self.bus, self._store, local, keepalives, self._clock)
        return self.forwarding

    def unites(self, local: Subscribers) -> AgentsOfAll:
        """The agents of all workers."""
        self.agents = AgentsOfAll(self.bus, local)
        return self.agents

    def subscribed(self, session: int, namespace: str, agent: str, subscriptions: frozenset[str]) -> None:
        """A session of an agent of this worker has these subscriptions now; none where it has ended."""
        if self.agents is not None:
            self.agents.changed(session, namespace, agent, subscriptions)

    def keeps(self, ledger: RunLedger) -> "RunLedger | LedgerElsewhere":
        """The run ledger, at the worker that schedules."""
        if not self.schedules:
            return LedgerElsewhere(self.bus.peers[0])
        self.bus.on(Answered, lambda _, told, __: ledger.answered(told.namespace, told.check, told.issued))
        self.bus.on(Departed, lambda _, told, __: ledger.departed(told.namespace, told.subscriptions))
        return ledger

    def held_up(self) -> bool:
        """Whether events may not get here because another worker is away, or was until a moment ago."""
        now = self._clock.monotonic()
        return any(
            (peer.lost_at is not None and now - peer.lost_at < HELD_UP_MAX_S)
            or now - self._back_at.get(peer.member, now - BACK_S) < BACK_S
            for peer in self.bus.peers.values()
        )

    def _note(self, peer: Peer, present: bool) -> None:
        if present:
            self._back_at[peer.member] = self._clock.monotonic()

    async def open(self, orphaned: Callable[[], None]) -> None:
        """Let the others in; `orphaned` is called when the supervisor is gone."""
        self.control.open(orphaned)
        await self.bus.open()

    async def run(self) -> None:
        """Stay joined until cancelled; raises StoreError where this worker missed so much that it must start anew."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.bus.run())
            while True:
                await self._clock.sleep(REFRESH_S)
                self._store.refresh()
                self.control.alive()

    async def drained(self, within_s: float) -> None:
        """Return when nothing is under way between workers any more, or after so long."""
        for peer in self.bus.peers.values():
            peer.ending = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                if self.forwarding is not None:
                    await self.forwarding.arrived()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self.control.drained()


class LedgerElsewhere:
    """What this worker has for the run ledger of the one that schedules."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def answered(self, namespace: str, check: str, issued: int) -> None:
        """The result of a request came in and is stored."""
        self._peer.tell(Answered(namespace, check, issued))

    def departed(self, namespace: str, subscriptions: Iterable[str]) -> None:
        """A session of an agent with these subscriptions has ended."""
        self._peer.tell(Departed(namespace, tuple(subscriptions)))
