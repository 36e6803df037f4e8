"""A backend put together: the one place that knows every class and joins the daemons."""

import asyncio
import contextlib
import gc
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from prometheus_client import CollectorRegistry

from sensu import systemd
from sensu.backend.agentd.admission import Doorkeepers
from sensu.backend.agentd.agentd import Agentd
from sensu.backend.agentd.certificates import ask_for_certificates, certified
from sensu.backend.agentd.revocation import RevocationLists, read_authorities
from sensu.backend.api.application import ApiContext, build_application
from sensu.backend.api.cluster import Member
from sensu.backend.api.server import ApiServer, ListenerSettings, tls_context
from sensu.backend.api.status import health_json
from sensu.backend.auth.access import Access
from sensu.backend.auth.api_keys import APIKeys
from sensu.backend.auth.authenticator import Authenticator
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.passwords import Passwords
from sensu.backend.auth.seeds import SYSTEM_NAMESPACE, system_namespace_writes
from sensu.backend.auth.signing import read_private_key, read_public_key
from sensu.backend.auth.tokens import TokenLifetimes, Tokens
from sensu.backend.counts import AssetCounts, DeliveryCounts, EventCounts, KeepaliveCounts, ScheduleCounts
from sensu.backend.event_log import EventLog
from sensu.backend.eventd.daemon import Eventd
from sensu.backend.eventd.gate import Gate
from sensu.backend.init_command import opened_to_operators
from sensu.backend.initialise import cluster_id, make_folder
from sensu.backend.keepalived.daemon import Keepalived
from sensu.backend.members.forwarding import ForwardedKeepalives
from sensu.backend.members.membership import Membership, Seat
from sensu.backend.members.others import Others
from sensu.backend.metrics import BackendMetrics
from sensu.backend.pipelined.assembly import assembled
from sensu.backend.pipelined.daemon import Pipelined
from sensu.backend.pipelined.steps.scripts import Scripts
from sensu.backend.schedulerd.daemon import Schedulerd
from sensu.backend.schedulerd.ledger import RunLedger
from sensu.backend.seams import Intake, Joints, Keepalives, Subscribers
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.feed import ChangeFeed
from sensu.backend.services.history import Bound, History
from sensu.backend.settings import (
    BackendSettings,
)
from sensu.backend.stored_entities import StoredEntities
from sensu.backend.stored_form import put
from sensu.clock import Clock
from sensu.errors import ConfigurationError
from sensu.execution import system_facts
from sensu.execution.asset_filters import AssetFilters
from sensu.execution.assets import AssetCache
from sensu.execution.script_problems import ScriptChecks
from sensu.log import fields
from sensu.resources.entity import BACKEND_CLASS, Entity
from sensu.resources.kinds import ALL_KINDS, ENTITY, EVENT, NAMESPACE, USER
from sensu.resources.metadata import ObjectMeta
from sensu.rules.share import WHOLE
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.store import SQLiteStore
from sensu.transport.backend_socket import ListenerLimits
from sensu.version import COMPATIBLE_VERSION, VERSION

log = logging.getLogger("sensu.backend")

MEMBER_NAME = "default"
"""What the only member of a cluster is called. Source: recorded scenario cluster."""
DRAIN_S = 3.0
"""How long events that were taken in may still be processed when the backend stops; agents send the others again."""
GC_THRESHOLDS = (100_000, 50, 100)
"""Nearly all objects of the hot path die by their reference counts; collecting often would only cost time."""


@contextlib.asynccontextmanager
async def opened_store(settings: BackendSettings, seat: Seat | None = None) -> AsyncIterator[SQLiteStore]:
    """The store in the state folder, closed on leaving; with a `seat` it is shared with other workers."""
    folder = make_folder(Path(settings.state_dir), "--state-dir")
    sharing = None if seat is None else seat.database.sharing(seat.share)
    store = SQLiteStore(folder, Durability(settings.durability), sharing=sharing)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@dataclass(frozen=True)
class _Executors:
    """The named threads of a backend: files of assets, and the event log."""

    files: ThreadPoolExecutor
    logs: ThreadPoolExecutor


