"""Explains why workflows handled an event or not: the trace of each attempt, and its wording."""

from collections.abc import Iterable, Mapping, Sequence

from sensu.resources.event import Event
from sensu.resources.wire import Wire, always, always_bool, always_int, always_list, always_null, always_str
from sensu.rules.filters import ExpressionError, FilterVerdict, decide, decided_by_window
from sensu.rules.workflow import Workflow

BUILT_IN_ACTION = "built-in"
WAITING, DELIVERED, FILTERED, DROPPED, FAILED, GIVEN_UP, FELL_BACK, NEXT_PIPELINE, DISCARDED, PASSES = (
    "waiting",
    "delivered",
    "filtered",
    "dropped",
    "failed",
    "given up",
    "given to the fallback handler",
    "given to the next pipeline",
    "discarded",
    "would be delivered",
)
"""The outcomes of a workflow. A failed one is retried; the last is used by dry runs."""
FAILED_EXPRESSION = "an expression failed, and what fails decides nothing"
TEXT_CHARACTERS_MAX = 1000
"""The largest number of characters of an error; longer ones are cut."""


class ExpressionTrace(Wire, frozen=True):
    """The value of an expression, or its error (then `value` is null)."""

    expression: str = always_str()
    value: bool | None = always_null()
    error: str = ""


class FilterTrace(Wire, frozen=True):
    """Whether an event passed a filter, and why not.

    `action` is `built-in` for built-in filters and empty if the filter does not exist. `window` is `inside` or
    `outside` of the filter's time windows, empty if it has none. `expressions` is empty if the window alone decides.
    """

    name: str = always_str()
    passes: bool = always_bool()
    action: str = ""
    window: str = ""
    reason: str = ""
    expressions: tuple[ExpressionTrace, ...] = ()

    @property
    def missing(self) -> bool:
        """Whether the filter does not exist."""
        return not self.action


class StageTrace(Wire, frozen=True):
    """The result of a mutator or handler."""

    name: str = always_str()
    well: bool = always_bool()
    why: str = ""
    seconds: float = 0.0


class WorkflowTrace(Wire, frozen=True):
    """The state of a workflow after its last attempt, which ended at `at` (Unix seconds).

    `due_at` is the time of the next attempt, if it is retried.
    """

    workflow: str = always_str()
    handler: str = always_str()
    outcome: str = always_str()
    why: str = ""
    attempts: int = 0
    at: float = 0.0
    due_at: float = 0.0
    seconds: float = 0.0
    filters: tuple[FilterTrace, ...] = always_list()
    mutator: StageTrace | None = None
    handling: StageTrace | None = None


class Handling(Wire, frozen=True):
    """The outcome of a workflow for a state change.

    `outcome` is one of those of explanations. It belongs to the event whose delivery had the id `delivery`, was
    reached `at` (Unix seconds) after `attempts` attempts. `filter` names the filter that kept the event back, `why` is
    the reason of a failure.
    """

    workflow: str = always_str()
    handler: str = always_str()
    outcome: str = always_str()
    at: int = always_int()
    attempts: int = always_int()
    delivery: int = always_int()
    filter: str = ""
    why: str = ""


class EventFacts(Wire, frozen=True):
    """The fields of an event that an explanation shows."""

    id: str = always_str()
    timestamp: int = 0
    status: int | None = None
    state: str = ""
    occurrences: int = 0
    silenced: tuple[str, ...] = always_list()


class Explanation(Wire, frozen=True):
    """Why each workflow handled an event or not.

    With `recorded` it is what happened, otherwise what would happen now. `earlier` is the explanation of the event
    before, if none is recorded of this one. `filter` is the verdict of the filter of a dry run by itself. `handling` is
    what is kept of the outcomes for the last state change of a stored event, and `handled` the outcome on the whole.
    `away_since` is when the last keepalive came, if the agent of the entity is away; until it is back, the TTL of its
    checks waits.
    """

    namespace: str = always_str()
    entity: str = always_str()
    check: str = always_str()
    recorded: bool = always_bool()
    event: EventFacts = always(EventFacts)
    verdict: str = always_str()
    delivery: int = 0
    problems: tuple[str, ...] = ()
    workflows: tuple[WorkflowTrace, ...] = always_list()
    filter: FilterTrace | None = None
    earlier: "Explanation | None" = None
    handled: str = ""
    handling: tuple[Handling, ...] = ()
    away_since: int = 0


