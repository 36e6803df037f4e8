"""What a resource that a client sends becomes before it is judged and kept."""

from typing import TypeVar, cast

import msgspec

from sensu.resources.check import CheckConfig
from sensu.resources.metadata import PipelineReference
from sensu.resources.role import ClusterRole, Role
from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding
from sensu.resources.silenced import Silenced
from sensu.resources.wire import Wire
from sensu.rules.role_input import capitalised_types, split_rules
from sensu.rules.silenced_entry import completed

AnyResource = TypeVar("AnyResource", bound=Wire)


def normalised(resource: AnyResource, *, username: str, now: float) -> AnyResource:
    """The resource of any kind with what the API completes or rewrites on input.

    Roles and bindings, silences (`username` is the creator, `now` in Unix seconds) and the pipelines and hooks of
    checks change; others come back as the same object.
    """
    return cast(AnyResource, _normalised(resource, username, now))


def _normalised(resource: Wire, username: str, now: float) -> Wire:
    match resource:
        case Silenced():
            return completed(resource, username, now)
        case Role():
            return split_rules(resource)
        case ClusterRole():
            return split_rules(resource)
        case RoleBinding():
            return capitalised_types(resource)
        case ClusterRoleBinding():
            return capitalised_types(resource)
        case CheckConfig():
            return with_single_hooks(with_whole_pipelines(resource))
        case _:
            return resource


def with_whole_pipelines(check: CheckConfig) -> CheckConfig:
    """The check with the types and API versions of its pipelines where a client sent empty ones.

    Source: recorded scenario checks-lifecycle.
    """
    if all(reference.type and reference.api_version for reference in check.pipelines):
        return check
    whole = PipelineReference()
    pipelines = tuple(
        PipelineReference(
            name=reference.name,
            type=reference.type or whole.type,
            api_version=reference.api_version or whole.api_version,
        )
        for reference in check.pipelines
    )
    return msgspec.structs.replace(check, pipelines=pipelines)


def with_single_hooks(check: CheckConfig) -> CheckConfig:
    """The check with an object of its own for each status that has hooks, as agents read them.

    The reference keeps one key of an object with several; an empty object is an entry without a name.
    """
    if not check.check_hooks or all(len(one) == 1 and all(one.values()) for one in check.check_hooks):
        return check
    single = tuple(
        {status: hooks or None} for one in check.check_hooks for status, hooks in (one or {"": None}).items()
    )
    return msgspec.structs.replace(check, check_hooks=single)
