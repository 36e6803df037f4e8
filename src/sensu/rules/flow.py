"""Counts of what went through a workflow: kept by one member, added up, and shown."""

import math
from collections.abc import Iterable, Mapping

import msgspec

from sensu.rules.explain import DELIVERED, DROPPED, FILTERED, FilterTrace, WorkflowTrace, cut

SHORTEST_S, STEP, LONGEST = 0.001, 1.25, 64
"""Durations are counted in ranges whose ends grow by a quarter: from 1 ms to half an hour."""


class FilterCounts(msgspec.Struct):
    """Events that passed a filter or were kept back; `errors` counts those of them for which an expression failed."""

    passed: int = 0
    kept_back: int = 0
    errors: int = 0


class FlowCounts(msgspec.Struct):
    """What went through a workflow: events that entered, and attempts that were delivered or failed.

    `took` counts the durations of handlers by range. `error` is the last one, of `error_at` (Unix seconds).
    """

    workflow: str
    handler: str
    entered: int = 0
    filters: dict[str, FilterCounts] = {}
    mutated: int = 0
    not_mutated: int = 0
    delivered: int = 0
    failed: int = 0
    took: dict[int, int] = {}
    error: str = ""
    error_at: float = 0.0


def count(counts: FlowCounts, trace: WorkflowTrace) -> None:
    """Count an attempt. An event that is tried again enters once and is filtered once."""
    if trace.attempts <= 1:
        counts.entered += 1
        for verdict in trace.filters:
            _count_filter(counts.filters.setdefault(verdict.name, FilterCounts()), verdict)
    if trace.mutator is not None:
        counts.mutated += trace.mutator.well
        counts.not_mutated += not trace.mutator.well
    if trace.handling is not None:
        index = range_of(trace.handling.seconds)
        counts.took[index] = counts.took.get(index, 0) + 1
    if trace.outcome == DELIVERED:
        counts.delivered += 1
    elif trace.outcome != FILTERED:
        counts.failed += 1
        counts.error, counts.error_at = cut(trace.why or DROPPED), trace.at


def _count_filter(counts: FilterCounts, verdict: FilterTrace) -> None:
    counts.passed += verdict.passes
    counts.kept_back += not verdict.passes
    counts.errors += verdict.missing or any(each.error for each in verdict.expressions)


def added(parts: Iterable[FlowCounts]) -> dict[str, FlowCounts]:
    """The sums of each workflow."""
    sums: dict[str, FlowCounts] = {}
    for part in parts:
        whole = sums.setdefault(part.workflow, FlowCounts(part.workflow, part.handler))
        whole.handler = part.handler
        for name in ("entered", "mutated", "not_mutated", "delivered", "failed"):
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
        for filter_name, counts in part.filters.items():
            kept = whole.filters.setdefault(filter_name, FilterCounts())
            kept.passed += counts.passed
            kept.kept_back += counts.kept_back
            kept.errors += counts.errors
        for index, number in part.took.items():
            whole.took[index] = whole.took.get(index, 0) + number
        if part.error_at >= whole.error_at and part.error:
            whole.error, whole.error_at = part.error, part.error_at
    return sums


def range_of(seconds: float) -> int:
    """The number of the range that a duration belongs to."""
    if seconds <= SHORTEST_S:
        return 0
    return min(LONGEST, math.ceil(math.log(seconds / SHORTEST_S, STEP)))


def quantile_s(took: Mapping[int, int], share: float) -> float:
    """The duration that this share of the runs did not exceed, up to a quarter too long; 0 without any run."""
    left = share * sum(took.values())
    for index in sorted(took):
        left -= took[index]
        if left <= 0:
            return round(SHORTEST_S * STEP**index, 4)
    return 0.0
