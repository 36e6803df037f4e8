"""Which workflows an event goes through: those of its pipelines, and one for each handler it names itself."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sensu.resources.event import Event
from sensu.resources.handler import Handler
from sensu.resources.metadata import ResourceReference
from sensu.resources.pipeline import Pipeline, PipelineWorkflow

LEGACY_PIPELINE = "core/v2.LegacyPipeline(Name=legacy-pipeline)"
"""What the way of an event through the handlers it names itself is called in logs and metrics."""

HANDLER_SET_LEVELS_MAX = 3
_FALLBACK = "fallback(Name="

FindHandler = Callable[[str], Handler | None]
FindPipeline = Callable[[str], Pipeline | None]


@dataclass(frozen=True, slots=True)
class Workflow:
    """Filters in order, then a mutator (empty: the event's JSON), then a handler, all by name."""

    pipeline: str
    name: str
    filters: tuple[str, ...]
    mutator: str
    handler: str

    def __str__(self) -> str:
        """`core/v2.Pipeline(Name=incidents)/page`, for logs."""
        return f"{self.pipeline}/{self.name}"


@dataclass(frozen=True, slots=True)
class Plan:
    """The workflows of an event in the order they run, and what is wrong with what it names, one sentence each."""

    workflows: Sequence[Workflow]
    problems: Sequence[str]


def wants_handling(event: Event) -> bool:
    """Whether an event names any pipeline or handler at all; the pipelines that its check names do not count.

    Source: recorded scenario pipeline-check-field-only.
    """
    check, metrics = event.check, event.metrics
    return bool(event.pipelines or (check is not None and check.handlers) or (metrics is not None and metrics.handlers))


def plan(event: Event, find_pipeline: FindPipeline, find_handler: FindHandler) -> Plan:
    """The workflows of an event: its pipelines in order, then the handlers it names in order of their names.

    No two of them have the same name; a pipeline that is named twice counts once.

    Source: docs "Pipeline reference"; recorded scenarios pipeline-and-handlers, pipeline-missing, handler-set.
    """
    problems: list[str] = []
    workflows: list[Workflow] = []
    for reference in dict.fromkeys(event.pipelines or ()):
        workflows.extend(_of_pipeline(reference, find_pipeline, problems))
    workflows.extend(_of_handlers(event, find_handler, problems))
    return Plan(_told_apart(workflows), problems)


def _told_apart(workflows: Sequence[Workflow]) -> Sequence[Workflow]:
    """The workflows with a number behind the name of each that has the name of an earlier one."""
    seen: Counter[str] = Counter()
    named = []
    for workflow in workflows:
        name = str(workflow)
        seen[name] += 1
        named.append(workflow if seen[name] == 1 else replace(workflow, name=f"{workflow.name}#{seen[name]}"))
    return named


def _of_pipeline(reference: ResourceReference, find: FindPipeline, problems: list[str]) -> Iterable[Workflow]:
    name = f"{reference.api_version}.{reference.type}(Name={reference.name})"
    pipeline = find(reference.name) if (reference.api_version, reference.type) == ("core/v2", "Pipeline") else None
    if pipeline is None:
        problems.append(f"pipeline {name} does not exist")
        return
    if not pipeline.workflows:
        problems.append(f"pipeline {name} has no workflows")
    for workflow in pipeline.workflows or ():
        yield _of_workflow(name, workflow)


def _of_workflow(pipeline: str, workflow: PipelineWorkflow) -> Workflow:
    filters = tuple(reference.name for reference in workflow.filters)
    mutator = workflow.mutator.name if workflow.mutator is not None else ""
    handler = workflow.handler.name if workflow.handler is not None else ""
    return Workflow(pipeline, workflow.name, filters, mutator, handler)


def _of_handlers(event: Event, find: FindHandler, problems: list[str]) -> Iterable[Workflow]:
    named = [*(event.check.handlers if event.check is not None else ())]
    named += (event.metrics.handlers or ()) if event.metrics is not None else ()
    found: dict[str, Handler] = {}
    _expand(named, find, found, problems, level=1)
    for name in sorted(found):
        handler = found[name]
        yield Workflow(
            LEGACY_PIPELINE, f"legacy-pipeline-workflow-{name}", handler.filters or (), handler.mutator, name
        )


def _expand(
    names: Iterable[str], find: FindHandler, found: dict[str, Handler], problems: list[str], *, level: int
) -> None:
    """Collect the handlers of `names`, those of sets in their stead."""
    if level > HANDLER_SET_LEVELS_MAX:
        problems.append(f"handler sets are nested more than {HANDLER_SET_LEVELS_MAX} levels deep")
        return
    for name in names:
        handler = find(name)
        if handler is None:
            problems.append(missing_handler(name))
        elif handler.type == "set":
            _expand(handler.handlers or (), find, found, problems, level=level + 1)
        else:
            found[name] = handler


def missing_handler(name: str) -> str:
    """What is said of an event that names a handler which does not exist."""
    return f"handler {name} does not exist"


def fallback_of(name: str, handler: Handler) -> Workflow:
    """The way of an event to the fallback handler of a workflow (by its name) that was given up."""
    return Workflow(f"{_FALLBACK}{handler.metadata.name})", name, (), handler.mutator, handler.metadata.name)


def is_fallback(workflow: Workflow) -> bool:
    """Whether a workflow is the way to a fallback handler, which has none of its own."""
    return workflow.pipeline.startswith(_FALLBACK)


def fallback_named(name: str) -> tuple[str, str] | None:
    """The fallback handler and the workflow that was given up, in the name of the way to a fallback handler."""
    if not name.startswith(_FALLBACK):
        return None
    handler, _, workflow = name.removeprefix(_FALLBACK).partition(")/")
    return handler, workflow
