"""Runs a backend process: signals, start, readiness, and an orderly stop."""

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from prometheus_client import CollectorRegistry

from sensu import systemd
from sensu.backend.agentd.agentd import Agentd
from sensu.backend.auth.seeds import SYSTEM_NAMESPACE, env_provider_write, system_namespace_writes
from sensu.backend.basics import Basics
from sensu.backend.composition import Daemons, Executors, Gates, composed
from sensu.backend.databases import driver_required
from sensu.backend.duties import DutyRuns
from sensu.backend.init_command import opened_to_operators
from sensu.backend.initialise import make_folder
from sensu.backend.members.membership import is_shared, joined
from sensu.backend.membership import ALONE, Duty, Membership
from sensu.backend.metrics import BackendMetrics
from sensu.backend.settings import BackendSettings
from sensu.backend.stored_form import put
from sensu.clock import Clock
from sensu.errors import ConfigurationError, StoreError
from sensu.execution import system_facts
from sensu.resources.entity import BACKEND_CLASS, Entity
from sensu.resources.kinds import ALL_KINDS, ENTITY, EVENT
from sensu.resources.metadata import ObjectMeta
from sensu.store.contract import Store
from sensu.store.database_url import target_of
from sensu.store.moving.tables import MOVING
from sensu.store.resource_cache import ResourceCache
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.sharing import Sharing
from sensu.store.sqlite.store import SQLiteStore
from sensu.version import VERSION

log = logging.getLogger("sensu.backend")

DRAIN_S = 3.0
"""The maximum time to process accepted events when the backend stops; agents send the others again."""
SWITCH_INTERVAL_S = 0.0005
"""How long a busy thread keeps the interpreter from others: each system call of the loop gives it up for a moment."""
GC_THRESHOLDS = (100_000, 50, 100)
"""Nearly all objects of the hot path are freed by reference counting, so frequent collections only cost time."""


@contextlib.asynccontextmanager
async def opened_store(settings: BackendSettings, sharing: Sharing | None = None) -> AsyncIterator[Store]:
    """Open the store, and close it at the end; with `sharing`, it is shared with other workers."""
    folder = make_folder(Path(settings.state_dir), "--state-dir")
    store: Store
    if settings.store:
        store = _postgres_store(settings)
    else:
        store = SQLiteStore(folder, Durability(settings.durability), use=sharing)
    await store.open()
    try:
        await _require_complete(store, settings)
        yield store
    finally:
        await store.close()


async def _require_complete(store: Store, settings: BackendSettings) -> None:
    """Raise StoreError if another database has only partly been copied into this one."""
    if await store.get_state(MOVING) is not None:
        place = target_of(settings.store).shown if settings.store else settings.state_dir
        raise StoreError(
            f"the database {place} is incomplete, because sensu-backend migrate or restore did not end:"
            " run that command again"
        )


def _postgres_store(settings: BackendSettings) -> Store:
    with driver_required("--store"):
        from sensu.store.postgres import connection, store  # noqa: PLC0415 - the driver is installed only with the extra
    return store.PostgresStore(target_of(settings.store), connection.SynchronousCommit[settings.durability.upper()])


Join = Callable[[Store, Clock], Awaitable[Membership]]


