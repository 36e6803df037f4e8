"""The rules of pipelines.

Source: recorded scenario pipelines-invalid.
"""

from collections.abc import Iterator, Mapping

from sensu.resources.metadata import ResourceReference
from sensu.resources.pipeline import Pipeline, PipelineWorkflow
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable

Capable = frozenset[tuple[str, str]]

FILTERING: Capable = frozenset([("core/v2", "EventFilter")])
MUTATING: Capable = frozenset([("core/v2", "Mutator")])
HANDLING: Capable = frozenset(
    [("core/v2", "Handler"), ("pipeline/v1", "SumoLogicMetricsHandler"), ("pipeline/v1", "TCPStreamHandler")]
)
_CAPABLE: Mapping[str, tuple[str, Capable]] = {
    "filter": ("filtering", FILTERING),
    "mutator": ("mutating", MUTATING),
    "handler": ("handling", HANDLING),
}


def problems(pipeline: Pipeline) -> Iterator[FieldProblem]:
    """The rules that a pipeline breaks. Whether its references exist is not checked."""
    why = name_problem(pipeline.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"name {why}")
    if not pipeline.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")
    for number, workflow in enumerate(pipeline.workflows or ()):
        for path, message in _workflow_problems(workflow):
            yield FieldProblem(f"workflows[{number}].{path}", f"workflow {message}")


def _workflow_problems(workflow: PipelineWorkflow) -> Iterator[FieldProblem]:
    why = name_problem(workflow.name)
    if why is not None:
        yield FieldProblem("name", f"name {why}")
    for number, event_filter in enumerate(workflow.filters):
        yield from _reference_problems("filter", f"filters[{number}]", event_filter)
    if workflow.mutator is not None:
        yield from _reference_problems("mutator", "mutator", workflow.mutator)
    if workflow.handler is None:
        yield FieldProblem("handler", "handler must be set")
    else:
        yield from _reference_problems("handler", "handler", workflow.handler)


def _reference_problems(role: str, path: str, reference: ResourceReference) -> Iterator[FieldProblem]:
    why = name_problem(reference.name)
    if why is not None:
        yield FieldProblem(f"{path}.name", f"{role} name {why}")
    if not reference.type:
        yield FieldProblem(f"{path}.type", f"{role} type must be set")
    elif not reference.api_version:
        yield FieldProblem(f"{path}.api_version", f"{role} api_version must be set")
    else:
        doing, capable = _CAPABLE[role]
        if (reference.api_version, reference.type) not in capable:
            kind = f"{reference.api_version}.{reference.type}"
            message = f"{role} resource type not capable of {doing} events: {kind}"
            yield FieldProblem(f"{path}.type", message)


RULES = KindRules(problems=problems, selectable=Selectable("pipeline", PLACE), keeps_namespace=False, suggested=())
