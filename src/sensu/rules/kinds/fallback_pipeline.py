"""The rules of fallback pipelines.

Source: docs, "Pipelines reference", fallback pipelines.
"""

from collections.abc import Iterator

import msgspec

from sensu.resources.fallback_pipeline import FallbackPipeline
from sensu.resources.metadata import ResourceReference
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_references, own

PIPELINES_MAX = 50


def problems(fallback: FallbackPipeline) -> Iterator[FieldProblem]:
    """The rules that a fallback pipeline breaks. Whether its pipelines exist is not checked."""
    why = name_problem(fallback.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"fallback pipeline name {why}")
    if not fallback.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")
    if not fallback.pipelines:
        yield FieldProblem("pipelines", "pipelines must have at least one pipeline")
    elif len(fallback.pipelines) > PIPELINES_MAX:
        yield FieldProblem("pipelines", f"pipelines must have at most {PIPELINES_MAX} pipelines")
    for number, reference in enumerate(fallback.pipelines or ()):
        path = f"pipelines[{number}]"
        why = name_problem(reference.name)
        if why is not None:
            yield FieldProblem(f"{path}.name", f"{path}.name {why}")
        if (reference.api_version, reference.type) != ("core/v2", "Pipeline"):
            message = f"{path} must refer to a core/v2.Pipeline, not {reference.api_version}.{reference.type}"
            yield FieldProblem(f"{path}.type", message)


def _completed(fallback: FallbackPipeline, username: str, now: float) -> FallbackPipeline:
    """The fallback pipeline with the type and API version of references that have only a name."""
    if all(reference.type and reference.api_version for reference in fallback.pipelines or ()):
        return fallback
    pipelines = tuple(
        ResourceReference(name=each.name, type=each.type or "Pipeline", api_version=each.api_version or "core/v2")
        for each in fallback.pipelines or ()
    )
    return msgspec.structs.replace(fallback, pipelines=pipelines)


RULES = KindRules(
    problems=problems,
    completed=_completed,
    selectable=Selectable("fallback_pipeline", {**PLACE, **own(as_references, "pipelines")}),
    keeps_namespace=True,
)
