"""The routes of all endpoints, and the use cases behind them."""

from collections.abc import Iterator, Sequence
from functools import partial

from sensu.backend.api import (
    access,
    activity_series,
    api_keys,
    audit,
    auth,
    browser_sign_on,
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
    federated_clusters,
    filter_bench,
    find,
    first_administrator,
    flow,
    form_schemas,
    graphql,
    handler_tests,
    history,
    history_series,
    license,
    live,
    load,
    login_trials,
    namespaces,
    oidc,
    overview,
    preferences,
    prune,
    reference,
    resources,
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
from sensu.backend.api.context import ApiContext
from sensu.backend.api.router import Route
from sensu.backend.graphql.use_cases import UseCases
from sensu.backend.services.access_questions import AccessQuestions
from sensu.backend.services.activity_series import ActivityOfNamespaces
from sensu.backend.services.api_keys import APIKeyGrants
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
from sensu.backend.services.event_rows import EventLists
from sensu.backend.services.events import Events
from sensu.backend.services.explain import Explain
from sensu.backend.services.filter_bench import FilterBenches
from sensu.backend.services.find import Find
from sensu.backend.services.first_administrator import FirstAdministrator
from sensu.backend.services.flow import Flows
from sensu.backend.services.handler_tests import TestsOfHandlers
from sensu.backend.services.history_series import HistorySeries
from sensu.backend.services.licenses import Licenses
from sensu.backend.services.load import Loads
from sensu.backend.services.login_trials import LoginTrials
from sensu.backend.services.namespaces import Namespaces
from sensu.backend.services.overview import Overviews
from sensu.backend.services.preferences import UserPreferences
from sensu.backend.services.provider_sessions import sessions_ended_by
from sensu.backend.services.pruning import Pruning
from sensu.backend.services.resources import Resources
from sensu.backend.services.search_values import SearchIndex
from sensu.backend.services.sessions import LoginSessions
from sensu.backend.services.silence_previews import SilencePreviews
from sensu.backend.services.silence_rows import SilenceLists
from sensu.backend.services.silences import Silences
from sensu.backend.services.tessen import Tessen
from sensu.backend.services.timelines import Timelines
from sensu.backend.services.users import Users
from sensu.backend.services.uses import UsesOfResources
from sensu.backend.silence_indexes import SilenceIndexes
from sensu.version import VERSION


def routes_of(context: ApiContext) -> Sequence[Route]:
    """All routes, including those of the API reference."""
    described = list(_described_routes(context))
    return [*described, *reference.routes(described, VERSION)]


def _described_routes(context: ApiContext) -> Iterator[Route]:
    ports, log, store, clock = context.ports, context.audit, context.store, context.clock
    cases = _use_cases(context)
    kept = cases.resources
    yield from _log_ins(context)
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
        context.sign_on.offered,
    )
    yield from sessions.routes(signed_in, context.authenticator)
    yield from first_administrator.routes(FirstAdministrator(store, clock))
    yield from browser_sign_on.routes(context.sign_on, signed_in, log, context.dashboard_url)
    yield from audit.routes(log)
    yield from status.routes(store, context.members, context.metrics, ports.ready, context.version, context.peers)
    yield from resources.routes(kept)
    yield from checks.routes(cases.checks)
    explanations = CheckExplanations(kept, context.records, ports.subscribers, ports.ledger, clock)
    yield from check_explanations.routes(explanations)
    yield from entities.routes(kept, cases.entities)
    yield from entity_parts.routes(EntityParts(kept), cases.entities)
    yield from events.routes(cases.events, context.dashboard_url)
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
    yield from activity_series.routes(ActivityOfNamespaces(store, context.access, context.records, clock))
    yield from timelines.routes(Timelines(store, context.records, context.access, clock))
    yield from history_series.routes(HistorySeries(store, context.history, clock))
    kept_deliveries = Deliveries(store, context.access, ports.deliveries, log)
    yield from _deliveries(context, kept_deliveries)
    yield from bulk.routes(_bulks(context, cases, kept_deliveries))
    yield from _trial_routes(context, kept)
    yield from silenced.routes(cases.silences)
    yield from namespaces.routes(cases.namespaces)
    yield from users.routes(kept, cases.users)
    yield from api_keys.routes(kept, APIKeyGrants(kept, context.authenticator.key_uses))
    yield from cluster.routes(context.members, context.access, context.audit)
    yield from tessen.routes(Tessen(kept))
    yield from prune.routes(Pruning(kept, cases.entities))
    yield from license.routes(Licenses(kept, tally.by_class))
    yield from _for_several(context, cases)


def _for_several(context: ApiContext, cases: UseCases) -> Iterator[Route]:
    """The routes of requests for several resources or clusters at once."""
    yield from federated_clusters.routes(context.gateway, context.clusters, context.local)
    yield from graphql.routes(cases, context.authenticator)


def _log_ins(context: ApiContext) -> Iterator[Route]:
    """The routes of log-ins, with passwords and at identity providers, and of their trials."""
    logins = auth.AuthEndpoint(context.authenticator, context.tokens, context.audit)
    yield from auth.routes(logins)
    yield from oidc.routes(context.sign_on, context.tokens, context.audit, logins, (context.dashboard_url,))
    yield from login_trials.routes(LoginTrials(context.store, context.access, context.providers, context.audit))


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
    checks_listed = CheckLists(store, access, records, ports.subscribers, ports.ledger, context.peers, context.clock)
    yield from check_rows.routes(checks_listed)
    yield from silence_rows.routes(SilenceLists(store, access, records, context.clock))
    yield from uses.routes(UsesOfResources(access, records))


def _trial_routes(context: ApiContext, kept: Resources) -> Iterator[Route]:
    """What would happen: dry runs, previews and drafts, and the forms of resources."""
    store, access, clock, ports = context.store, context.access, context.clock, context.ports
    yield from explain.routes(Explain(store, access, clock, ports.deliveries))
    yield from silence_previews.routes(SilencePreviews(store, access, clock))
    yield from filter_bench.routes(FilterBenches(store, access, clock, ports.deliveries.bench))
    tests = TestsOfHandlers(store, access, context.records, ports.deliveries.tests, context.audit)
    yield from handler_tests.routes(tests)
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
        context.silence_limits,
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
        lambda timeout_s: status.health_json(context.store, context.members, context.peers, timeout_s),
        context.version,
        status.ETCD_VERSIONS,
        context.clusters.namespaces,
    )
