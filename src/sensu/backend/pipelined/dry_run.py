"""Dry runs: what workflows would do with an event now. Expressions are evaluated; nothing else is executed."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from sensu.backend.pipelined.filters import EXPRESSION_TIME_LIMIT_S, Filters, Subject
from sensu.backend.pipelined.mutators import BUILT_IN_MUTATORS
from sensu.backend.pipelined.runtime_assets import RuntimeAssets
from sensu.backend.seams import Question
from sensu.clock import Clock
from sensu.execution.javascript import Sandbox
from sensu.resources.event import Event
from sensu.resources.kinds import EVENT_FILTER, HANDLER, MUTATOR, PIPELINE, SILENCED, Kind
from sensu.resources.metadata import ResourceReference
from sensu.resources.wire import encode
from sensu.rules.explain import (
    DROPPED,
    FILTERED,
    PASSES,
    Explanation,
    FilterTrace,
    WorkflowTrace,
    facts_of,
    verdict_of,
)
from sensu.rules.silencing import SilenceIndex
from sensu.rules.workflow import Workflow, plan, wants_handling


class Records(Protocol):
    """Committed resources in memory."""

    def get(self, kind: Kind, namespace: str, name: str) -> Any:
        """The resource, or None."""
        ...

    def list(self, kind: Kind, namespace: str | None = None) -> Sequence[Any]:
        """All of a namespace."""
        ...


class _Candidates:
    """Committed resources, with those of a question in the place of the stored ones."""

    def __init__(self, records: Records, question: Question) -> None:
        self._records = records
        asked = ((EVENT_FILTER, question.filter), (HANDLER, question.handler), (PIPELINE, question.pipeline))
        self._asked: dict[tuple[str, str], Any] = {
            (kind.qualified_name, candidate.metadata.name): candidate for kind, candidate in asked if candidate
        }

    def get(self, kind: Kind, namespace: str, name: str) -> Any:
        """The candidate, else the resource, or None."""
        return self._asked.get((kind.qualified_name, name)) or self._records.get(kind, namespace, name)


class DryRuns:
    """Answers questions, one after the other so that the loop stays free for deliveries."""

    def __init__(self, records: Records, assets: RuntimeAssets, clock: Clock) -> None:
        self._records, self._assets, self._clock = records, assets, clock
        self._sandbox = Sandbox(time_limit_s=EXPRESSION_TIME_LIMIT_S)
        self._one_at_a_time = asyncio.Lock()

    async def explain(self, namespace: str, question: Question) -> Explanation:
        """What would happen to the event of the question if it came now."""
        candidates = _Candidates(self._records, question)
        event = _routed(self._silenced(namespace, question.event), question)
        found = plan(
            event,
            lambda name: candidates.get(PIPELINE, namespace, name),
            lambda name: candidates.get(HANDLER, namespace, name),
        )
        filters = Filters(candidates, self._assets, self._clock, self._sandbox)
        subject = Subject(encode(event))
        async with self._one_at_a_time:
            asked: FilterTrace | None = None
            if question.filter is not None:
                asked = await filters.judge(namespace, question.filter, subject)
            workflows = [await _run(candidates, filters, namespace, workflow, subject) for workflow in found.workflows]
        return _explanation(namespace, event, workflows, found.problems, asked)

    def _silenced(self, namespace: str, event: Event) -> Event:
        """The event with the silences that are in force now, as it would be stored."""
        if event.check is None or event.entity is None:
            return event
        matching = SilenceIndex(self._records.list(SILENCED, namespace)).matching(event, self._clock.now())
        names = tuple(entry.metadata.name for entry in matching)
        check = msgspec.structs.replace(event.check, silenced=names, is_silenced=bool(names) or event.check.is_silenced)
        return msgspec.structs.replace(event, check=check)


def _routed(event: Event, question: Question) -> Event:
    """The event on its way through the pipeline or handler that is asked about, and no other."""
    if question.pipeline is None and question.handler is None:
        return event
    pipelines: tuple[ResourceReference, ...] = ()
    if question.pipeline is not None:
        name = question.pipeline.metadata.name
        pipelines = (ResourceReference(api_version="core/v2", type="Pipeline", name=name),)
    handlers = (question.handler.metadata.name,) if question.handler is not None and not pipelines else ()
    check = event.check and msgspec.structs.replace(event.check, handlers=handlers)
    metrics = event.metrics and msgspec.structs.replace(event.metrics, handlers=() if check else handlers)
    return msgspec.structs.replace(event, check=check, metrics=metrics, pipelines=pipelines or None)


async def _run(
    candidates: _Candidates, filters: Filters, namespace: str, workflow: Workflow, subject: Subject
) -> WorkflowTrace:
    traces: list[FilterTrace] = []
    outcome, why = PASSES, ""
    for name in workflow.filters:
        traces.append(await filters.verdict(namespace, name, subject))
        if not traces[-1].passes:
            missing = traces[-1].missing
            outcome, why = (DROPPED, traces[-1].reason) if missing else (FILTERED, f"filter {name} kept it back")
            break
    else:
        why = _missing(candidates, namespace, workflow)
        outcome = DROPPED if why else PASSES
    return WorkflowTrace(
        workflow=str(workflow), handler=workflow.handler, outcome=outcome, why=why, filters=tuple(traces)
    )


def _missing(candidates: _Candidates, namespace: str, workflow: Workflow) -> str:
    """What a workflow names that is not there."""
    if workflow.mutator not in BUILT_IN_MUTATORS and candidates.get(MUTATOR, namespace, workflow.mutator) is None:
        return f"mutator {workflow.mutator} does not exist"
    handler = candidates.get(HANDLER, namespace, workflow.handler)
    return "" if handler is not None else f"handler {workflow.handler} does not exist"


def _explanation(
    namespace: str,
    event: Event,
    workflows: Sequence[WorkflowTrace],
    problems: Sequence[str],
    asked: FilterTrace | None,
) -> Explanation:
    return Explanation(
        namespace=namespace,
        entity=event.entity.metadata.name if event.entity is not None else "",
        check=event.check.metadata.name if event.check is not None else "",
        event=facts_of(event),
        verdict=verdict_of(workflows, problems, wanted=wants_handling(event)),
        problems=tuple(problems),
        workflows=tuple(workflows),
        filter=asked,
    )
