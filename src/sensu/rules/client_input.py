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

    Roles and bindings, silences (`username` is the creator, `now` in Unix seconds) and the pipelines of checks
    change; others come back as the same object.
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
            return with_whole_pipelines(resource)
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
