"""pipelined for flow tests: a real store, real commands and sockets as handlers, virtual time between attempts."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from prometheus_client import CollectorRegistry

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.seeds import ADMINS_GROUP, seed_writes
from sensu.backend.basics import Basics
from sensu.backend.metrics import BackendMetrics
from sensu.backend.pipelined.assembly import assembled
from sensu.backend.pipelined.queue.bounds import Bounds
from sensu.backend.pipelined.steps.handlers.table import HANDLER_KINDS
from sensu.backend.pipelined.steps.messages import Messages
from sensu.backend.pipelined.steps.outcome import Outcome
from sensu.backend.pipelined.steps.scripts import Scripts
from sensu.backend.secrets.cache import SecretCache
from sensu.backend.secrets.env import EnvSecrets
from sensu.backend.secrets.provider import SecretProvider
from sensu.backend.secrets.resolver import Secrets
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.deliveries import Deliveries
from sensu.backend.services.explain import Explain
from sensu.backend.services.outcomes import Listing
from sensu.backend.services.pages import PageRequest
from sensu.backend.settings import BackendSettings
from sensu.backend.stored_form import put
from sensu.notify.sender_process import SenderProcess
from sensu.resources.asset import Asset
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.event_filter import EventFilter
from sensu.resources.handler import Handler, HandlerSocket
from sensu.resources.kinds import (
    ASSET,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    EVENT_FILTER,
    FALLBACK_PIPELINE,
    HANDLER,
    MUTATOR,
    PIPELINE,
    ROLE,
    ROLE_BINDING,
    SECRET,
    SILENCED,
    Kind,
)
from sensu.resources.metadata import ObjectMeta, ResourceReference
from sensu.resources.mutator import Mutator
from sensu.resources.pipeline import Pipeline, PipelineWorkflow
from sensu.resources.secret_providers import ENV
from sensu.resources.wire import encode
from sensu.rules.workflow import Workflow
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import Committed, OweDelivery
from sensu.testing.factories import make_check, make_entity, make_event, make_metadata
from sensu.testing.virtual_clock import VirtualClock, let_others_run
from tests.flows.moving_slots import MovingSlots
from tests.stores import reads_done, store_in

START = 1_700_000_000
ACCESS_KINDS = (CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING)
PATIENCE_S = 20.0
"""How long real commands may take before a test gives up."""


class FakeCounters:
    """Remembers what was counted."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, Outcome]] = []
        self.stages: Counter[tuple[str, str, bool]] = Counter()
        self.concluded_events: list[tuple[int, bool]] = []
        self.resolved_events: list[tuple[str, bool]] = []
        self.at_work = 0
        self.at_work_most = 0

    def handled(self, workflow: Workflow, outcome: Outcome, seconds: float) -> None:
        self.outcomes.append((workflow.handler.name, outcome))

    def stage(self, stage: str, ref: str, well: bool, seconds: float) -> None:
        self.stages[stage, ref, well] += 1

    def resolved(self, kind: str, well: bool, seconds: float) -> None:
        self.resolved_events.append((kind, well))

    def concluded(self, workflows: int, well: bool, seconds: float) -> None:
        self.concluded_events.append((workflows, well))

    def busy(self, change: int) -> None:
        self.at_work += change
        self.at_work_most = max(self.at_work_most, self.at_work)


class Everything:
    """Access for who may do everything."""

    def allows(self, who: Identity, verb: str, resource: str, *, name: str = "", namespace: str = "") -> bool:
        return True


ANYBODY = Identity("admin", (ADMINS_GROUP,))


