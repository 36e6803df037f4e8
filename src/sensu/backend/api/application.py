"""The HTTP API as an ASGI application: matches the path, authenticates the caller, calls the endpoint, reports errors.

Source: recorded scenario rbac-401-403-404 (unknown paths and methods are answered before authentication).
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from sensu.backend.api import (
    access,
    api_keys,
    audit,
    auth,
    bulk,
    check_explanations,
    check_rows,
    checks,
    cluster,
    deliveries,
    delivery_rows,
    drafts,
    entities,
    entity_parts,
    entity_rows,
    event_rows,
    events,
    explain,
    filter_bench,
    find,
    flow,
    form_schemas,
    graphql,
    history,
    history_series,
    live,
    load,
    namespaces,
    overview,
    preferences,
    reference,
    resources,
    secret_providers,
    sessions,
    silence_previews,
    silence_rows,
    silenced,
    status,
    tessen,
    timelines,
    users,
    uses,
)
from sensu.backend.api.errors import (
    BAD_REQUEST,
    INTERNAL_ERROR,
    UNKNOWN_PATH,
    allowed_methods,
    method_not_allowed,
    starting,
    too_large,
    too_many,
    unauthenticated,
    unavailable,
)
from sensu.backend.api.request import (
    BATCH,
    NOBODY,
    BodyTooLarge,
    ClientGone,
    Receive,
    Request,
    credentials_of,
    forces,
    header,
)
from sensu.backend.api.responses import Response, Send, located
from sensu.backend.api.router import Route, Router, cleaned, is_broken
from sensu.backend.api.watch import Watchable
from sensu.backend.auth.access import Access
from sensu.backend.auth.attempts import TooManyAttempts
from sensu.backend.auth.authenticator import Authenticator
from sensu.backend.auth.identity import Identity, Rejected
from sensu.backend.auth.passwords import Passwords
from sensu.backend.auth.tokens import Tokens
from sensu.backend.graphql.use_cases import UseCases
from sensu.backend.membership import ALONE, NoPeers, Ownership
from sensu.backend.metrics import BackendMetrics
from sensu.backend.ports import Application, DaemonPorts, Peers
from sensu.backend.services.access_questions import AccessQuestions
from sensu.backend.services.api_keys import APIKeyGrants
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.bulk import BulkRuns
from sensu.backend.services.bulk_deliveries import BulkOnDeliveries
from sensu.backend.services.bulk_events import BulkOnEvents
from sensu.backend.services.bulk_resources import BulkOnResources
from sensu.backend.services.check_explanations import CheckExplanations
from sensu.backend.services.check_rows import CheckLists
from sensu.backend.services.checks import Checks
from sensu.backend.services.deliveries import Deliveries
from sensu.backend.services.delivery_rows import DeliveryLists
from sensu.backend.services.draft_effect import Effects
from sensu.backend.services.drafts import Drafts
from sensu.backend.services.entities import Entities
from sensu.backend.services.entity_parts import EntityParts
from sensu.backend.services.entity_rows import EntityLists
from sensu.backend.services.entity_tally import EntityTally
from sensu.backend.services.event_groups import GroupedEvents
from sensu.backend.services.event_rows import EventLists, Rows
from sensu.backend.services.events import Events
from sensu.backend.services.explain import Explain
from sensu.backend.services.filter_bench import FilterBenches
from sensu.backend.services.find import Find
from sensu.backend.services.flow import Flows
from sensu.backend.services.history import History
from sensu.backend.services.history_series import HistorySeries
from sensu.backend.services.live_changes import LiveChanges
from sensu.backend.services.live_streams import LiveStreams
from sensu.backend.services.load import LoadBounds, Loads
from sensu.backend.services.namespaces import Namespaces
from sensu.backend.services.overview import Overviews
from sensu.backend.services.preferences import UserPreferences
from sensu.backend.services.provider_sessions import sessions_ended_by
from sensu.backend.services.resources import Resources, ScriptCheck
from sensu.backend.services.sealed_values import SealedValues
from sensu.backend.services.search_values import SearchIndex
from sensu.backend.services.secret_providers import SecretProviders
from sensu.backend.services.sessions import LoginSessions
from sensu.backend.services.silence_previews import SilencePreviews
from sensu.backend.services.silence_rows import SilenceLists
from sensu.backend.services.silences import Silences
from sensu.backend.services.tessen import Tessen
from sensu.backend.services.timelines import Timelines
from sensu.backend.services.users import Users
from sensu.backend.services.uses import UsesOfResources
from sensu.backend.services.watches import Watches
from sensu.backend.silence_indexes import SilenceIndexes
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.version import VERSION

logger = logging.getLogger(__name__)

BODY_BYTES_MAX = 512_000
STORE_AWAY = "the store is unavailable, try again"
IN_DOUBT = "the store is unavailable, and whether the change was stored is not known yet"
LOOK_AT_STORE_EVERY_S = 5.0
"""How often a request that changes something is checked for whether the store went away under it."""
USE_NOTED_WITHIN_S = 5.0
"""How long a request waits until the use of its session or key is noted."""


@dataclass(frozen=True, slots=True)
class ApiContext:
    """What the endpoints use: the store, access control, the daemons, and the backend's own status."""

    store: Store
    access: Access
    authenticator: Authenticator
    passwords: Passwords
    tokens: Tokens
    sealed: SealedValues
    ports: DaemonPorts
    clock: Clock
    script_problem: ScriptCheck
    metrics: BackendMetrics
    member: cluster.Member
    audit: AuditLog
    feed: LiveChanges
    history: History
    records: ResourceCache
    rows: Rows
    live: LiveStreams
    bounds: LoadBounds
    version: str = ""
    body_bytes_max: int = BODY_BYTES_MAX
    ownership: Ownership = ALONE
    peers: Peers = field(default_factory=NoPeers)


