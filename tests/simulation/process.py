"""A process of a simulated backend: the real daemons over a simulated store, with fakes at the ports."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, cast

import msgspec
from prometheus_client import CollectorRegistry

from sensu.backend.basics import Basics
from sensu.backend.composition import Core, CoreCounters
from sensu.backend.counts import DeliveryCounts, EventCounts, KeepaliveCounts, ScheduleCounts
from sensu.backend.membership import ALONE, Membership
from sensu.backend.metrics import BackendMetrics
from sensu.backend.pipelined.daemon import Pipelined
from sensu.backend.pipelined.steps.filters import Filters
from sensu.backend.pipelined.steps.handlers.deliver import Occasion, Tools
from sensu.backend.pipelined.steps.handlers.pools import Pools, PoolTools
from sensu.backend.pipelined.steps.handlers.table import HANDLER_KINDS, Handlers
from sensu.backend.pipelined.steps.mutators import Mutators
from sensu.backend.pipelined.steps.other_events import OtherEvents
from sensu.backend.pipelined.steps.outcome import Outcome
from sensu.backend.pipelined.steps.runtime_assets import RuntimeAssets
from sensu.backend.pipelined.steps.scripts import Scripts
from sensu.backend.pipelined.steps.workflows import Workflows
from sensu.backend.ports import Subscribers
from sensu.backend.secrets.cache import SecretCache
from sensu.backend.secrets.resolver import Secrets
from sensu.backend.settings import BackendSettings
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.resources.check_request import CheckRequest
from sensu.resources.kinds import (
    ASSET,
    CHECK,
    ENTITY,
    EVENT_FILTER,
    FALLBACK_PIPELINE,
    HOOK,
    MUTATOR,
    NAMESPACE,
    PIPELINE,
    SECRET,
    SILENCED,
)
from sensu.rules.workflow import HandlerRef
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.testing.factories import make_entity
from tests.flows.pipelined_world import Everything
from tests.simulation.chain import Chain
from tests.simulation.database import START, SimDatabase
from tests.simulation.loop import FOREVER, SimLoop
from tests.simulation.store import SimStore

LEDGER_SLOTS = 1000
KINDS = (
    NAMESPACE,
    SILENCED,
    ENTITY,
    CHECK,
    HOOK,
    *HANDLER_KINDS.values(),
    ASSET,
    SECRET,
    MUTATOR,
    EVENT_FILTER,
    PIPELINE,
    FALLBACK_PIPELINE,
)


class SimClock:
    """The clock of a host: set by `offset_s`, and faster by `drift`."""

    def __init__(self, loop: SimLoop, offset_s: float = 0.0, drift: float = 0.0) -> None:
        self._loop, self.offset_s, self._rate = loop, offset_s, 1.0 + drift

    def now(self) -> float:
        """The wall-clock time in Unix seconds."""
        return START + self._loop.time() * self._rate + self.offset_s

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        return self._loop.time() * self._rate

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock."""
        await asyncio.sleep(seconds / self._rate)


class Around(Protocol):
    """What the world does for a process."""

    def publish(self, process: "SimProcess", subscription: str, request: CheckRequest) -> int:
        """Send a request to the agents that are connected to a process."""
        ...

    def requested(self, process: "SimProcess", request: CheckRequest) -> None:
        """A process has decided to send a request, to agents of all members."""
        ...

    def agents_of(self, process: "SimProcess", subscription: str) -> Sequence[str]:
        """The agents of a subscription that are connected to a process."""
        ...

    async def handle(self, process: "SimProcess", handler: str, payload: bytes, delivery: str) -> Outcome:
        """A handler runs."""
        ...

    def keep_ledger(self, process: "SimProcess") -> None:
        """The process has stored what is in its run ledger."""
        ...

    def serves(self, process: "SimProcess") -> None:
        """The process takes agents and clients."""
        ...

    def ended(self, process: "SimProcess", why: str) -> None:
        """The process has ended by itself."""
        ...


class _SimHandlers(Handlers):
    """Gives payloads to the handlers of the world instead of commands and sockets."""

    def __init__(self, tools: Tools, process: "SimProcess") -> None:
        super().__init__(tools)
        self._process = process

    async def deliver(self, ref: HandlerRef, handler: Any, payload: bytes, occasion: Occasion) -> Outcome:
        """Give `payload` to the handler of that name."""
        return await self._process.around.handle(self._process, ref.name, payload, occasion.delivery_id)


class _SimSubscribers:
    """The agents that are connected to a process (`ports.Subscribers`)."""

    def __init__(self, process: "SimProcess") -> None:
        self._process = process

    def publish(self, namespace: str, subscription: str, request: CheckRequest) -> int:
        """Send a request to every agent of a subscription."""
        return self._process.around.publish(self._process, subscription, request)

    def agents(self, namespace: str, subscription: str) -> Sequence[str]:
        """The names of the agents of a subscription."""
        return self._process.around.agents_of(self._process, subscription)

    def sessions(self, namespace: str, subscription: str) -> int:
        """Their number."""
        return len(self.agents(namespace, subscription))

    def connected(self, namespace: str) -> int:
        """The number of all agents."""
        return len(self.agents(namespace, ""))

    def disconnect(self, namespace: str, agent: str) -> None:
        """Agents stay connected."""


class _Noted:
    """The agents of all members; the world hears of each request at the process that sends it."""

    def __init__(self, process: "SimProcess", joined: Subscribers) -> None:
        self._process, self._joined = process, joined
        self.agents, self.sessions, self.connected = joined.agents, joined.sessions, joined.connected
        self.disconnect = joined.disconnect

    def publish(self, namespace: str, subscription: str, request: CheckRequest) -> int:
        """Send a request to every agent of a subscription."""
        self._process.around.requested(self._process, request)
        return self._joined.publish(namespace, subscription, request)