class FakeAssets:
    """Assets that are there already: a folder for each name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def paths(self, assets: Sequence[Asset], entity: Entity) -> list[tuple[str, Path]]:
        return [(asset.metadata.name, self.folder / asset.metadata.name) for asset in assets]


class PipelinedWorld:
    """What a test of deliveries says and sees; the fixture `pipelined` is one that runs."""

    _web_url = ""

    def __init__(self, store: Store, clock: VirtualClock, folder: Path, bounds: Bounds | None) -> None:
        self.store = store
        self.clock = clock
        self.folder = folder
        self.counters = FakeCounters()
        self.environment: dict[str, str] = {}
        self.secret_providers: dict[str, SecretProvider] = {ENV: EnvSecrets(self.environment)}
        self.membership = MovingSlots()
        self._bounds = bounds
        self._cache = ResourceCache(store)
        self._scripts = Scripts()
        self._messages = Messages(SenderProcess(), store, clock)
        self._task: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def running(
        cls, folder: Path, *, bounds: Bounds | None = None, web_url: str = ""
    ) -> AsyncIterator["PipelinedWorld"]:
        """A world that runs on a database in the folder, and is stopped on leaving."""
        world = cls(store_in(folder / "state"), VirtualClock(float(START)), folder, bounds)
        world._web_url = web_url
        await world._open()
        try:
            yield world
        finally:
            await world._close()

    async def restart(self, set_by_s: float = 0.0) -> None:
        """The backend stops and starts again: its memory and counters are new; the host's clock is set meanwhile."""
        await self._close()
        clock = VirtualClock(self.clock.now() + set_by_s)
        PipelinedWorld.__init__(self, store_in(self.folder / "state"), clock, self.folder, self._bounds)
        await self._open()

    async def _open(self) -> None:
        await self.store.open()
        await self.store.commit(seed_writes(ANYBODY.username, "", "", None, self.clock.now()))
        await self.start()

    async def _close(self) -> None:
        await self.stop()
        await self.store.close()

    async def start(self) -> None:
        await self._cache.load(
            [
                MUTATOR,
                EVENT_FILTER,
                PIPELINE,
                FALLBACK_PIPELINE,
                ASSET,
                SECRET,
                SILENCED,
                *HANDLER_KINDS.values(),
                *ACCESS_KINDS,
            ]
        )
        metrics = BackendMetrics(CollectorRegistry())
        self.pipelined, self.offered = assembled(
            Basics(self.store, self._cache, self.clock, BackendSettings(dashboard_url=self._web_url), metrics),
            FakeAssets(self.folder / "assets"),
            self._scripts,
            Secrets(self._cache, SecretCache(self.clock), lambda: self.secret_providers),
            Access(self._cache),
            make_entity("backend"),
            self.counters,
            self.membership,
            messages=self._messages,
            bounds=self._bounds,
            roll=lambda: 0.0,
        )
        access = cast(Access, Everything())
        self.deliveries = Deliveries(self.store, access, self.offered, AuditLog(self.store, access, self.clock))
        self.explain = Explain(self.store, access, self.clock, self.offered)
        self._task = asyncio.create_task(self.pipelined.run())
        await let_others_run()  # what is owed is read
        await reads_done(self.store)

    async def stop(self) -> None:
        """The backend stops in an orderly way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._cache.close()
        self._scripts.close()
        self._messages.close()

    async def configure(self, kind: Kind, *resources: Any) -> None:
        assert isinstance(await self.store.commit([put(kind, resource) for resource in resources]), Committed)

    async def handlers(self, *handlers: Handler) -> None:
        await self.configure(HANDLER, *handlers)

    def append_command(self, name: str, then: str = "") -> str:
        """A command that adds its standard input and a newline to a file of that name, in one write."""
        return f'input=$(cat); printf "%s\\n" "$input" >> {self.folder / name}; {then}'

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def got(self, name: str) -> list[dict[str, Any]]:
        """The events that a handler with an `append_command` got."""
        return [json.loads(line) for line in self.lines(name)]

    def outputs(self, name: str, entity: str = "") -> list[str]:
        """The outputs of the events that a handler got, of one entity if it is named."""
        events = [event for event in self.got(name) if entity in ("", event["entity"]["metadata"]["name"])]
        return [event["check"]["output"] for event in events]

    async def owe(self, *events: Event, wake: bool = True) -> None:
        """Events are committed, with what handlers are owed."""
        namespace, now = "default", self.clock.now()
        owed = [OweDelivery(self.store.next_delivery_id(), namespace, encode(event), now) for event in events]
        await self.store.commit(owed)
        if wake:
            self.pipelined.wake()

    async def until(self, what: Callable[[], Any]) -> Any:
        """What `what` returns once it is true: real commands and sockets take real time."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := what()):
            assert time.monotonic() < deadline, f"waited for too long; outcomes so far: {self.counters.outcomes[-5:]}"
            assert self._task is not None
            assert not self._task.done(), self._task
            await asyncio.sleep(0.005)
        await let_others_run()
        return found

    async def ended(self, attempts: int) -> None:
        """Return when so many attempts at workflows have ended."""
        await self.until(lambda: len(self.counters.outcomes) >= attempts)

    async def settled(self, left: int = 0) -> None:
        """Return when nothing is owed any more, or only `left` deliveries."""
        deadline = time.monotonic() + PATIENCE_S
        while len(await self.store.deliveries_owed(left + 1)) > left:
            assert time.monotonic() < deadline, f"still owed; outcomes so far: {self.counters.outcomes[-5:]}"
            await asyncio.sleep(0.005)

    async def listed(self, state: str = "", **page: Any) -> list[dict[str, Any]]:
        """What the API shows of deliveries."""
        found = await self.deliveries.listing(ANYBODY, "default", state, PageRequest(**page))
        assert isinstance(found, Listing)
        return [json.loads(body) async for bodies in found.chunks for body in bodies]

    async def failed(self) -> dict[str, Any]:
        """What the API shows of the one delivery that is owed, once the store has what its first attempt came to."""
        deadline = time.monotonic() + PATIENCE_S
        while not (owed := (await self.listed("owed"))[0]).get("why"):
            assert time.monotonic() < deadline, f"not noted; outcomes so far: {self.counters.outcomes[-5:]}"
            await asyncio.sleep(0.005)
        return owed

    async def dead_letters(self) -> list[str]:
        return [why for _, why in await self.store.dead_letters(100)]