def build_application(context: ApiContext) -> Application:
    """Build the API of a backend."""
    watchable = Watchable(Watches(context.access, context.feed, context.sealed), context.authenticator)
    routes = [watchable.added(route) for route in routes_of(context)]
    return HttpApi(Router(routes), context)


def routes_of(context: ApiContext) -> Sequence[Route]:
    """All routes, including those of the API reference."""
    described = list(_described_routes(context))
    return [*described, *reference.routes(described, VERSION)]


def _described_routes(context: ApiContext) -> Iterator[Route]:
    ports, log, store, clock = context.ports, context.audit, context.store, context.clock
    cases = _use_cases(context)
    kept = cases.resources
    yield from auth.routes(context.authenticator, context.tokens, log)
    questions = AccessQuestions(context.access, context.records, context.store.feed)
    yield from access.routes(questions)
    preferred = UserPreferences(store)
    yield from preferences.routes(preferred)
    signed_in = LoginSessions(
        store,
        context.tokens,
        context.authenticator,
        context.access,
        questions,
        preferred,
        context.records,
        log,
        clock,
    )
    yield from sessions.routes(signed_in, context.authenticator)
    yield from audit.routes(log)
    yield from status.routes(store, context.member, context.metrics, ports.ready, context.version, context.peers)
    yield from resources.routes(kept)
    yield from checks.routes(cases.checks)
    explanations = CheckExplanations(kept, context.records, ports.subscribers, ports.ledger, clock)
    yield from check_explanations.routes(explanations)
    yield from entities.routes(kept, cases.entities)
    yield from entity_parts.routes(EntityParts(kept), cases.entities)
    yield from events.routes(cases.events)
    tally = EntityTally(context.records, ports.subscribers)
    yield from _rows(context, tally)
    yield from overview.routes(
        Overviews(
            store,
            context.access,
            context.records,
            tally,
            clock,
            ports,
            context.peers,
            context.rows,
            VERSION,
            len(context.ownership.members),
        )
    )
    yield from load.routes(Loads(store, context.metrics, context.peers, clock, context.bounds, VERSION))
    yield from live.routes(context.live, context.authenticator)
    yield from history.routes(context.history)
    index = SearchIndex(store, context.access, clock)
    yield from find.routes(Find(store, context.records, context.access, clock), index)
    yield from timelines.routes(Timelines(store, context.records, context.access, clock))
    yield from history_series.routes(HistorySeries(store, context.history, clock))
    kept_deliveries = Deliveries(store, context.access, ports.deliveries, log)
    yield from _deliveries(context, kept_deliveries)
    yield from bulk.routes(_bulks(context, cases, kept_deliveries))
    yield from _trial_routes(context, kept)
    yield from silenced.routes(cases.silences)
    yield from secret_providers.routes(SecretProviders(context.access))
    yield from namespaces.routes(cases.namespaces)
    yield from users.routes(kept, cases.users)
    yield from api_keys.routes(kept, APIKeyGrants(kept, context.authenticator.key_uses))
    yield from cluster.routes(context.member, context.access)
    yield from tessen.routes(Tessen(kept))
    yield from graphql.routes(cases, context.authenticator)


