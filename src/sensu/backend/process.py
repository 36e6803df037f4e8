"""The life of a backend's process: signals, start, readiness, and a stop that loses nothing."""

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from prometheus_client import CollectorRegistry

from sensu import systemd
from sensu.backend.agentd.agentd import Agentd
from sensu.backend.auth.seeds import SYSTEM_NAMESPACE, system_namespace_writes
from sensu.backend.basics import Basics
from sensu.backend.composition import Daemons, Executors, Gates, composed
from sensu.backend.init_command import opened_to_operators
from sensu.backend.initialise import make_folder
from sensu.backend.metrics import BackendMetrics
from sensu.backend.settings import BackendSettings
from sensu.backend.stored_form import put
from sensu.backend.workers.context import WorkerContext
from sensu.backend.workers.membership import Membership
from sensu.clock import Clock
from sensu.errors import ConfigurationError
from sensu.execution import system_facts
from sensu.log import fields
from sensu.resources.entity import BACKEND_CLASS, Entity
from sensu.resources.kinds import ALL_KINDS, ENTITY, EVENT
from sensu.resources.metadata import ObjectMeta
from sensu.rules.share import WHOLE
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.sharing import Sharing
from sensu.store.sqlite.store import SQLiteStore
from sensu.version import VERSION

log = logging.getLogger("sensu.backend")

DRAIN_S = 3.0
"""How long events that were taken in may still be processed when the backend stops; agents send the others again."""
GC_THRESHOLDS = (100_000, 50, 100)
"""Nearly all objects of the hot path die by their reference counts; collecting often would only cost time."""


@contextlib.asynccontextmanager
async def opened_store(settings: BackendSettings, sharing: Sharing | None = None) -> AsyncIterator[SQLiteStore]:
    """The store in the state folder, closed on leaving; with `sharing` it is shared with other workers."""
    folder = make_folder(Path(settings.state_dir), "--state-dir")
    store = SQLiteStore(folder, Durability(settings.durability), sharing=sharing)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


class Backend:
    """A backend as a process; with a `context` one of its workers."""

    def __init__(self, settings: BackendSettings, clock: Clock, context: WorkerContext | None = None) -> None:
        self._context = context
        self._share = WHOLE if context is None else context.share
        self._members: Membership | None = None
        self._settings = settings
        self._clock = clock
        self._stopping = asyncio.Event()

    async def run_until_signal(self) -> None:
        """Run until SIGINT or SIGTERM; raises SensuError if it cannot start or go on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: None)  # until there is an event log to open again
        async with opened_store(self._settings, None if self._context is None else self._context.sharing) as store:
            if self._context is not None:
                self._members = Membership(self._context, store, self._clock)
                store.announce = self._members.announce
            with (
                ThreadPoolExecutor(2, thread_name_prefix="files") as files,
                ThreadPoolExecutor(1, thread_name_prefix="event log") as logs,
            ):
                async with opened_to_operators(self._settings, store, self._clock, self._share):
                    await self._run(store, Executors(files, logs))

    def stop(self) -> None:
        """Have `run_until_signal` return, with everything stopped."""
        self._stopping.set()

    async def _run(self, store: Store, executors: Executors) -> None:
        now, settings = self._clock.monotonic(), self._settings
        gates = Gates(self._clock, now + settings.api_serve_wait_time, now + settings.agent_serve_wait_time)
        own = await self._own_entity(executors)
        if self._share.member == 0:
            await store.commit([*system_namespace_writes(), put(ENTITY, own)])
        records = ResourceCache(store)
        await records.load(kind for kind in ALL_KINDS if kind is not EVENT)
        metrics = BackendMetrics(CollectorRegistry(), VERSION, self._clock)
        basics = Basics(store, records, self._clock, settings, metrics)
        async with contextlib.AsyncExitStack() as stack:
            daemons = await composed(basics, executors, own, gates, self._members, stack)
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, daemons.reopen_event_log)
            await self._serve(daemons)

    async def _own_entity(self, executors: Executors) -> Entity:
        """The entity of this backend with the facts about its host, which is stored at every start."""
        system = await asyncio.get_running_loop().run_in_executor(executors.files, system_facts.collect)
        metadata = ObjectMeta(
            name=self._settings.node_name,
            namespace=SYSTEM_NAMESPACE,
            labels=self._settings.labels,
            annotations=self._settings.annotations,
        )
        return Entity(entity_class=BACKEND_CLASS, metadata=metadata, system=system)

    async def _serve(self, daemons: Daemons) -> None:
        """Run the daemons, then let clients and agents in; stop in the opposite order."""
        await daemons.events.prepare()
        members = self._members
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(run(), name=name) for name, run in daemons.always()]
            if members is None:
                running.append(group.create_task(systemd.stay_alive(self._clock), name="watchdog"))
            try:
                if members is not None:
                    await members.open(self._stopping.set)
                    running.append(group.create_task(members.run(), name="members"))
                await daemons.api.start()
                await self._start_agents(daemons.agents)
                if self._share.member == 0:
                    running += [group.create_task(run(), name=name) for name, run in daemons.once_a_cluster()]
                gc.freeze()
                gc.set_threshold(*GC_THRESHOLDS)
                self._report_ready()
                await self._stopping.wait()
            finally:
                systemd.notify(systemd.STOPPING)
                await daemons.agents.stop()
                await daemons.api.stop()
                if members is not None:
                    await members.drained(DRAIN_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(DRAIN_S):
                        await daemons.events.drained()
                for task in running:
                    task.cancel()

    def _report_ready(self) -> None:
        if self._members is not None:
            self._members.control.ready()
            return
        systemd.notify(systemd.READY)
        log.info("backend is running and ready to accept events", extra=fields(version=VERSION))

    async def _start_agents(self, agents: Agentd) -> None:
        try:
            await agents.start()
        except OSError as err:
            address = f"{self._settings.agent_host}:{self._settings.agent_port}"
            raise ConfigurationError(f"the agents' port cannot listen on {address}: {err.strerror or err}") from err
