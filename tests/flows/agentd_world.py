"""agentd alone: real sockets and agents, with an intake, keepalives and records that the test controls."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client import CollectorRegistry

from sensu.backend.agentd.admission import Admitters
from sensu.backend.agentd.agentd import Agentd
from sensu.backend.auth.credentials import Credentials
from sensu.backend.auth.identity import WRONG_CREDENTIALS, Identity, Rejected
from sensu.backend.auth.providers import PasswordLogin
from sensu.backend.metrics import BackendMetrics
from sensu.backend.ports import EventOutcome, EventStored, IncomingEvent
from sensu.clock import Clock, SystemClock
from sensu.errors import StoreError
from sensu.resources.entity import EntityConfig
from sensu.resources.event import Event
from sensu.resources.kinds import ENTITY, NAMESPACE, Kind
from sensu.resources.metadata import ObjectMeta
from sensu.resources.namespace import Namespace
from sensu.store.values import EventKey, Key
from sensu.testing.fake_agent import FakeAgent
from sensu.token_bucket import TokenBucket

PATIENCE_S = 20.0

PASSWORDS = {"agent": "P@ssw0rd!", "noroles": "Noroles-1", "lim": "Limited-1"}

Done = Callable[[EventOutcome], None]


class MemoryRecords:
    """Records that a test changes."""

    def __init__(self) -> None:
        self._resources: dict[Key, Any] = {}
        self._subscribers: list[tuple[str, Callable[[Key, Any], None]]] = []

    def get(self, kind: Kind, namespace: str, name: str) -> Any | None:
        return self._resources.get(Key(kind.qualified_name, namespace, name))

    def list(self, kind: Kind) -> list[Any]:
        return [resource for key, resource in self._resources.items() if key.kind == kind.qualified_name]

    def subscribe(self, kind: Kind, callback: Callable[[Key, Any], None]) -> Callable[[], None]:
        entry = (kind.qualified_name, callback)
        self._subscribers.append(entry)
        return lambda: self._subscribers.remove(entry)

    def put(self, kind: Kind, namespace: str, name: str, resource: Any | None) -> None:
        key = Key(kind.qualified_name, namespace, name)
        if resource is None:
            self._resources.pop(key, None)
        else:
            self._resources[key] = resource
        for kind_name, callback in list(self._subscribers):
            if kind_name == key.kind:
                callback(key, resource)

    def put_entity(self, name: str, *subscriptions: str, namespace: str = "default", **labels: str) -> EntityConfig:
        meta = ObjectMeta(name=name, namespace=namespace, labels=labels)
        config = EntityConfig(metadata=meta, entity_class="agent", subscriptions=subscriptions)
        self.put(ENTITY, namespace, name, config)
        return config

    def delete_entity(self, name: str, namespace: str = "default") -> None:
        self.put(ENTITY, namespace, name, None)


class BoundedIntake:
    """An intake with room for so many events, that settles what it took when the test says so."""

    def __init__(self) -> None:
        self.room = 10**9
        self.events: list[Event] = []
        self.waiting: deque[Done] = deque()
        self._arrived = asyncio.Condition()
        self.turned_away = asyncio.Event()
        self.admitting = asyncio.Event()
        self.admitting.set()
        self._has_room = asyncio.Event()
        self._has_room.set()

    def offer(self, incoming: IncomingEvent, done: Done | None = None) -> bool:
        return self.take(incoming.event, done)

    def take(self, event: Event, done: Done | None) -> bool:
        if event.pipelines and not self.admitting.is_set():
            self.turned_away.set()
            return False
        if self.room == 0:
            self._has_room.clear()
            self.turned_away.set()
            return False
        self.room -= 1
        self.events.append(event)
        if done is not None:
            self.waiting.append(done)
        self._tell = asyncio.ensure_future(self._notify())
        return True

    async def _notify(self) -> None:
        async with self._arrived:
            self._arrived.notify_all()

    async def until(self, count: int) -> list[Event]:
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.events) >= count)
        return self.events

    def make_room(self, count: int) -> None:
        self.room += count
        self._has_room.set()

    def settle(self, *outcomes: EventOutcome) -> None:
        """Tell the oldest waiting senders these outcomes."""
        for outcome in outcomes:
            self.waiting.popleft()(outcome)

    def has_room(self) -> bool:
        return self.room > 0

    async def wait_for_room(self) -> None:
        await self._has_room.wait()

    async def wait_until_admitting(self) -> None:
        await self.admitting.wait()

    async def post(self, incoming: IncomingEvent) -> EventOutcome:
        self.take(incoming.event, None)
        return EventStored()

    async def remove(self, key: EventKey) -> bool:
        return False


class KeepaliveInbox:
    """Takes keepalives as the intake takes events."""

    def __init__(self) -> None:
        self.inbox = BoundedIntake()

    def offer(self, keepalive: Event, done: Done | None = None) -> bool:
        return self.inbox.take(keepalive, done)

    async def expired(self, key: EventKey) -> None:
        return


class World:
    """agentd and what stands around it."""

    def __init__(
        self,
        tokens: TokenBucket | None = None,
        *,
        ssl_context: ssl.SSLContext | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.records = MemoryRecords()
        self.intake = BoundedIntake()
        self.keepalives = KeepaliveInbox()
        self.registry = CollectorRegistry()
        self.ready = True
        self.store_problem = ""
        self.records.put(NAMESPACE, "", "default", Namespace(name="default"))
        self.records.put(NAMESPACE, "", "ns2", Namespace(name="ns2"))
        self.agentd = Agentd(
            records=self.records,
            intake=self.intake,
            keepalives=self.keepalives,
            admitters=Admitters(
                login=self._login,
                authenticate=self.authenticate,
                authorize=lambda who, namespace, agent: who.username == "agent" or namespace == "ns2",
                namespace_exists=lambda name: self.records.get(NAMESPACE, "", name) is not None,
                ready=lambda: self.ready,
                caught_up=self._caught_up,
                health=self._health,
                tokens=tokens,
            ),
            clock=clock or SystemClock(),
            ssl_context=ssl_context,
            metrics=BackendMetrics(self.registry),
            backend_id="backend-1",
            host="127.0.0.1",
            port=0,
        )

    async def _caught_up(self) -> None:
        if self.store_problem:
            raise StoreError(self.store_problem)

    async def authenticate(self, credentials: Credentials) -> Identity | Rejected:
        """No certificate is known here."""
        return Rejected("no certificates")

    async def _login(self, login: PasswordLogin) -> Identity | Rejected:
        known = PASSWORDS.get(login.username) == login.password
        return Identity(login.username, ()) if known else WRONG_CREDENTIALS

    async def _health(self) -> bytes:
        return b'{"ClusterHealth":[]}'

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.agentd.port}"

    def agent(self, name: str = "a1", **options: Any) -> Any:
        """A context with a connected agent."""
        return FakeAgent.session(self.url, name, **options)

    def metric(self, name: str, **labels: str) -> float | None:
        """The value of a metric, None where it has none."""
        return self.registry.get_sample_value(name, labels)


@asynccontextmanager
async def running(
    tokens: TokenBucket | None = None, *, ssl_context: ssl.SSLContext | None = None, clock: Clock | None = None
) -> AsyncIterator[World]:
    """A started agentd, stopped in the end; `tokens` limit the rate of handshakes."""
    world = World(tokens, ssl_context=ssl_context, clock=clock)
    await world.agentd.start()
    try:
        yield world
    finally:
        await world.agentd.stop()