def _deliveries(context: ApiContext, kept: Deliveries) -> Iterator[Route]:
    """The routes of deliveries and of their rows."""
    yield from delivery_rows.routes(
        DeliveryLists(context.store, context.access, kept, context.ports, context.peers, context.clock)
    )
    flows = Flows(context.store, context.access, context.records, kept, context.ports, context.peers, context.clock)
    yield from flow.routes(flows)
    yield from deliveries.routes(kept)


def _rows(context: ApiContext, tally: EntityTally) -> Iterator[Route]:
    """The routes of rows."""
    store, access, records, ports = context.store, context.access, context.records, context.ports
    yield from event_rows.routes(EventLists(store, access, context.clock, context.rows), GroupedEvents(store, access))
    yield from entity_rows.routes(EntityLists(store, access, records, ports.subscribers, tally))
    checks_listed = CheckLists(store, access, records, ports.subscribers, ports.ledger, context.clock)
    yield from check_rows.routes(checks_listed)
    yield from silence_rows.routes(SilenceLists(store, access, records, context.clock))
    yield from uses.routes(UsesOfResources(access, records))


def _trial_routes(context: ApiContext, kept: Resources) -> Iterator[Route]:
    """What would happen: dry runs, previews and drafts, and the forms of resources."""
    store, access, clock, ports = context.store, context.access, context.clock, context.ports
    yield from explain.routes(Explain(store, access, clock, ports.deliveries))
    yield from silence_previews.routes(SilencePreviews(store, access, clock))
    yield from filter_bench.routes(FilterBenches(store, access, clock, ports.deliveries.bench))
    yield from form_schemas.routes()
    yield from drafts.routes(Drafts(kept, access, Effects(context.records, ports.subscribers, clock)))


def _bulks(context: ApiContext, cases: UseCases, kept_deliveries: Deliveries) -> bulk.Bulks:
    """The bulk requests, of which each caller has one under way."""
    runs = BulkRuns(context.access)
    store, silences = context.store, cases.silences
    return bulk.Bulks(
        BulkOnEvents(store, cases.events, cases.checks, silences, SilenceIndexes(context.records), runs, context.clock),
        BulkOnResources(cases.resources, cases.entities, cases.checks, silences, runs),
        BulkOnDeliveries(kept_deliveries, runs, context.ownership),
        context.peers,
    )


def _use_cases(context: ApiContext) -> UseCases:
    """The use cases that REST and GraphQL share."""
    ports, log = context.ports, context.audit
    kept = Resources(
        context.store,
        context.access,
        context.clock,
        context.script_problem,
        log,
        context.sealed,
        context.ownership.alone,
        partial(sessions_ended_by, context.tokens),
    )
    return UseCases(
        kept,
        Checks(kept, ports.ad_hoc, log),
        Entities(kept, ports.intake, ports.subscribers),
        Events(context.store, context.access, context.clock, ports.intake, log),
        Namespaces(kept),
        Silences(kept),
        Users(kept, context.passwords, context.tokens),
        context.clock,
        lambda timeout_s: status.health_json(context.store, context.member, context.peers, timeout_s),
        context.version,
        status.ETCD_VERSIONS,
    )