class Backend:
    """A backend process, alone or as a member that shares its store with others."""

    def __init__(
        self,
        settings: BackendSettings,
        clock: Clock,
        sharing: Sharing | None = None,
        join: Join | None = None,
    ) -> None:
        """`sharing` is for a store shared with others; `join` makes the process a member after its store is open."""
        self._sharing, self._join = sharing, join
        self._settings = settings
        self._clock = clock
        self._stopping = asyncio.Event()

    async def run_until_signal(self) -> None:
        """Run until SIGINT or SIGTERM; raises SensuError if the backend cannot start or continue."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: None)  # until there is an event log to open again
        async with opened_store(self._settings, self._sharing) as store:
            membership = await self._membership(store)
            with (
                ThreadPoolExecutor(2, thread_name_prefix="files") as files,
                ThreadPoolExecutor(1, thread_name_prefix="event log") as logs,
            ):
                async with opened_to_operators(self._settings, store, self._clock, membership):
                    await self._run(store, Executors(files, logs), membership)

    async def _membership(self, store: Store) -> Membership:
        if self._join is not None:
            return await self._join(store, self._clock)
        return await joined(self._settings, store, self._clock) if is_shared(store) else ALONE

    def stop(self) -> None:
        """Stop the backend; `run_until_signal` returns."""
        self._stopping.set()

    async def _run(self, store: Store, executors: Executors, membership: Membership) -> None:
        now, settings = self._clock.monotonic(), self._settings
        gates = Gates(self._clock, now + settings.api_serve_wait_time, now + settings.agent_serve_wait_time)
        own = await self._own_entity(executors)
        if membership.holds(Duty.REGISTER):
            await store.commit([*system_namespace_writes(), put(ENTITY, own)])
            await store.commit([env_provider_write()])  # refused if it is there
        records = ResourceCache(store)
        await records.load(kind for kind in ALL_KINDS if kind is not EVENT)
        metrics = BackendMetrics(CollectorRegistry(), VERSION, self._clock)
        basics = Basics(store, records, membership.common_clock(self._clock), settings, metrics)
        async with contextlib.AsyncExitStack() as stack:
            daemons = await composed(basics, executors, own, gates, membership, stack)
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, daemons.reopen_event_log)
            await self._serve(store, daemons, membership)

    async def _own_entity(self, executors: Executors) -> Entity:
        """The entity of this backend with facts about its host; stored at every start."""
        system = await asyncio.get_running_loop().run_in_executor(executors.files, system_facts.collect)
        metadata = ObjectMeta(
            name=self._settings.node_name,
            namespace=SYSTEM_NAMESPACE,
            labels=self._settings.labels,
            annotations=self._settings.annotations,
        )
        return Entity(entity_class=BACKEND_CLASS, metadata=metadata, system=system)

    async def _serve(self, store: Store, daemons: Daemons, membership: Membership) -> None:
        """Run the daemons, then admit clients and agents; stop in the reverse order."""
        await daemons.events.prepare()
        duties = DutyRuns(membership, daemons.by_duty(), self._clock)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(run(), name=name) for name, run in daemons.always()]
            running.append(group.create_task(_fail_with(store), name="store"))
            running.append(group.create_task(systemd.stay_alive(self._clock), name="watchdog"))
            try:
                await membership.open(self._stopping.set)
                running.append(group.create_task(membership.run(), name="membership"))
                await membership.complete()
                await daemons.api.start()
                if daemons.dashboard is not None:
                    await daemons.dashboard.start()
                await self._start_agents(daemons.agents)
                running.append(group.create_task(daemons.schedule.run(), name="schedulerd"))
                running.append(group.create_task(duties.run(), name="duties"))
                gc.freeze()
                gc.set_threshold(*GC_THRESHOLDS)
                sys.setswitchinterval(SWITCH_INTERVAL_S)
                membership.ready()
                await self._stopping.wait()
            finally:
                systemd.notify(systemd.STOPPING)
                await daemons.agents.stop()
                await asyncio.gather(*(server.stop() for server in (daemons.api, daemons.dashboard) if server))
                await membership.drained(DRAIN_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(DRAIN_S):
                        await daemons.events.drained()
                for task in running:
                    task.cancel()

    async def _start_agents(self, agents: Agentd) -> None:
        try:
            await agents.start()
        except OSError as err:
            address = f"{self._settings.agent_host}:{self._settings.agent_port}"
            raise ConfigurationError(f"the agents' port cannot listen on {address}: {err.strerror or err}") from err


async def _fail_with(store: Store) -> None:
    """Raise StoreError when this process must not use the store any more."""
    raise StoreError(await store.ended())
