"""A backend's heart in one process for flow tests: the real store and daemons, virtual time, fakes at the ports."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from sensu.backend.basics import Basics
from sensu.backend.composition import Core, CoreCounters
from sensu.backend.eventd.counters import Took
from sensu.backend.metrics import BackendMetrics
from sensu.backend.ports import EventOutcome, IncomingEvent, Subscribers
from sensu.backend.schedulerd.ledger import SLOTS_MAX
from sensu.backend.secrets.cache import SecretCache
from sensu.backend.secrets.failures import ProviderFailures
from sensu.backend.secrets.provider import SecretProvider
from sensu.backend.secrets.resolver import Secrets
from sensu.backend.settings import BackendSettings
from sensu.backend.stored_entities import entity_key
from sensu.backend.stored_form import delete, put
from sensu.resources.check_request import CheckRequest
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.kinds import ASSET, CHECK, ENTITY, HANDLER, HOOK, NAMESPACE, SECRET, SILENCED, Kind
from sensu.resources.namespace import Namespace
from sensu.resources.wire import decode
from sensu.rules.run_ledger import SlotOutcome, Why
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import Committed, EventKey, PutEvent
from sensu.testing.factories import make_entity
from sensu.testing.virtual_clock import VirtualClock, let_others_run
from tests.flows.moving_slots import MovingSlots
from tests.stores import reads_done, store_in, writes_done

START = 1_700_000_000
SYSTEM = "sensu-system"


class FakeCounters:
    """Remembers what was counted."""

    def __init__(self) -> None:
        self.processed_events: Counter[tuple[str, str]] = Counter()
        self.keepalives: Counter[str] = Counter()
        self.published: Counter[str] = Counter()
        self.slots_missed = 0
        self.events_held_back = 0
        self.proxies_made = 0
        self.metric_points = 0
        self.stored_events: Counter[str] = Counter()
        self.slots_ended: Counter[tuple[str, str]] = Counter()

    def processed(self, kind: str, status: str, events: int) -> None:
        self.processed_events[kind, status] += events

    def held_back(self) -> None:
        self.events_held_back += 1

    def group(self, events: dict[str, int], proxies: int, took: Took, *, well: bool) -> None:
        self.proxies_made += proxies

    def stored(self, kind: str, write: PutEvent) -> None:
        self.stored_events[kind] += 1

    def points(self, points: int) -> None:
        self.metric_points += points

    def keepalive(self, status: str) -> None:
        self.keepalives[status] += 1

    def requests(self, kind: str, sent: int) -> None:
        self.published[kind] += 1

    def missed(self, slots: int) -> None:
        self.slots_missed += slots

    def slots(self, outcome: SlotOutcome, why: Why, number: int) -> None:
        self.slots_ended[outcome.value, why.value] += number


class FakeSubscribers:
    """Agents that are connected; remembers what each was asked, in order."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._agents: dict[tuple[str, str], set[str]] = {}
        self.requests: list[tuple[float, str, CheckRequest]] = []

    def connect(self, agent: str, *subscriptions: str, namespace: str = "default") -> None:
        for subscription in (*subscriptions, f"entity:{agent}"):
            self._agents.setdefault((namespace, subscription), set()).add(agent)

    def leave(self, agent: str) -> None:
        for agents in self._agents.values():
            agents.discard(agent)

    def publish(self, namespace: str, subscription: str, request: CheckRequest) -> int:
        agents = self.agents(namespace, subscription)
        self.requests.extend((self._clock.now() - START, agent, request) for agent in agents)
        return len(agents)

    def agents(self, namespace: str, subscription: str) -> Sequence[str]:
        return sorted(self._agents.get((namespace, subscription), ()))

    def sessions(self, namespace: str, subscription: str) -> int:
        return len(self.agents(namespace, subscription))

    def connected(self, namespace: str) -> int:
        return len({name for (place, _), names in self._agents.items() if place == namespace for name in names})

    def disconnect(self, namespace: str, agent: str) -> None:
        self.leave(agent)

    def asked(self, agent: str) -> list[str]:
        """What an agent was asked to run: the check, and on behalf of whom."""
        return [what(request) for _, name, request in self.requests if name == agent]


def what(request: CheckRequest) -> str:
    assert request.config
    entity = request.config.proxy_entity_name
    return request.config.metadata.name + (f" for {entity}" if entity else "")


async def settled(store: Store) -> None:
    """Return when what is under way in the tasks of this loop is committed or refused, and its followers know it."""
    for _ in range(3):
        await let_others_run()
        await reads_done(store)
        await writes_done(store)


