"""The rules of pipelines.

Source: recorded scenario pipelines-invalid.
"""

from collections.abc import Mapping

from sensu.resources.metadata import ResourceReference
from sensu.resources.pipeline import Pipeline, PipelineWorkflow
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable

Capable = frozenset[tuple[str, str]]

FILTERING: Capable = frozenset([("core/v2", "EventFilter")])
MUTATING: Capable = frozenset([("core/v2", "Mutator")])
HANDLING: Capable = frozenset([("core/v2", "Handler")])
_CAPABLE: Mapping[str, tuple[str, Capable]] = {
    "filter": ("filtering", FILTERING),
    "mutator": ("mutating", MUTATING),
    "handler": ("handling", HANDLING),
}


def problem(pipeline: Pipeline) -> str | None:
    """The first rule that a pipeline breaks, or None. Whether its references exist is not checked."""
    why = name_problem(pipeline.metadata.name)
    if why is not None:
        return f"name {why}"
    if not pipeline.metadata.namespace:
        return "namespace must be set"
    for workflow in pipeline.workflows or ():
        why = _workflow_problem(workflow)
        if why is not None:
            return f"workflow {why}"
    return None


def _workflow_problem(workflow: PipelineWorkflow) -> str | None:
    why = name_problem(workflow.name)
    if why is not None:
        return f"name {why}"
    for event_filter in workflow.filters:
        why = _reference_problem("filter", event_filter)
        if why is not None:
            return why
    if workflow.mutator is not None and (why := _reference_problem("mutator", workflow.mutator)) is not None:
        return why
    if workflow.handler is None:
        return "handler must be set"
    return _reference_problem("handler", workflow.handler)


def _reference_problem(role: str, reference: ResourceReference) -> str | None:
    why = name_problem(reference.name)
    if why is not None:
        return f"{role} name {why}"
    if not reference.type:
        return f"{role} type must be set"
    if not reference.api_version:
        return f"{role} api_version must be set"
    doing, capable = _CAPABLE[role]
    if (reference.api_version, reference.type) not in capable:
        kind = f"{reference.api_version}.{reference.type}"
        return f"{role} resource type not capable of {doing} events: {kind}"
    return None


RULES = KindRules(problem=problem, selectable=Selectable("pipeline", PLACE), keeps_namespace=False, suggested=())