def facts_of(event: Event) -> EventFacts:
    """The facts of an event."""
    check = event.check
    if check is None:
        return EventFacts(id=event.id or "", timestamp=event.timestamp)
    return EventFacts(
        id=event.id or "",
        timestamp=event.timestamp,
        status=check.status,
        state=check.state,
        occurrences=check.occurrences,
        silenced=tuple(check.silenced or ()),
    )


def cut(text: str) -> str:
    """The text, or the beginning of a long one."""
    return text if len(text) <= TEXT_CHARACTERS_MAX else f"{text[:TEXT_CHARACTERS_MAX]}…"


_WHY_NOT: Mapping[str, str] = {
    "is_incident": "the event is neither an incident nor the resolution of one",
    "not_silenced": "the event is silenced",
    "has_metrics": "the event has no metrics",
}


def built_in_trace(name: str, *, passes: bool) -> FilterTrace:
    """The trace of a built-in filter."""
    return FilterTrace(
        name=name, passes=passes, action=BUILT_IN_ACTION, reason="" if passes else _WHY_NOT.get(name, "")
    )


def missing_trace(name: str) -> FilterTrace:
    """The trace of a filter that does not exist."""
    return FilterTrace(name=name, reason=f"filter {name} does not exist")


def window_trace(name: str, action: str, in_when: bool | None) -> FilterTrace | None:
    """The trace of a filter if its window alone decides, None if its expressions must be evaluated."""
    return (
        _traced(name, action, in_when, (), decide(action, (), in_when)) if decided_by_window(action, in_when) else None
    )


def filter_trace(
    name: str,
    action: str,
    in_when: bool | None,
    expressions: Sequence[str],
    values: Sequence[bool | ExpressionError],
) -> FilterTrace:
    """The trace of a filter whose expressions have these values."""
    traces = tuple(_expression(text, value) for text, value in zip(expressions, values, strict=True))
    return _traced(name, action, in_when, traces, decide(action, values, in_when))


def _traced(
    name: str, action: str, in_when: bool | None, expressions: tuple[ExpressionTrace, ...], verdict: FilterVerdict
) -> FilterTrace:
    window = "" if in_when is None else ("inside" if in_when else "outside")
    action = action or "none"
    return FilterTrace(
        name=name,
        passes=verdict.passes,
        action=action,
        window=window,
        reason=verdict.reason or ("" if all(trace.value is not None for trace in expressions) else FAILED_EXPRESSION),
        expressions=expressions,
    )


def _expression(text: str, value: bool | ExpressionError) -> ExpressionTrace:
    if isinstance(value, ExpressionError):
        return ExpressionTrace(expression=text, error=cut(value.message))
    return ExpressionTrace(expression=text, value=value)


def waiting(workflow: Workflow) -> WorkflowTrace:
    """The trace of a workflow that has not been tried."""
    return WorkflowTrace(workflow=str(workflow), handler=workflow.handler.label, outcome=WAITING)


def discarded(workflow: Workflow, now: float) -> WorkflowTrace:
    """The trace of a workflow whose delivery was discarded before the workflow was tried."""
    return WorkflowTrace(workflow=str(workflow), handler=workflow.handler.label, outcome=DISCARDED, at=now)


def verdict_of(workflows: Iterable[WorkflowTrace], problems: Sequence[str], *, wanted: bool) -> str:
    """The number of workflows by outcome, in words; `wanted` is whether the event names any pipeline or handler."""
    counts: dict[str, int] = {}
    for trace in workflows:
        counts[trace.outcome] = counts.get(trace.outcome, 0) + 1
    if counts:
        return ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
    if not wanted:
        return "not handled: the event names no pipeline and no handler"
    return f"not handled: {'; '.join(problems) or 'nothing that it names is there'}"