class World:
    """What a flow test says and sees; the fixture `world` is one that runs."""

    folder = Path()
    owed_max = 1_000_000
    slots_max = SLOTS_MAX
    keeps_results = True

    def __init__(self, store: Store, clock: VirtualClock, counters: FakeCounters) -> None:
        self.store = store
        self.clock = clock
        self.counters = counters
        self.wakes = 0
        self.membership = MovingSlots()
        self.cache = ResourceCache(store)
        self.secret_providers: dict[str, SecretProvider] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    @asynccontextmanager
    async def running(
        cls, folder: Path, *, owed_max: int = owed_max, keeps_results: bool = keeps_results
    ) -> AsyncIterator["World"]:
        """A world that runs on a database in the folder, and is stopped on leaving."""
        world = cls(store_in(folder), VirtualClock(float(START)), FakeCounters())
        world.folder, world.owed_max, world.keeps_results = folder, owed_max, keeps_results
        await world._open()
        try:
            yield world
        finally:
            await world._close()

    async def restart(self, down_s: float = 0.0) -> None:
        """The backend stops, is down for some seconds and starts again: its memory, counters and agents are new."""
        await self._close()
        clock = VirtualClock(self.clock.now() + down_s)
        World.__init__(self, store_in(self.folder), clock, FakeCounters())
        await self._open()

    async def _open(self) -> None:
        await self.store.open()
        await self.store.commit([put(NAMESPACE, Namespace(name="default"))])
        self.clock.settle_with(self.settled)
        await self.start()

    async def _close(self) -> None:
        await self.stop()
        await self.store.close()

    async def start(self) -> None:
        await self.cache.load([NAMESPACE, SILENCED, ENTITY, CHECK, HOOK, HANDLER, ASSET, SECRET])
        settings = BackendSettings(
            deliveries_owed_max=self.owed_max,
            deliveries_bytes_max=1_000_000_000,
            history_retention=86_400.0 if self.keeps_results else 0.0,
        )
        basics = Basics(self.store, self.cache, self.clock, settings, BackendMetrics(CollectorRegistry()))
        counters = CoreCounters(self.counters, self.counters, self.counters, self.counters)
        self._core = Core(basics, counters, self._wake, membership=self.membership, slots_max=self.slots_max)
        self._core.open()
        self.ledger, self.eventd, self.keepalived = self._core.ledger, self._core.events, self._core.keepalives
        self.agents = FakeSubscribers(self.clock)
        failures = ProviderFailures(self.store, make_entity("backend1", namespace=SYSTEM), self.clock)
        failures.report_to(self.eventd)
        self.secrets = Secrets(self.cache, SecretCache(self.clock), lambda: self.secret_providers, failures.note)
        self.schedulerd = self._core.schedule(self.secrets, self.subscribers())
        await self.eventd.prepare()
        self._tasks = [asyncio.create_task(self.eventd.run()), asyncio.create_task(self.schedulerd.run())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._core.close()
        self.cache.close()

    async def settled(self) -> None:
        """Return when all that is under way is committed and told."""
        await settled(self.store)

    def subscribers(self) -> Subscribers:
        """Who is asked to run checks."""
        return self.agents

    def _wake(self) -> None:
        self.wakes += 1

    async def configure(self, kind: Kind, *resources: Any) -> None:
        result = await self.store.commit([put(kind, resource) for resource in resources])
        assert isinstance(result, Committed)

    async def drop(self, kind: Kind, name: str, namespace: str = "default") -> None:
        assert isinstance(await self.store.commit([delete(kind, namespace, name)]), Committed)

    async def report(self, *events: Event) -> list[EventOutcome]:
        """Events come in one after the other."""
        return [await self.eventd.post(IncomingEvent(event)) for event in events]

    async def keepalive(self, event: Event) -> None:
        assert self.keepalived.offer(event)
        await self.settled()

    async def event(self, entity: str, check: str, namespace: str = "default") -> Event | None:
        stored = await self.store.get_event(EventKey(namespace, entity, check))
        return None if stored is None else decode(Event, stored.body)

    async def entity(self, name: str, namespace: str = "default") -> Entity | None:
        stored = await self.store.get(entity_key(namespace, name))
        return None if stored is None else decode(Entity, stored.body)

    async def owed(self) -> list[Event]:
        """What handlers are owed, in order."""
        return [decode(Event, delivery.event) for delivery in await self.store.deliveries_owed(10_000)]

    async def owed_statuses(self) -> list[tuple[str, int]]:
        return [(event.check.metadata.name, event.check.status) for event in await self.owed() if event.check]