class _NoAssets:
    """No asset is needed."""

    async def paths(self, assets: Any, entity: Any) -> list[Any]:
        """None."""
        return []


class SimProcess:
    """One start of a member."""

    def __init__(
        self,
        around: Around,
        database: SimDatabase,
        member: str,
        number: int,
        clock: SimClock,
        *,
        shared: bool = False,
    ) -> None:
        """With `shared` there can be other members, and processes of the same one."""
        self.name, self.member, self.number = f"{member}.{number}", member, number
        self.around, self.clock = around, clock
        self.serving = False
        self.seat, self.joined_at, self.opened_at = 0, 0.0, 0.0
        self.core: Core | None = None
        self.membership: Membership = ALONE
        self._database, self._loop, self._shared = database, database.loop, shared
        self.context = self._loop.process(self.name)
        self.common_clock: Clock = clock
        """The clock by which checks are scheduled."""
        self._running: list[asyncio.Task[None]] = []

    def start(self, chain: Chain) -> None:
        """Start; the world hears when it serves, and when it has ended."""
        self._loop.create_task(self._serve(chain), context=self.context)

    def within(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in this process."""
        self._loop.create_task(work, context=self.context)

    def call(self, delay_s: float, callback: Callable[..., None], *args: Any) -> None:
        """Something from outside reaches this process later."""
        self._loop.call_later(delay_s, callback, *args, context=self.context)

    async def _serve(self, chain: Chain) -> None:
        try:
            ended = await self._open(chain)
            self.serving = True
            self.around.serves(self)
            why = await self._until(ended)
        except StoreError as err:
            why = str(err)
            self._loop.stop_process(self.name, FOREVER)  # signs of life have begun before the process can start
        self.serving = False
        for task in self._running:
            task.cancel()
        self.around.ended(self, why)

    async def _until(self, ended: Coroutine[Any, Any, str]) -> str:
        """Why the process ends: it lost its seat, or a daemon failed."""
        lost = asyncio.get_running_loop().create_task(ended)
        await asyncio.wait([lost, *self._running], return_when=asyncio.FIRST_COMPLETED)
        failed = [task.exception() for task in self._running if task.done() and not task.cancelled()]
        lost.cancel()
        return f"a daemon failed: {failed[0]!r}" if failed else await self.sim_store.ended()

    async def _open(self, chain: Chain) -> Coroutine[Any, Any, str]:
        from tests.simulation import member  # noqa: PLC0415 - of no use to one member

        self.sim_store = sim_store = SimStore(self._database, self.member, self.clock, chain, shared=self._shared)
        self.opened_at = self._loop.time()
        await sim_store.open()
        self.seat = chain.seat
        self.joined_at = self._database.now() if self._shared else self.clock.now()
        self.store = store = cast(Store, sim_store)
        if self._shared:
            self.membership = await member.joined(self.name, self.member, sim_store, self.clock)
        clock = self.common_clock = self.membership.common_clock(self.clock)
        cache = self.records = ResourceCache(store)
        await cache.load(KINDS)
        metrics = BackendMetrics(CollectorRegistry())
        basics = Basics(store, cache, clock, BackendSettings(), metrics)
        secrets = Secrets(cache, SecretCache(clock), dict)
        deliveries = self._pipelined(basics, secrets, metrics)
        schedule_counts = ScheduleCounts(metrics)
        counters = CoreCounters(EventCounts(metrics), KeepaliveCounts(metrics), schedule_counts, schedule_counts)
        core = self.core = Core(basics, counters, deliveries.wake, None, self.membership, LEDGER_SLOTS)
        sim_store.ledger_stored = lambda: self.around.keep_ledger(self)
        core.open()
        self.intake, self.keepalives = self.membership.joined_intake(core.events, core.keepalives)
        schedule = core.schedule(secrets, _Noted(self, self.membership.joined_subscribers(_SimSubscribers(self))))
        await core.events.prepare()
        self._run(core.events.run, deliveries.run)
        if self._shared:
            await self.membership.open(lambda: None)
            self._run(self.membership.run)
            await self.membership.complete()
        self._run(schedule.run)
        return sim_store.ended()

    def _run(self, *daemons: Callable[[], Coroutine[Any, Any, None]]) -> None:
        for daemon in daemons:
            self._running.append(asyncio.get_running_loop().create_task(daemon()))

    def session_changed(self, session: int, agent: str, *subscriptions: str) -> None:
        """A session of an agent began with these subscriptions, or (none) ended; call it in this process."""
        self.membership.subscribed(session, "default", agent, frozenset(subscriptions))
        if not subscriptions and self.core is not None:
            self.core.runs.departed("default", ("linux", f"entity:{agent}"))

    def _pipelined(self, basics: Basics, secrets: Secrets, metrics: BackendMetrics) -> Pipelined:
        store, cache, clock, scripts = basics.store, basics.records, basics.clock, Scripts()
        assets = RuntimeAssets(cache, cast(Any, _NoAssets()), make_entity("backend"))
        workflows = Workflows(
            cache,
            Filters(cache, assets, clock, scripts.filters, OtherEvents(store, Everything())),
            Mutators(cache, scripts.mutators, assets, secrets, clock),
            _SimHandlers(Tools(assets, secrets, clock, cast(Any, None), Pools(PoolTools(clock))), self),
        )
        counters = DeliveryCounts(metrics, store.deliveries_size)
        roll = random.Random(self._loop.chance.random()).random
        return Pipelined(store, workflows, counters, clock, roll=roll, ownership=self.membership)


def mark_of(payload: bytes) -> str:
    """The output of the event that a handler got."""
    return cast(str, msgspec.json.decode(payload)["check"]["output"])
