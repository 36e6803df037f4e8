"""The table of the rules of all kinds, and functions that apply them to resources of any kind."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sensu.resources import kinds
from sensu.resources.documents import decoded, type_of
from sensu.resources.envelope import SPEC
from sensu.resources.kinds import Kind, kind_of
from sensu.resources.wire import Wire
from sensu.rules.kinds import (
    api_key,
    asset,
    auth_provider,
    aws_provider,
    check,
    check_config,
    cluster,
    cluster_role,
    cluster_role_binding,
    cyberark_provider,
    datastore,
    directory_provider,
    entity,
    entity_config,
    entity_state,
    env_provider,
    etcd_replicator,
    event,
    event_filter,
    fallback_pipeline,
    file_provider,
    global_config,
    handler,
    hook,
    license,
    mutator,
    namespace,
    oidc_provider,
    pipeline,
    role,
    role_binding,
    rule_template,
    search,
    secret,
    secret_provider,
    service_component,
    silenced,
    sumo_logic,
    tcp_stream,
    tessen,
    user,
    vault_provider,
)
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one, first_of
from sensu.rules.selectors.selectable import Selectable

AnyResource = TypeVar("AnyResource", bound=Wire)

RULES: Mapping[Kind, KindRules] = {
    kinds.API_KEY: api_key.RULES,
    kinds.ASSET: asset.RULES,
    kinds.AUTH_PROVIDER: auth_provider.RULES,
    kinds.DATASTORE: datastore.RULES,
    kinds.LDAP_PROVIDER: directory_provider.RULES,
    kinds.AD_PROVIDER: directory_provider.RULES,
    kinds.OIDC_PROVIDER: oidc_provider.RULES,
    kinds.CHECK: check_config.RULES,
    kinds.CHECK_AS_RUN: check.RULES,
    kinds.CLUSTER: cluster.RULES,
    kinds.CLUSTER_ROLE: cluster_role.RULES,
    kinds.CLUSTER_ROLE_BINDING: cluster_role_binding.RULES,
    kinds.ENTITY: entity.RULES,
    kinds.ENTITY_CONFIG: entity_config.RULES,
    kinds.ENTITY_STATE: entity_state.RULES,
    kinds.ETCD_REPLICATOR: etcd_replicator.RULES,
    kinds.EVENT: event.RULES,
    kinds.EVENT_FILTER: event_filter.RULES,
    kinds.HANDLER: handler.RULES,
    kinds.HOOK: hook.RULES,
    kinds.LICENSE: license.RULES,
    kinds.MUTATOR: mutator.RULES,
    kinds.NAMESPACE: namespace.RULES,
    kinds.PIPELINE: pipeline.RULES,
    kinds.ROLE: role.RULES,
    kinds.ROLE_BINDING: role_binding.RULES,
    kinds.RULE_TEMPLATE: rule_template.RULES,
    kinds.SEARCH: search.RULES,
    kinds.SERVICE_COMPONENT: service_component.RULES,
    kinds.FALLBACK_PIPELINE: fallback_pipeline.RULES,
    kinds.GLOBAL_CONFIG: global_config.RULES,
    kinds.SECRET: secret.RULES,
    kinds.SECRET_PROVIDER: secret_provider.RULES,
    kinds.ENV_PROVIDER: env_provider.RULES,
    kinds.FILE_PROVIDER: file_provider.RULES,
    kinds.VAULT_PROVIDER: vault_provider.RULES,
    kinds.CYBERARK_PROVIDER: cyberark_provider.RULES,
    kinds.AWS_PROVIDER: aws_provider.RULES,
    kinds.SILENCED: silenced.RULES,
    kinds.SUMO_LOGIC: sumo_logic.RULES,
    kinds.TCP_STREAM: tcp_stream.RULES,
    kinds.TESSEN: tessen.RULES,
    kinds.USER: user.RULES,
}
KEEPING_A_NAMESPACE = tuple(kind for kind in kinds.ALL_KINDS if RULES[kind].keeps_namespace)
"""The kinds whose resources prevent the deletion of their namespace."""

EXPRESSIONS_MAX = 500
EXPRESSION_CHARACTERS_MAX = 16_384
"""The limits for all expressions of a resource together, because parsing more would delay everything else."""

_IN_ENVELOPES = {
    kind: RULES[kind].selectable.within(SPEC) for kind in kinds.ALL_KINDS if kind.wrapped and not kind.types
}


def problem_of(resource: Wire) -> str | None:
    """The first rule that a resource of any kind breaks, in the words of the API; None if it is valid.

    Only the amount of JavaScript is checked: see `expressions_of`.
    """
    return first_of(problems_of(resource))


def problems_of(resource: Wire) -> Iterator[FieldProblem]:
    """All rules that a resource of any kind breaks; see `problem_of`."""
    rules = RULES[kind_of(resource)]
    yield from rules.problems(resource)
    yield from at_most_one("", _amount_problem(rules.expressions(resource)))


def _amount_problem(expressions: Sequence[str]) -> str | None:
    if len(expressions) > EXPRESSIONS_MAX:
        return f"it has {len(expressions)} expressions, but at most {EXPRESSIONS_MAX} are allowed"
    characters = sum(map(len, expressions))
    if characters > EXPRESSION_CHARACTERS_MAX:
        return f"the expressions have {characters} characters, but at most {EXPRESSION_CHARACTERS_MAX} are allowed"
    return None


def expressions_of(resource: Wire) -> Sequence[str]:
    """The JavaScript expressions of a resource, in the order in which messages number them (from 0)."""
    return RULES[kind_of(resource)].expressions(resource)


def completed(resource: AnyResource, *, username: str, now: float) -> AnyResource:
    """Fills in and normalises a resource from a client before it is validated and stored; `now` in Unix seconds.

    A resource that needs no change is returned as the same object.
    """
    rules = RULES.get(kind_of(resource))
    found: Any = resource if rules is None else rules.completed(resource, username, now)
    return found  # type: ignore[no-any-return]


def selectable_of(kind: Kind) -> Selectable:
    """The fields of a kind that selectors can compare, in the JSON that the API returns."""
    return _IN_ENVELOPES.get(kind) or RULES[kind].selectable


def notice_of(kind: Kind, body: bytes) -> str:
    """The notice for the client that has written a resource, from its JSON; empty if there is none."""
    of_kind = RULES[type_of(kind, body)].notice
    return "" if of_kind is None else of_kind(decoded(kind, body))
