"""Finds which resources refer to others: the checks of a pipeline, the handlers of a filter, what needs an asset."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from sensu.resources.check import CheckConfig
from sensu.resources.fallback_pipeline import FallbackPipeline
from sensu.resources.handler import Handler
from sensu.resources.kinds import (
    ASSET,
    CHECK,
    EVENT_FILTER,
    FALLBACK_PIPELINE,
    HANDLER,
    HOOK,
    MUTATOR,
    PIPELINE,
    RULE_TEMPLATE,
    SECRET,
    SERVICE_COMPONENT,
    SUMO_LOGIC,
    TCP_STREAM,
    Kind,
)
from sensu.resources.metadata import ResourceReference
from sensu.resources.pipeline import Pipeline
from sensu.resources.service_component import ServiceComponent

_HANDLERS = (HANDLER, TCP_STREAM, SUMO_LOGIC)
"""The kinds that workflows of pipelines lead to."""
_HANDLING = (PIPELINE, FALLBACK_PIPELINE, *_HANDLERS, EVENT_FILTER, MUTATOR)
"""The kinds that events go through."""
_SERVICES = (SERVICE_COMPONENT, RULE_TEMPLATE)
"""The kinds of business services."""
USED = (*_HANDLING, HOOK, ASSET, SECRET, *_SERVICES)
"""The kinds whose users can be asked for."""
USERS: tuple[Kind, ...] = (CHECK, *_HANDLING, HOOK, SERVICE_COMPONENT)
"""The kinds that refer to others; entities do too, but are not looked through."""


class Reference(NamedTuple):
    """A resource refers to another in one of its fields."""

    kind: Kind
    name: str
    where: str


class ResourceUser(msgspec.Struct, frozen=True):
    """A resource that refers to another one: its kind as in URLs, its name, and where it does, as in `handlers`."""

    kind: str
    name: str
    where: str


def references_of(resource: Any) -> Iterator[Reference]:
    """The references of a resource to others."""
    if isinstance(resource, CheckConfig):
        yield from _of_check(resource)
    elif isinstance(resource, Handler):
        yield from _named(EVENT_FILTER, resource.filters, "filters")
        yield from _named(MUTATOR, (resource.mutator,), "mutator")
        yield from _named(HANDLER, resource.handlers, "handlers")
    elif isinstance(resource, ServiceComponent):
        yield from _named(HANDLER, resource.handlers, "handlers")
        for rule in resource.rules:
            yield from _named(RULE_TEMPLATE, (rule.template,), f"rule {rule.name}")
    elif isinstance(resource, Pipeline):
        for workflow in resource.workflows or ():
            where = f"workflow {workflow.name}"
            yield from _referred(EVENT_FILTER, workflow.filters, where)
            yield from _referred(MUTATOR, (workflow.mutator,), where)
            for kind in _HANDLERS:
                yield from _referred(kind, (workflow.handler,), where)
    elif isinstance(resource, FallbackPipeline):
        yield from _referred(PIPELINE, resource.pipelines or (), "pipelines")
    yield from _named(HANDLER, (getattr(resource, "fallback_handler", ""),), "fallback_handler")
    yield from _named(ASSET, getattr(resource, "runtime_assets", None), "runtime_assets")
    yield from _named(SECRET, [each.secret for each in getattr(resource, "secrets", None) or ()], "secrets")


def _of_check(check: CheckConfig) -> Iterator[Reference]:
    yield from _named(HANDLER, check.handlers, "handlers")
    yield from _named(HANDLER, check.output_metric_handlers, "output_metric_handlers")
    yield from _named(PIPELINE, [each.name for each in check.pipelines], "pipelines")
    if check.fallback_pipeline is not None:
        yield from _named(FALLBACK_PIPELINE, (check.fallback_pipeline.name,), "fallback_pipeline")
    for hooks in check.check_hooks or ():
        for result, names in hooks.items():
            yield from _named(HOOK, names, f"check_hooks {result}")


def _named(kind: Kind, names: Iterable[str] | None, where: str) -> Iterator[Reference]:
    return (Reference(kind, name, where) for name in names or () if name)


def _referred(kind: Kind, references: Iterable[ResourceReference | None], where: str) -> Iterator[Reference]:
    """Those that are of the kind; a workflow may name handlers of other kinds."""
    for each in references:
        if each is not None and (each.api_version, each.type) == (kind.api_version, kind.type):
            yield Reference(kind, each.name, where)


def users_of(kind: Kind, resources: Mapping[Kind, Iterable[Any]]) -> dict[str, list[ResourceUser]]:
    """The users of each resource of a kind by its name, whether it exists or not; in order of kinds and names."""
    found: dict[str, list[ResourceUser]] = {}
    for user_kind, each_kind in resources.items():
        for resource in each_kind:
            for reference in references_of(resource):
                if reference.kind is kind:
                    user = ResourceUser(user_kind.segment, resource.metadata.name, reference.where)
                    found.setdefault(reference.name, []).append(user)
    return found
