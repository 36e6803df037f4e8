"""Finds the workflows of an event: those of its pipelines, and one for each handler that it names itself."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from sensu.resources.event import Event
from sensu.resources.fallback_pipeline import FallbackPipeline
from sensu.resources.handler import Handler
from sensu.resources.metadata import FallbackPipelineReference, ResourceReference
from sensu.resources.pipeline import Pipeline, PipelineWorkflow

LEGACY_PIPELINE = "core/v2.LegacyPipeline(Name=legacy-pipeline)"
"""The name, in logs and metrics, of the pipeline of the handlers that an event names itself."""

_LEGACY_WORKFLOW = "legacy-pipeline-workflow-"

HANDLER_SET_LEVELS_MAX = 3
HAS_METRICS = "has_metrics"
"""The built-in filter that lets events with metrics pass."""
_FALLBACK = "fallback("
_FALLBACK_PIPELINE = "fallback_pipeline/v1.FallbackPipeline("
_NAMED = "Name="

FindHandler = Callable[[str], Handler | None]
FindPipeline = Callable[[str], Pipeline | None]
FindFallback = Callable[[str], FallbackPipeline | None]


class HandlerRef(NamedTuple):
    """Refers to a handler of any kind, in the namespace of the event.

    Handlers of different kinds may have the same name, so that a name alone does not identify one.
    """

    api_version: str
    type: str
    name: str

    @property
    def kind(self) -> str:
        """`core/v2.Handler`."""
        return f"{self.api_version}.{self.type}"

    @property
    def label(self) -> str:
        """The name of a `core/v2.Handler`; other handlers show their kind too."""
        return self.name if self[:2] == _CORE_HANDLER else str(self)

    def __str__(self) -> str:
        """`core/v2.Handler(Name=slack)`."""
        return f"{self.kind}({_NAMED}{self.name})"


_CORE_HANDLER = ("core/v2", "Handler")


def core_handler(name: str) -> HandlerRef:
    """Refers to a `core/v2.Handler`, as checks, handler sets and `fallback_handler` do."""
    return HandlerRef(*_CORE_HANDLER, name)


@dataclass(frozen=True, slots=True)
class Workflow:
    """Filters in order, then a mutator (empty: the event's JSON), then a handler.

    `informs` is false for a workflow that is only for the metrics of events. `then` names the workflows of the pipeline
    that is tried if this one fails, because both belong to a fallback pipeline.
    """

    pipeline: str
    name: str
    filters: tuple[str, ...]
    mutator: str
    handler: HandlerRef
    informs: bool = True
    then: tuple[str, ...] = ()

    def __str__(self) -> str:
        """`core/v2.Pipeline(Name=incidents)/page`, for logs."""
        return f"{self.pipeline}/{self.name}"


@dataclass(frozen=True, slots=True)
class Plan:
    """The workflows of an event in the order in which they run, and the problems with its references, as sentences.

    `later` are those of fallback pipelines that run if others fail.
    """

    workflows: Sequence[Workflow]
    problems: Sequence[str]
    later: Sequence[Workflow] = ()


def wants_handling(event: Event) -> bool:
    """Whether an event names any pipeline or handler; pipelines named only in its check do not count.

    Source: recorded scenario pipeline-check-field-only.
    """
    check, metrics = event.check, event.metrics
    return bool(
        event.pipelines
        or (check is not None and (check.handlers or check.fallback_pipeline))
        or (metrics is not None and metrics.handlers)
    )


def plan(
    event: Event,
    find_pipeline: FindPipeline,
    find_handler: FindHandler,
    find_fallback: FindFallback = lambda name: None,
) -> Plan:
    """Plan the workflows of an event: its pipelines in order, its fallback pipeline, its handlers sorted by name.

    Workflow names are unique; a pipeline that is named twice counts once.

    Source: docs "Pipeline reference"; recorded scenarios pipeline-and-handlers, pipeline-missing, handler-set.
    """
    problems: list[str] = []
    workflows: list[Workflow] = []
    for reference in dict.fromkeys(event.pipelines or ()):
        workflows.extend(_of_pipeline(reference, find_pipeline, problems))
    later: list[Workflow] = []
    if event.check is not None and event.check.fallback_pipeline is not None:
        first, *others = _of_fallback(event.check.fallback_pipeline, find_fallback, find_pipeline, problems) or [()]
        workflows.extend(first)
        later = [workflow for attempt in others for workflow in attempt]
    workflows.extend(_of_handlers(event, find_handler, problems))
    return Plan(_with_unique_names(workflows), problems, later)


def _of_fallback(
    reference: FallbackPipelineReference,
    find: FindFallback,
    find_pipeline: FindPipeline,
    problems: list[str],
) -> list[Sequence[Workflow]]:
    """The workflows of each pipeline of a fallback pipeline that exists, each with the names of the next ones."""
    name = f"{reference.api_version}.{reference.type}({_NAMED}{reference.name})"
    found = find(reference.name) if name.startswith(_FALLBACK_PIPELINE) else None
    if found is None:
        problems.append(f"fallback pipeline {name} does not exist")
        return []
    attempts: list[Sequence[Workflow]] = []
    for each in dict.fromkeys(found.pipelines or ()):
        workflows = _of_pipeline(each, find_pipeline, problems)
        attempt = [replace(workflow, pipeline=f"{name}/{workflow.pipeline}") for workflow in workflows]
        if attempt:
            attempts.append(_with_unique_names(attempt))
    next_names = [*(tuple(map(str, attempt)) for attempt in attempts[1:]), ()]
    return [
        [replace(workflow, then=then) for workflow in attempt]
        for attempt, then in zip(attempts, next_names, strict=False)
    ]


def _with_unique_names(workflows: Sequence[Workflow]) -> Sequence[Workflow]:
    """Append a number to the name of each workflow that repeats an earlier name."""
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
    handler = workflow.handler
    ref = core_handler("") if handler is None else HandlerRef(handler.api_version, handler.type, handler.name)
    return Workflow(pipeline, workflow.name, filters, mutator, ref, HAS_METRICS not in filters)


def _of_handlers(event: Event, find: FindHandler, problems: list[str]) -> Iterable[Workflow]:
    found: dict[str, Handler] = {}
    if event.check is not None:
        _expand(event.check.handlers, find, found, problems, level=1)
    informing = set(found)
    if event.metrics is not None:
        _expand(event.metrics.handlers or (), find, found, problems, level=1)
    for name in sorted(found):
        handler, filters = found[name], found[name].filters or ()
        workflow = f"{_LEGACY_WORKFLOW}{name}"
        informs = name in informing and HAS_METRICS not in filters
        yield Workflow(LEGACY_PIPELINE, workflow, filters, handler.mutator, core_handler(name), informs)


def _expand(
    names: Iterable[str], find: FindHandler, found: dict[str, Handler], problems: list[str], *, level: int
) -> None:
    """Collect the named handlers, replacing each set by its members."""
    if level > HANDLER_SET_LEVELS_MAX:
        problems.append(f"handler sets are nested more than {HANDLER_SET_LEVELS_MAX} levels deep")
        return
    for name in names:
        handler = find(name)
        if handler is None:
            problems.append(missing_handler(core_handler(name)))
        elif handler.type == "set":
            _expand(handler.handlers or (), find, found, problems, level=level + 1)
        else:
            found[name] = handler


def missing_handler(handler: HandlerRef) -> str:
    """The problem of an event that names a handler that does not exist."""
    return f"handler {handler.label} does not exist"


def fallback_of(name: str, handler: HandlerRef, mutator: str) -> Workflow:
    """The workflow that takes an event to the fallback handler of the workflow `name`, which was given up.

    Its name is stored with deliveries: `fallback(Name=mail)/…`, and `fallback(a/v1.B(Name=mail))/…` for other kinds.
    """
    shown = f"{_NAMED}{handler.name}" if handler.label == handler.name else str(handler)
    return Workflow(f"{_FALLBACK}{shown})", name, (), mutator, handler)


def is_fallback(workflow: Workflow) -> bool:
    """Whether a workflow leads to a fallback handler, which has no fallback handler itself."""
    return workflow.pipeline.startswith(_FALLBACK)


def fallback_named(name: str) -> tuple[HandlerRef, str] | None:
    """The fallback handler, and the workflow that was given up, from the name of the workflow to a fallback handler."""
    if not name.startswith(_FALLBACK):
        return None
    shown, _, workflow = name.removeprefix(_FALLBACK).partition(")/")
    if shown.startswith(_NAMED):
        return core_handler(shown.removeprefix(_NAMED)), workflow
    kind, _, handler = shown.partition(f"({_NAMED}")
    api_version, _, type_name = kind.rpartition(".")
    return HandlerRef(api_version, type_name, handler.removesuffix(")")), workflow


def handler_named(name: str) -> str:
    """The handler of a workflow that is no longer planned, as far as the workflow's name shows it; empty otherwise."""
    if (fallback := fallback_named(name)) is not None:
        return fallback[0].label
    legacy = f"{LEGACY_PIPELINE}/{_LEGACY_WORKFLOW}"
    return name.removeprefix(legacy) if name.startswith(legacy) else ""


def of_pipeline_alone(name: str) -> str:
    """The name of a workflow without the fallback pipeline that its pipeline was tried for."""
    return name.partition(")/")[2] if name.startswith(_FALLBACK_PIPELINE) else name


class WorkflowName(NamedTuple):
    """The parts of a workflow's name: no pipeline for a handler that an event names itself."""

    pipeline: str
    workflow: str
    fallback: bool


def workflow_named(name: str) -> WorkflowName:
    """The parts of a name as `str(workflow)` gives it; with `fallback` those of the workflow that was given up."""
    if (fallback := fallback_named(name)) is not None:
        return workflow_named(fallback[1])._replace(fallback=True)
    if name.startswith(f"{LEGACY_PIPELINE}/"):
        return WorkflowName("", "", False)
    name = of_pipeline_alone(name)
    pipeline, _, workflow = name.partition(f"({_NAMED}")[2].partition(")/")
    return WorkflowName(pipeline, workflow, False)