class Backend:
    """All parts of a backend, put together; with a `seat` those of one of its workers."""

    def __init__(self, settings: BackendSettings, clock: Clock, seat: Seat | None = None) -> None:
        self._seat = seat
        self._share = WHOLE if seat is None else seat.share
        self._members: Membership | None = None
        self._settings = settings
        self._clock = clock
        self._stopping = asyncio.Event()
        self._event_log: EventLog | None = None
        self._serves_api_from = 0.0
        self._serves_agents_from = 0.0

    async def run_until_signal(self) -> None:
        """Run until SIGINT or SIGTERM; raises SensuError where it cannot start or go on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._reopen_event_log)
        async with opened_store(self._settings, self._seat) as store:
            if self._seat is not None:
                self._members = Membership(self._seat, store, self._clock)
                store.announce = self._members.announce
            with (
                ThreadPoolExecutor(2, thread_name_prefix="files") as files,
                ThreadPoolExecutor(1, thread_name_prefix="event log") as logs,
            ):
                async with opened_to_operators(self._settings, store, self._clock, self._share):
                    await self._run(store, _Executors(files, logs))

    def stop(self) -> None:
        """Have `run_until_signal` return, with everything stopped."""
        self._stopping.set()

    def _reopen_event_log(self) -> None:
        if self._event_log is not None:
            self._event_log.reopen()

    async def _run(self, store: Store, executors: _Executors) -> None:
        now = self._clock.monotonic()
        self._serves_api_from = now + self._settings.api_serve_wait_time
        self._serves_agents_from = now + self._settings.agent_serve_wait_time
        own = await self._own_entity(executors)
        if self._share.member == 0:
            await store.commit([*system_namespace_writes(), put(ENTITY, own)])
        cache = ResourceCache(store)
        await cache.load(kind for kind in ALL_KINDS if kind is not EVENT)
        metrics = BackendMetrics(CollectorRegistry(), VERSION, self._clock)
        async with contextlib.AsyncExitStack() as stack:
            daemons = await self._daemons(store, cache, own, metrics, executors, stack)
            await self._serve(daemons, stack)

    async def _own_entity(self, executors: _Executors) -> Entity:
        """The entity of this backend, with the facts about its host; it is written anew at every start."""
        system = await asyncio.get_running_loop().run_in_executor(executors.files, system_facts.collect)
        metadata = ObjectMeta(
            name=self._settings.node_name,
            namespace=SYSTEM_NAMESPACE,
            labels=self._settings.labels,
            annotations=self._settings.annotations,
        )
        return Entity(entity_class=BACKEND_CLASS, metadata=metadata, system=system)

    async def _daemons(
        self,
        store: Store,
        cache: ResourceCache,
        own: Entity,
        metrics: BackendMetrics,
        executors: _Executors,
        stack: contextlib.AsyncExitStack,
    ) -> "_Daemons":
        entities = StoredEntities(store)
        entities.open()
        stack.callback(entities.close)
        fetched = self._assets(executors, metrics, stack)
        counts = DeliveryCounts(metrics, store.deliveries_size)
        scripts = Scripts()
        stack.callback(scripts.close)
        deliveries, desk = assembled(store, cache, fetched, scripts, own, counts, self._clock, self._share)
        schedule_counts, event_counts = ScheduleCounts(metrics), EventCounts(metrics)
        ledger = RunLedger(store, schedule_counts, self._clock)
        self._event_log = self._open_event_log(executors, metrics, stack)
        members = self._members
        kept = ledger if members is None else members.keeps(ledger)
        events = Eventd(
            store,
            cache,
            entities,
            event_counts,
            self._clock,
            deliveries.wake,
            keeps_results=self._settings.history_retention > 0,
            answered=kept.answered,
            gate=self._gate(store),
            log_event=self._event_log.add if self._event_log is not None else None,
            share=self._share,
            held_up=(lambda: False) if members is None else members.held_up,
        )
        event_counts.follow(events.waiting, deliveries.held)
        keepalives = Keepalived(
            store,
            entities,
            events,
            KeepaliveCounts(metrics),
            self._clock,
            deliveries.wake,
            self._settings.deregistration_handler,
        )
        events.tell_overdue_keepalives(keepalives.alarm)
        auth = await self._auth(store, cache, stack)
        member = Member(MEMBER_NAME, await cluster_id(store), (self._settings.api_url,))
        intake: Intake = events
        heard: Keepalives = keepalives
        if members is not None:
            intake = members.forwards(events, keepalives)
            heard = ForwardedKeepalives(intake, keepalives)
        revoked = await self._revocation(executors)
        others = None if members is None else Others(members.bus, metrics.numbers, store.healthy)
        agents = self._agents(store, cache, intake, heard, auth, member, metrics, kept.departed, revoked, others)
        subscribers: Subscribers = agents if members is None else members.unites(agents)
        schedule = Schedulerd(cache, subscribers, schedule_counts, self._clock, ledger)
        schedule_counts.follow(schedule.schedulers)
        joints = Joints(intake, subscribers, schedule, desk, ledger, self._serves_api)
        audit = AuditLog(
            store, auth.access, self._clock, self._settings.audit_retention, self._settings.audit_entries_max
        )
        history = self._history(store, auth.access)
        api = await self._api(store, auth, joints, member, metrics, audit, history, others, stack)
        return _Daemons(events, deliveries, schedule, agents, api, audit, history, revoked)

    def _open_event_log(
        self, executors: _Executors, metrics: BackendMetrics, stack: contextlib.AsyncExitStack
    ) -> EventLog | None:
        settings = self._settings
        if not settings.event_log_file:
            return None
        dropped = metrics.event_log_dropped
        opened = EventLog(
            settings.event_log_file, settings.event_log_buffer_size, executors.logs, self._clock, dropped.add
        )
        stack.push_async_callback(opened.close)
        return opened

    def _gate(self, store: Store) -> Gate:
        settings, elsewhere = self._settings, self._members is not None
        return Gate(store.deliveries_size, settings.deliveries_owed_max, settings.deliveries_bytes_max, elsewhere)

    def _history(self, store: Store, access: Access) -> History:
        settings = self._settings
        results = Bound(settings.history_retention, settings.history_bytes_max)
        changes = Bound(settings.state_change_retention, settings.state_change_bytes_max)
        return History(store, access, self._clock, results, changes)

    async def _auth(self, store: Store, cache: ResourceCache, stack: contextlib.AsyncExitStack) -> "_Auth":
        settings = self._settings
        private, public = settings.jwt_private_key_file, settings.jwt_public_key_file
        passwords = Passwords(self._clock)
        stack.callback(passwords.close)
        tokens = Tokens(
            store,
            cache,
            self._clock,
            TokenLifetimes(access_s=settings.access_token_expiry, session_s=settings.refresh_token_expiry),
            read_private_key(private) if private else None,
            read_public_key(public) if public else None,
        )
        await tokens.open()
        return _Auth(passwords, tokens, Authenticator(cache, passwords, tokens, APIKeys(cache)), Access(cache))

    def _assets(self, executors: _Executors, metrics: BackendMetrics, stack: contextlib.AsyncExitStack) -> AssetCache:
        settings = self._settings
        filters = AssetFilters(self._clock)
        stack.callback(filters.close)
        fetched = AssetCache(
            settings.cache_dir,
            executors.files,
            filters,
            rate_per_s=settings.assets_rate_limit,
            burst=settings.assets_burst_limit,
            trusted_ca_file=settings.trusted_ca_file,
            clock=self._clock,
            observe=AssetCounts(metrics).stage,
        )
        stack.push_async_callback(fetched.close)
        return fetched

    async def _revocation(self, executors: _Executors) -> RevocationLists:
        """The lists of revoked certificates of agents, fetched once; none where none are to be looked at."""
        settings = self._settings
        urls = settings.agent_auth_crl_urls if settings.enable_cert_revocation_check else ()
        authorities = read_authorities(settings.agent_auth_trusted_ca_file) if urls else ()
        lists = RevocationLists(urls, authorities, executors.files, self._clock, settings.trusted_ca_file)
        await lists.refresh()
        return lists

    def _agents(
        self,
        store: Store,
        cache: ResourceCache,
        intake: Intake,
        keepalives: Keepalives,
        auth: "_Auth",
        member: Member,
        metrics: BackendMetrics,
        departed: Callable[[str, Iterable[str]], None],
        revoked: RevocationLists,
        others: Others | None,
    ) -> Agentd:
        settings, members = self._settings, self._members

        async def login(username: str, password: str, address: str) -> Identity | None:
            store.refresh()
            found = await auth.authenticator.login(username, password, address)
            return found if isinstance(found, Identity) else None

        async def health() -> bytes:
            return await health_json(store, member, others=others)

        doorkeepers = Doorkeepers(
            login=login,
            certified=lambda certificate, agent: (
                revoked.problem(certificate) or certified(certificate, agent, lambda user: cache.get(USER, "", user))
            ),
            authorize=lambda who, namespace, agent: auth.access.allows(
                who, "create", "events", name=agent, namespace=namespace
            ),
            namespace_exists=lambda name: cache.get(NAMESPACE, "", name) is not None,
            ready=lambda: self._clock.monotonic() >= self._serves_agents_from,
            health=health,
        )
        return Agentd(
            records=cache,
            intake=intake,
            keepalives=keepalives,
            doorkeepers=doorkeepers,
            clock=self._clock,
            metrics=metrics,
            backend_id=settings.node_name,
            host=settings.agent_host.strip("[]"),
            port=settings.agent_port,
            ssl_context=self._agents_tls(),
            limits=ListenerLimits(write_timeout_s=settings.agent_write_timeout),
            departed=departed,
            subscribed=None if members is None else members.subscribed,
            shares_port=members is not None,
        )

    async def _api(
        self,
        store: Store,
        auth: "_Auth",
        joints: Joints,
        member: Member,
        metrics: BackendMetrics,
        audit: AuditLog,
        history: History,
        others: Others | None,
        stack: contextlib.AsyncExitStack,
    ) -> ApiServer:
        feed = ChangeFeed(store)
        await feed.open()
        checks = ScriptChecks()
        stack.callback(checks.close)
        context = ApiContext(
            store=store,
            access=auth.access,
            authenticator=auth.authenticator,
            passwords=auth.passwords,
            tokens=auth.tokens,
            joints=joints,
            clock=self._clock,
            script_problem=checks.problem,
            metrics=metrics,
            member=member,
            audit=audit,
            feed=feed,
            history=history,
            version=COMPATIBLE_VERSION,
            body_bytes_max=self._settings.api_request_limit,
            share=self._share,
            others=others,
        )
        application = build_application(context)
        if others is not None:
            others.serve(application)
        return ApiServer(application, self._listener(), stopping=feed.close)

    def _serves_api(self) -> bool:
        return self._clock.monotonic() >= self._serves_api_from

    def _listener(self) -> ListenerSettings:
        settings = self._settings
        host, port = settings.api_address
        return ListenerSettings(
            host,
            port,
            settings.cert_file,
            settings.key_file,
            write_timeout_s=settings.api_write_timeout,
            shares_port=self._seat is not None,
        )

    def _agents_tls(self) -> ssl.SSLContext | None:
        settings, listener = self._settings, self._listener()
        if settings.agent_auth_cert_file:
            listener = replace(listener, cert_file=settings.agent_auth_cert_file, key_file=settings.agent_auth_key_file)
        context = tls_context(listener)
        if context is None or not settings.agent_auth_trusted_ca_file:
            return context
        return ask_for_certificates(context, settings.agent_auth_trusted_ca_file)

    async def _serve(self, daemons: "_Daemons", stack: contextlib.AsyncExitStack) -> None:
        """Run the daemons, then let clients and agents in; stop in the opposite order."""
        await daemons.events.prepare()
        members = self._members
        async with asyncio.TaskGroup() as group:
            running = [
                group.create_task(daemons.events.run(), name="eventd"),
                group.create_task(daemons.deliveries.run(), name="pipelined"),
                group.create_task(
                    daemons.revoked.run(lambda: daemons.agents.certificates_changed(daemons.revoked.problem)),
                    name="revocation lists",
                ),
            ]
            if self._event_log is not None:
                running.append(group.create_task(self._event_log.run(), name="event log"))
            if self._members is None:
                running.append(group.create_task(systemd.stay_alive(self._clock), name="watchdog"))
            try:
                if members is not None:
                    await members.open(self._stopping.set)
                    running.append(group.create_task(members.run(), name="members"))
                await daemons.api.start()
                await self._start_agents(daemons.agents)
                if self._share.member == 0:
                    running.append(group.create_task(daemons.audit.run(), name="audit log"))
                    running.append(group.create_task(daemons.history.run(), name="history"))
                    running.append(group.create_task(daemons.schedule.run(), name="schedulerd"))
                gc.freeze()
                gc.set_threshold(*GC_THRESHOLDS)
                self._tell_ready()
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

    def _tell_ready(self) -> None:
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


@dataclass(frozen=True)
class _Auth:
    """Who may do what."""

    passwords: Passwords
    tokens: Tokens
    authenticator: Authenticator
    access: Access


@dataclass(frozen=True)
class _Daemons:
    """What runs in a backend."""

    events: Eventd
    deliveries: Pipelined
    schedule: Schedulerd
    agents: Agentd
    api: ApiServer
    audit: AuditLog
    history: History
    revoked: RevocationLists