def pipe(name: str, command: str, **fields: Any) -> Handler:
    return Handler(metadata=make_metadata(name), **{"type": "pipe", "command": command, "timeout": 15, **fields})


def network(name: str, kind: str, port: int, **fields: Any) -> Handler:
    return Handler(metadata=make_metadata(name), type=kind, socket=HandlerSocket(host="127.0.0.1", port=port), **fields)


def event_filter(name: str, *expressions: str, action: str = "allow", **fields: Any) -> EventFilter:
    return EventFilter(metadata=make_metadata(name), action=action, expressions=expressions, **fields)


def mutator(name: str, **fields: Any) -> Mutator:
    return Mutator(metadata=make_metadata(name), **fields)


def workflow(name: str, handler: str, *filters: str, mutator: str = "") -> PipelineWorkflow:
    return PipelineWorkflow(
        name=name,
        filters=tuple(ResourceReference(api_version="core/v2", type="EventFilter", name=each) for each in filters),
        mutator=ResourceReference(api_version="core/v2", type="Mutator", name=mutator) if mutator else None,
        handler=ResourceReference(api_version="core/v2", type="Handler", name=handler),
    )


def pipeline(name: str, *workflows: PipelineWorkflow) -> Pipeline:
    return Pipeline(metadata=make_metadata(name), workflows=workflows)


def result(
    output: str = "", status: int = 2, *, entity: str = "web1", handlers: Sequence[str] = (), **fields: Any
) -> Event:
    """A result of the check `http`, to be handled."""
    names = fields.pop("pipelines", ())
    pipelines = tuple(ResourceReference(api_version="core/v2", type="Pipeline", name=name) for name in names)
    check = make_check(status=status, output=output, handlers=tuple(handlers), executed=START, **fields)
    metadata = ObjectMeta(namespace="default")
    return make_event(make_entity(entity), check, metadata=metadata, pipelines=pipelines or None)