class HttpApi:
    """Answers requests."""

    def __init__(self, router: Router, context: ApiContext) -> None:
        self._router = router
        self._authenticate = context.authenticator.authenticate
        self._used = context.authenticator.used
        self._ready = context.ports.ready
        self._caught_up = context.store.feed.caught_up
        self._body_bytes_max = context.body_bytes_max
        self._ownership, self._peers = context.ownership, context.peers
        self._unanswered: set[asyncio.Task[Response]] = set()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request of the ASGI server."""
        if scope["type"] != "http":
            return
        try:
            response = await self._answer(scope, receive)
        except ClientGone:
            return
        if scope["method"] == "HEAD":
            await response.send_head(send)
        elif response.chunks is None:
            await response.send(send)
        else:
            await _send_read(response, scope, send)

    async def _answer(self, scope: MutableMapping[str, Any], receive: Receive) -> Response:
        found = self._route(scope)
        if isinstance(found, Response):
            return found
        route, params = found
        if not route.early and not self._ready():
            return starting()
        caller = NOBODY
        if not route.early:
            try:
                await self._caught_up()
            except StoreError as err:
                logger.warning("a request failed because the store is unavailable", extra=_about(scope, err))
                return unavailable(STORE_AWAY)
        if not route.open:
            credentials = credentials_of(scope)
            proved = self._authenticate(credentials)
            if isinstance(proved, Rejected):
                return unauthenticated(proved.message)
            caller = _as_asked(proved, scope)
            with contextlib.suppress(StoreError, TimeoutError):
                async with asyncio.timeout(USE_NOTED_WITHIN_S):
                    await self._used(caller, credentials)
        request = Request(scope, receive, params, caller, self._body_bytes_max)
        try:
            reads = route.method in ("GET", "HEAD")
            return await (self._handled(route, request) if reads else self._handled_in_time(route, request))
        except BodyTooLarge as err:
            return too_large(str(err))
        except TooManyAttempts as err:
            return too_many(str(err), err.retry_after_s)
        except ClientGone:
            raise
        except StoreError as err:
            logger.warning("a request failed because the store is unavailable", extra=_about(scope, err))
            return unavailable(STORE_AWAY)
        except Exception as err:
            logger.exception("a request failed", extra=_about(scope, err))
            return INTERNAL_ERROR

    async def _handled_in_time(self, route: Route, request: Request) -> Response:
        """The endpoint's response, or 503 if the store goes away before it is there.

        The endpoint then goes on: a commit that may be stored is waited for, however long that takes.
        """
        handling = asyncio.ensure_future(self._handled(route, request))
        try:
            while not (await asyncio.wait((handling,), timeout=LOOK_AT_STORE_EVERY_S))[0]:
                try:
                    await self._caught_up()
                except StoreError as err:
                    logger.warning("a request is not answered in time", extra=_about(request.scope, err))
                    self._unanswered.add(handling)
                    handling.add_done_callback(self._finished_late)
                    return unavailable(IN_DOUBT)
        except asyncio.CancelledError:
            handling.cancel()
            raise
        return handling.result()

    def _finished_late(self, handling: asyncio.Task[Response]) -> None:
        self._unanswered.discard(handling)
        if not handling.cancelled() and handling.exception() is not None:
            logger.info("a request that was not answered in time failed", extra=fields(error=str(handling.exception())))

    async def _handled(self, route: Route, request: Request) -> Response:
        """The endpoint's response, from this worker or from the one that can answer."""
        member = route.known_to.member(request.params, self._ownership)
        if member == self._ownership.member:
            return await route.handler(request)
        answer = await self._peers.ask(member, request.scope, await request.body())
        if answer is None:
            return unavailable("the worker that handles this request does not answer, try again")
        return Response(answer.status, list(answer.headers), answer.body)

    def _route(self, scope: MutableMapping[str, Any]) -> tuple[Route, tuple[str, ...]] | Response:
        """The route of a request, or the error response if there is none."""
        path: str = scope["raw_path"].decode("latin-1")
        if is_broken(path):
            return BAD_REQUEST
        found = self._router.match(path)
        if found is None:
            return _elsewhere(path, scope["query_string"].decode("latin-1"))
        routes, params = found
        method: str = scope["method"]
        route = routes.get(method)
        if route is not None:
            return route, params
        if method == "HEAD" and "GET" in routes:
            return routes["GET"], params
        allowed = (*routes, *(("HEAD",) if "GET" in routes else ()), "OPTIONS")
        return allowed_methods(allowed) if method == "OPTIONS" else method_not_allowed(allowed)


def _as_asked(caller: Identity, scope: Mapping[str, Any]) -> Identity:
    """The caller, with what the request says about how it acts; only members are believed about the batch."""
    batch = header(scope, BATCH) if scope.get("from_member") else None
    forced = forces(scope)
    return msgspec.structs.replace(caller, forces=forced, batch=batch or "") if forced or batch else caller


async def _send_read(response: Response, scope: MutableMapping[str, Any], send: Send) -> None:
    """Send a list while it is read. If the store fails after the response has begun, the connection is closed."""
    begun = False

    async def pass_on(part: Mapping[str, Any]) -> None:
        nonlocal begun
        begun = True
        await send(part)

    try:
        await response.send(pass_on)
    except StoreError as err:
        logger.warning("a request failed because the store is unavailable", extra=_about(scope, err))
        if not begun:
            await unavailable(STORE_AWAY).send(send)


def _elsewhere(path: str, query: str) -> Response:
    """The response to an unknown path: a redirect if the path has empty or dotted segments, otherwise 404.

    Source: recorded scenario http-paths.
    """
    clean = cleaned(path)
    if clean == path:
        return UNKNOWN_PATH
    return located(f"{clean}?{query}" if query else clean, status=301)


def _about(scope: Mapping[str, Any], err: Exception) -> dict[str, Any]:
    return fields(method=scope["method"], path=scope["path"], error=str(err))
