"""The HTTP API in this process: a real store, real authentication and eventd behind a real listener on a free port."""

import asyncio
import base64
import contextlib
import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import bcrypt
from prometheus_client import CollectorRegistry
from yarl import URL

from sensu.backend.api import assembly as api
from sensu.backend.api.all_routes import routes_of
from sensu.backend.api.application import Application, build_application
from sensu.backend.api.cluster import Members
from sensu.backend.api.router import Route
from sensu.backend.api.server import ApiServer
from sensu.backend.auth import assembly as auth
from sensu.backend.auth.seeds import env_provider_write, seed_writes
from sensu.backend.basics import Basics
from sensu.backend.composition import Core, CoreCounters
from sensu.backend.counts import DeliveryCounts, EventCounts, KeepaliveCounts, ScheduleCounts
from sensu.backend.dashboardd.application import Frames
from sensu.backend.dashboardd.assembly import Dashboard, frame_ancestors
from sensu.backend.listening import ListenerSettings
from sensu.backend.metrics import BackendMetrics
from sensu.backend.pipelined import assembly as pipelined
from sensu.backend.pipelined.steps.scripts import Scripts
from sensu.backend.ports import DaemonPorts
from sensu.backend.secrets import assembly as secret_values
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.history import Bound, History
from sensu.backend.services.live_changes import LiveChanges
from sensu.backend.settings import BackendSettings
from sensu.backend.stored_form import key_of, put
from sensu.clock import Clock, SystemClock
from sensu.resources.asset import Asset
from sensu.resources.check_request import CheckRequest
from sensu.resources.entity import BACKEND_CLASS, Entity, System
from sensu.resources.kinds import ALL_KINDS, CHECK, ENTITY, EVENT
from sensu.resources.metadata import ObjectMeta
from sensu.rules.share import ALL_SLOTS
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.world import settled
from tests.stores import store_in

ADMIN, PASSWORD = "admin", "P@ssw0rd!"
REMEMBERED_CHANGES = 50
HISTORY = Bound(age_s=86_400.0, bytes_max=1 << 30)
CLUSTER_ID = "0e4a8a0e-8b4f-4c57-9d3a-8d6b0f0e7f11"


@functools.cache
def quick_hash(password: str) -> str:
    """A hash of the least cost, for users of tests: it takes a millisecond, where others take fifty."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


@dataclass
class NoAgents:
    """Subscribers of a backend that no agent is connected to; remembers whose sessions were to end."""

    disconnected: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, namespace: str, subscription: str, request: CheckRequest) -> int:
        return 0

    def agents(self, namespace: str, subscription: str) -> Sequence[str]:
        return ()

    def sessions(self, namespace: str, subscription: str) -> int:
        return len(self.agents(namespace, subscription))

    def connected(self, namespace: str) -> int:
        return 0

    def disconnect(self, namespace: str, agent: str) -> None:
        self.disconnected.append((namespace, agent))


@dataclass
class NoSchedule:
    """Runs nothing; knows which checks exist, and remembers what was asked of it."""

    store: Store
    clock: Clock
    asked: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)

    async def execute(self, namespace: str, check: str, subscriptions: Sequence[str]) -> int:
        if await self.store.get(key_of(CHECK, namespace, check)) is None:
            raise KeyError(check)
        self.asked.append((namespace, check, tuple(subscriptions)))
        return int(self.clock.now())


class NoAssets:
    """Has fetched nothing."""

    async def paths(self, assets: Sequence[Asset], entity: Entity) -> list[tuple[str, Path]]:
        return []


@dataclass
class RunningApi:
    """An API that listens, and what stands behind it."""

    url: str
    store: Store
    ports: DaemonPorts
    agents: NoAgents
    schedule: NoSchedule
    metrics: BackendMetrics
    http: aiohttp.ClientSession
    routes: Sequence[Route] = ()
    web_url: str = ""

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> "Answer":
        """One request as it stands, with JSON unless the body is bytes; `content_type` replaces its type."""
        return await self._request(method, self.url + path, body, headers)

    async def browse(self, method: str, path: str, body: object = None, **headers: str) -> "Answer":
        """The same at the web UI's port; nothing is unpacked."""
        return await self._request(method, self.web_url + path, body, headers, packed=True)

    async def _request(
        self, method: str, url: str, body: object, headers: Mapping[str, str], *, packed: bool = False
    ) -> "Answer":
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        where = URL(url, encoded=True) if packed else url
        skipped = ("Accept-Encoding",) if packed else ()
        given = {"data": body} if isinstance(body, bytes) else {"json": body}
        async with self.http.request(
            method, where, headers=sent, allow_redirects=False, skip_auto_headers=skipped, **given
        ) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def token(self, username: str = ADMIN, password: str = PASSWORD) -> str:
        """An Authorization header for a user."""
        auth = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
        async with self.http.get(f"{self.url}/auth", headers={"Authorization": auth}) as answer:
            return f"Bearer {(await answer.json())['access_token']}"


