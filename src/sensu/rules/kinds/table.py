"""Whether a resource is valid, whatever its kind."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sensu.resources.api_key import APIKey
from sensu.resources.asset import Asset
from sensu.resources.check import CheckConfig
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.event_filter import EventFilter
from sensu.resources.handler import Handler
from sensu.resources.hook import HookConfig
from sensu.resources.mutator import Mutator
from sensu.resources.namespace import Namespace
from sensu.resources.pipeline import Pipeline
from sensu.resources.role import ClusterRole, Role
from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding
from sensu.resources.secret import Secret
from sensu.resources.silenced import Silenced
from sensu.resources.tessen import TessenConfig
from sensu.resources.user import User
from sensu.resources.wire import Wire
from sensu.rules.kinds import (
    api_key,
    asset,
    check_config,
    entity,
    event,
    event_filter,
    handler,
    hook,
    mutator,
    namespace,
    pipeline,
    role,
    role_binding,
    secret,
    silenced,
    user,
)


def _always_valid(resource: Wire) -> None:
    """Kinds of which every decoded value will do."""


_PROBLEMS: Mapping[type[Wire], Callable[[Any], str | None]] = {
    APIKey: api_key.problem,
    Asset: asset.problem,
    CheckConfig: check_config.problem,
    ClusterRole: role.cluster_problem,
    ClusterRoleBinding: role_binding.cluster_problem,
    Entity: entity.problem,
    Event: event.problem,
    EventFilter: event_filter.problem,
    Handler: handler.problem,
    HookConfig: hook.problem,
    Mutator: mutator.problem,
    Namespace: namespace.problem,
    Pipeline: pipeline.problem,
    Role: role.problem,
    RoleBinding: role_binding.problem,
    Secret: secret.problem,
    Silenced: silenced.problem,
    TessenConfig: _always_valid,
    User: user.problem,
}

_EXPRESSIONS: Mapping[type[Wire], Callable[[Any], Sequence[str]]] = {
    Asset: asset.expressions,
    CheckConfig: check_config.expressions,
    EventFilter: event_filter.expressions,
}


EXPRESSIONS_MAX = 500
EXPRESSION_CHARACTERS_MAX = 16_384
"""Of all expressions of a resource together: parsing more would hold up everything else for too long."""


def problem_of(resource: Wire) -> str | None:
    """The first rule that a resource of any kind in `resources/kinds.py` breaks, in the API's words; None when valid.

    Of JavaScript only the amount is looked at: see `expressions_of`.
    """
    return _PROBLEMS[type(resource)](resource) or _amount_problem(expressions_of(resource))


def _amount_problem(expressions: Sequence[str]) -> str | None:
    if len(expressions) > EXPRESSIONS_MAX:
        return f"there are {len(expressions)} expressions, {EXPRESSIONS_MAX} at most are allowed"
    characters = sum(map(len, expressions))
    if characters > EXPRESSION_CHARACTERS_MAX:
        return f"the expressions have {characters} characters, {EXPRESSION_CHARACTERS_MAX} at most are allowed"
    return None


def expressions_of(resource: Wire) -> Sequence[str]:
    """The JavaScript expressions of a resource, in the order that messages number them (from 0)."""
    expressions = _EXPRESSIONS.get(type(resource))
    return expressions(resource) if expressions is not None else ()
