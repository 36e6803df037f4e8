"""Many agents at a backend's ports under virtual time: they come and go, send keepalives and answer requests."""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from sensu.backend.ports import EventOutcome, EventStored, IncomingEvent
from sensu.resources.check import Check
from sensu.resources.check_request import CheckRequest
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.testing.factories import make_entity, make_event, make_keepalive
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.world import World

KEEPALIVE_EVERY_S = 900
KEEPALIVE_TIMEOUT_S = 2700
RECONNECT_S = 60
ANSWERS_WITHIN_S = 20
TRY_AGAIN_S = 1
STEP_S = 10
"""What agents do happens at multiples of this."""
FAILS = 0.01
HANDLER = "pager"

Result = tuple[str, str, int]
"""Agent, check and time of a result."""


class Agent:
    """One agent; `epoch` counts its connections, `unsent` are answers that wait for one."""

    def __init__(self, number: int) -> None:
        self.name = f"agent{number:04d}"
        self.subscriptions = ["all", f"group{number % 10}", f"entity:{self.name}"]
        self.entity = make_entity(self.name, subscriptions=self.subscriptions[:2])
        self.connected = False
        self.lost = False
        self.epoch = 0
        self.unsent: list[Event] = []
        self.absences: list[tuple[float, float]] = []
        self.beats: list[float] = []


class Fleet:
    """The agents of a day, and what is true of them; fulfils `Subscribers`."""

    def __init__(self, clock: VirtualClock, count: int, seed: int) -> None:
        self.clock = clock
        self.random = random.Random(seed)
        self.agents_by_name = {agent.name: agent for agent in map(Agent, range(count))}
        self.world: World | None = None
        self.stored: Counter[Result] = Counter()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._connected: dict[str, set[str]] = {}

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something in so many seconds, at the next step."""
        step = int((self.clock.now() + seconds) // STEP_S) + 1
        heapq.heappush(self._agenda, (step, next(self._order), action))

    async def live(self) -> None:
        """Do what is due, for ever."""
        while True:
            step = round(self.clock.now() / STEP_S)
            while self._agenda and self._agenda[0][0] <= step:
                heapq.heappop(self._agenda)[2]()
            await self.clock.sleep((step + 1) * STEP_S - self.clock.now())

    def backend_up(self, world: World) -> None:
        self.world = world
        for agent in self.agents_by_name.values():
            if not agent.lost:
                self.at(self.random.uniform(0, RECONNECT_S), partial(self._connect, agent, agent.epoch))

    def backend_down(self) -> None:
        self.world = None
        for agent in self.agents_by_name.values():
            self._disconnect(agent)

    def lose(self, agent: Agent, for_s: float, crash: bool) -> None:
        """The agent is away; after a crash it does not know what it had still to send."""
        if agent.lost:
            return
        agent.lost = True
        left_at = self.clock.now()
        if agent.connected and self.world is not None:
            self.world.ledger.departed("default", agent.subscriptions)
        self._disconnect(agent)
        if crash:
            agent.unsent.clear()
        self.at(for_s, partial(self._return, agent, left_at))

    def _return(self, agent: Agent, left_at: float) -> None:
        agent.lost = False
        agent.absences.append((left_at, self.clock.now()))
        if self.world is not None:
            self._connect(agent, agent.epoch)

    def _connect(self, agent: Agent, epoch: int) -> None:
        if agent.lost or agent.connected or agent.epoch != epoch or self.world is None:
            return
        agent.connected = True
        for subscription in agent.subscriptions:
            self._connected.setdefault(subscription, set()).add(agent.name)
        self._beat(agent, agent.epoch)
        unsent, agent.unsent = agent.unsent, []
        for event in unsent:
            self._send(agent, event)

    def _disconnect(self, agent: Agent) -> None:
        agent.connected = False
        agent.epoch += 1
        for subscription in agent.subscriptions:
            self._connected.get(subscription, set()).discard(agent.name)

    def _beat(self, agent: Agent, epoch: int) -> None:
        if agent.epoch != epoch or self.world is None:
            return
        beat = make_keepalive(agent.entity, timestamp=int(self.clock.now()), timeout=KEEPALIVE_TIMEOUT_S)
        taken = self.world.keepalived.offer(beat)
        if taken:
            agent.beats.append(self.clock.now())
        self.at(KEEPALIVE_EVERY_S if taken else TRY_AGAIN_S, partial(self._beat, agent, epoch))

    def publish(self, namespace: str, subscription: str, request: CheckRequest) -> int:
        names = self.agents(namespace, subscription)
        for name in names:
            agent = self.agents_by_name[name]
            answer = partial(self._answer, agent, agent.epoch, request)
            self.at(self.random.uniform(0, ANSWERS_WITHIN_S), answer)
        return len(names)

    def agents(self, namespace: str, subscription: str) -> Sequence[str]:
        return sorted(self._connected.get(subscription, ()))

    def anyone(self, subscriptions: Sequence[str], at: float) -> bool:
        """Whether any agent of the subscriptions was not away at a time."""
        return any(
            not any(left <= at <= back + 1 for left, back in agent.absences)
            for agent in self.agents_by_name.values()
            if not set(agent.subscriptions).isdisjoint(subscriptions)
        )

    def sessions(self, namespace: str, subscription: str) -> int:
        return len(self.agents(namespace, subscription))

    def connected(self, namespace: str) -> int:
        return len({name for names in self._connected.values() for name in names})

    def disconnect(self, namespace: str, agent: str) -> None:
        self._disconnect(self.agents_by_name[agent])

    def _answer(self, agent: Agent, epoch: int, request: CheckRequest) -> None:
        """A lost agent runs nothing; one that is without a backend has the result still to send."""
        config = request.config
        assert config is not None
        if agent.lost or (agent.epoch != epoch and self.world is not None and not agent.connected):
            return
        status = 2 if self.random.random() < FAILS else 0
        check = Check(
            metadata=ObjectMeta(name=config.metadata.name, namespace="default"),
            interval=config.interval,
            issued=request.issued,
            executed=int(self.clock.now()),
            status=status,
            handlers=(HANDLER,) if status else (),
        )
        event = make_event(agent.entity, check, id=f"{agent.name} {config.metadata.name} {request.issued}")
        self._send(agent, event)

    def _send(self, agent: Agent, event: Event) -> None:
        if not agent.connected or self.world is None:
            agent.unsent.append(event)
        elif not self.world.eventd.offer(IncomingEvent(event), partial(self._confirm, agent, event)):
            self.at(TRY_AGAIN_S, partial(self._send, agent, event))

    def _confirm(self, agent: Agent, event: Event, outcome: EventOutcome) -> None:
        check = event.check
        assert check is not None
        if not isinstance(outcome, EventStored):
            agent.unsent.append(event)
        elif check.status:
            self.stored[agent.name, check.metadata.name, check.executed] += 1