@dataclass
class Answer:
    """A status, headers (found in any case) and a body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def reader_of(api: RunningApi, admin: str, *resources: str) -> str:
    """The authorization of a user who may read the resources, which are cluster-wide, and not change them."""
    role = {"metadata": {"name": "readers"}, "rules": [{"verbs": ["get", "list"], "resources": list(resources)}]}
    subjects = [{"type": "User", "name": "reader"}]
    binding = {**role, "role_ref": {"type": "ClusterRole", "name": "readers"}, "subjects": subjects}
    user = {"username": "reader", "password": PASSWORD}
    for path, body in (
        ("clusterroles/readers", role),
        ("clusterrolebindings/readers", binding),
        ("users/reader", user),
    ):
        answer = await api.call("PUT", f"/api/core/v2/{path}", body, Authorization=admin)
        assert answer.status == 201, answer.body
    return await api.token("reader")


@contextlib.asynccontextmanager
async def running_api(
    folder: Path,
    *,
    port: int = 0,
    clock: Clock | None = None,
    ready: bool = True,
    heartbeat_s: float = 15.0,
    handles: bool = False,
    dist: Path | None = None,
    fresh: bool = True,
    **settings: Any,
) -> AsyncIterator[RunningApi]:
    """A fresh backend with the user admin, ended on leaving; with `dist` it serves the web UI in that folder.

    One that is not `fresh` starts again on the database in the folder. `settings` are those of the backend.
    """
    clock = clock or SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        store = store_in(folder)
        if isinstance(clock, VirtualClock):
            clock.settle_with(partial(settled, store))
        await store.open()
        stack.push_async_callback(store.close)
        if fresh:
            hashed = quick_hash(PASSWORD)
            await store.commit(seed_writes(ADMIN, hashed, hashed, None, clock.now()))
        await store.commit([put(ENTITY, _own_entity())])
        await store.commit([env_provider_write()])
        cache = ResourceCache(store)
        await cache.load(kind for kind in ALL_KINDS if kind is not EVENT)
        stack.callback(cache.close)
        metrics = BackendMetrics(CollectorRegistry(), "test")
        basics = Basics(store, cache, clock, BackendSettings(**settings), metrics)
        known = await auth.assembled(basics, stack)
        secrets, failures = secret_values.assembled(basics, known.sealing, _own_entity(), stack, lambda: None)
        scripts, counts = Scripts(), DeliveryCounts(metrics, store.deliveries_size)
        stack.callback(scripts.close)
        deliveries, offered = pipelined.assembled(
            basics, NoAssets(), scripts, secrets, known.access, _own_entity(), counts
        )
        slots = ScheduleCounts(metrics)
        counters = CoreCounters(EventCounts(metrics), KeepaliveCounts(metrics), slots, slots)
        core = Core(basics, counters, deliveries.wake)
        core.open()
        stack.callback(core.close)
        failures.report_to(core.events)
        await core.events.prepare()
        await core.ledger.recover(ALL_SLOTS)
        agents, schedule = NoAgents(), NoSchedule(store, clock)
        ports = DaemonPorts(core.events, agents, schedule, offered, core.ledger, lambda: ready)
        feed = LiveChanges(store, heartbeat_s=heartbeat_s, remembered_changes_max=REMEMBERED_CHANGES)
        await feed.open()
        audit = AuditLog(store, known.access, clock)
        history = History(store, known.access, clock, HISTORY, HISTORY)
        members = Members(CLUSTER_ID)
        context = api.assembled_context(basics, known, ports, members, audit, history, feed, stack)
        application = build_application(context)
        server = api.server_of(context, application, ListenerSettings("127.0.0.1", port, stop_timeout_s=1))
        running = [core.events.run(), *([deliveries.run()] if handles else [])]
        working = [asyncio.create_task(one) for one in running]
        stack.push_async_callback(_ended, working)
        await stack.enter_async_context(_listening(server))
        frames = partial(frame_ancestors, cache)
        web_url = await stack.enter_async_context(_browsable(application, clock, dist, frames))
        http = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=dist is None))
        url = f"http://127.0.0.1:{server.port}"
        yield RunningApi(url, store, ports, agents, schedule, metrics, http, routes_of(context), web_url)


async def _ended(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@contextlib.asynccontextmanager
async def _listening(server: ApiServer | Dashboard) -> AsyncIterator[None]:
    await server.start()
    try:
        yield
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def _browsable(application: Application, clock: Clock, dist: Path | None, frames: Frames) -> AsyncIterator[str]:
    """The URL of the web UI whose build is in a folder; without a folder there is none."""
    if dist is None:
        yield ""
        return
    listener = ListenerSettings("127.0.0.1", 0, stop_timeout_s=1)
    dashboard = Dashboard(application, listener, clock, None, dist, frames)
    async with _listening(dashboard):
        looking = asyncio.create_task(dashboard.run())
        yield f"http://127.0.0.1:{dashboard.port}"
        looking.cancel()


def _own_entity() -> Entity:
    return Entity(
        metadata=ObjectMeta(name="backend-1", namespace="sensu-system"),
        entity_class=BACKEND_CLASS,
        system=System(hostname="backend-1"),
    )
