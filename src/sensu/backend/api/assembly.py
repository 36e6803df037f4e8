"""Assembles the API."""

import contextlib

from sensu.backend.api.application import build_application
from sensu.backend.api.cluster import Members
from sensu.backend.api.context import ApiContext
from sensu.backend.api.server import ApiServer
from sensu.backend.auth.assembly import Auth
from sensu.backend.basics import Basics
from sensu.backend.federation.all_clusters import AllClusters
from sensu.backend.federation.gateway import Gateway
from sensu.backend.listening import ListenerSettings, api_listener
from sensu.backend.membership import ALONE, NoPeers, Ownership
from sensu.backend.ports import Application, DaemonPorts, Peers
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.component_cycles import with_cycles
from sensu.backend.services.event_rows import Rows
from sensu.backend.services.history import History
from sensu.backend.services.live_changes import LiveChanges
from sensu.backend.services.live_streams import LiveStreams
from sensu.backend.services.load import LoadBounds
from sensu.backend.services.sealed_values import SealedValues
from sensu.backend.settings import BackendSettings
from sensu.backend.silence_indexes import SilenceIndexes
from sensu.execution.script_problems import ScriptChecks
from sensu.rules.kinds.silenced import SilenceLimits
from sensu.version import COMPATIBLE_VERSION


async def assembled(
    basics: Basics,
    auth: Auth,
    ports: DaemonPorts,
    members: Members,
    audit: AuditLog,
    history: History,
    ownership: Ownership,
    peers: Peers,
    stack: contextlib.AsyncExitStack,
) -> tuple[ApiServer, Application]:
    """The API server, not started yet, and its application; raises StoreError."""
    feed = LiveChanges(basics.store, stream=ownership.event_stream)
    await feed.open()
    context = assembled_context(basics, auth, ports, members, audit, history, feed, stack, ownership, peers)
    application = build_application(context)
    peers.serve(application)
    listener = api_listener(basics.settings, shares_port=ownership.shares_ports)
    return server_of(context, application, listener), application


def assembled_context(
    basics: Basics,
    auth: Auth,
    ports: DaemonPorts,
    members: Members,
    audit: AuditLog,
    history: History,
    feed: LiveChanges,
    stack: contextlib.AsyncExitStack,
    ownership: Ownership = ALONE,
    peers: Peers | None = None,
) -> ApiContext:
    """Everything that endpoints use."""
    rows = Rows(basics.clock, SilenceIndexes(basics.records))
    streams = LiveStreams(basics.store, auth.access, basics.records, basics.clock, rows, alone=ownership.alone)
    checks = ScriptChecks()
    stack.callback(checks.close)
    gateway = Gateway(basics.records, auth.tokens, basics.clock, basics.settings.trusted_ca_file)
    stack.push_async_callback(gateway.close)
    return ApiContext(
        store=basics.store,
        access=auth.access,
        authenticator=auth.authenticator,
        passwords=auth.passwords,
        tokens=auth.tokens,
        providers=auth.providers,
        sign_on=auth.sign_on,
        sealed=SealedValues(basics.store, auth.access, auth.sealing),
        ports=ports,
        clock=basics.clock,
        script_problem=with_cycles(basics.records, checks.problem),
        metrics=basics.metrics,
        members=members,
        audit=audit,
        feed=feed,
        history=history,
        records=basics.records,
        rows=rows,
        live=streams,
        version=COMPATIBLE_VERSION,
        body_bytes_max=basics.settings.api_request_limit,
        dashboard_url=basics.settings.dashboard_url.rstrip("/"),
        silence_limits=_silence_limits(basics.settings),
        ownership=ownership,
        peers=peers or NoPeers(),
        bounds=_bounds(basics.settings),
        gateway=gateway,
        clusters=AllClusters(gateway, auth.access, basics.records),
    )


def _silence_limits(settings: BackendSettings) -> SilenceLimits:
    return SilenceLimits(int(settings.default_silenced_expiry_time), int(settings.max_silenced_expiry_time_allowed))


def _bounds(settings: BackendSettings) -> LoadBounds:
    return LoadBounds(
        store="postgresql" if settings.store else "sqlite",
        deliveries=settings.deliveries_owed_max,
        delivery_bytes=settings.deliveries_bytes_max,
        result_bytes=settings.history_bytes_max,
        change_bytes=settings.state_change_bytes_max,
        audit_entries=settings.audit_entries_max,
    )


def server_of(context: ApiContext, application: Application, listener: ListenerSettings) -> ApiServer:
    """The server of an application; the streams end when it stops."""

    def stopping() -> None:
        context.feed.close()
        context.live.close()
        context.gateway.end_streams()

    return ApiServer(application, listener, stopping=stopping)
