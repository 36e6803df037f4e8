"""Requests to do the same to many things: what they may ask for, and what they are answered with."""

from collections.abc import Collection, Iterable

import msgspec

from sensu.resources.wire import Wire, always_bool, always_int, always_str
from sensu.resources.wire_numbers import I64
from sensu.rules.finding import word_problem

NAMED_MAX, MATCHED_MAX = 1000, 10_000
"""How many things a request may name, and how many its filter may match."""

DONE, REFUSED, GONE, FAILED = "done", "refused", "gone", "failed"
"""The outcomes of an item. `refused`: the caller may not, or a rule forbids it; `failed`: it can be tried again."""

SILENCE = "silence"
EVENTS, DELIVERIES = "events", "deliveries"


class Where(Wire, frozen=True):
    """A filter: all conditions must hold.

    `status` and `silenced` are conditions for events only; `state`, `handlers` and `error` are for deliveries only:
    those to exactly these handlers, with exactly this last error.
    """

    status: tuple[str, ...] = ()
    silenced: bool | None = None
    state: str = ""
    handlers: tuple[str, ...] | None = None
    error: str | None = None
    word: str = ""
    field_selectors: tuple[str, ...] = msgspec.field(default=(), name="fieldSelector")
    label_selectors: tuple[str, ...] = msgspec.field(default=(), name="labelSelector")


class SilenceTerms(Wire, frozen=True):
    """The terms of the silences to create; times are in seconds, as those of silences."""

    expire: I64 = 0
    expire_on_resolve: bool = False
    begin: I64 = 0
    reason: str = ""


class BulkRequest(Wire, frozen=True):
    """An action on many things, which are named (`of`) or match a filter (`where`).

    With `where`, `expect` must be the number of things that match. A dry run does nothing and says what would be done.
    """

    action: str = ""
    where: Where | None = None
    expect: int | None = None
    silence: SilenceTerms | None = None
    dry_run: bool = False


class BulkOfEvents(BulkRequest, frozen=True):
    """An action on events, which are named by entity and check."""

    of: tuple[tuple[str, ...], ...] | None = None


class BulkOfNamed(BulkRequest, frozen=True):
    """An action on things with names, or on deliveries with ids."""

    of: tuple[str | int, ...] | None = None


class BulkSummary(Wire, frozen=True):
    """How many items had which outcome; the entries of the audit log have the same `batch`."""

    batch: str = always_str()
    total: int = always_int()
    done: int = always_int()
    refused: int = always_int()
    gone: int = always_int()
    failed: int = always_int()
    dry_run: bool = always_bool()


class BulkLine(Wire, frozen=True):
    """A line of the answer: the outcome of an item and the reason, or, as the last line, the summary."""

    entity: str = ""
    check: str = ""
    delivery: str = ""
    outcome: str = ""
    why: str = ""
    summary: BulkSummary | None = None


def problem(request: BulkRequest, resource: str, of: Collection[object] | None, actions: Collection[str]) -> str | None:
    """The first rule that a request on things of a resource type breaks, or None."""
    if request.action not in actions:
        return f"action must be one of {', '.join(sorted(actions))}"
    if (of is None) == (request.where is None):
        return "either of or where must be given, and not both"
    if of is not None and not 0 < len(of) <= NAMED_MAX:
        return f"of must have between 1 and {NAMED_MAX:,} items"
    if request.where is not None and request.expect is None:
        return "expect must be the number of items that match where"
    if request.where is not None and (why := _misplaced(request.where, resource)):
        return why
    if request.where is not None and (why := word_problem(request.where.word)):
        return f"where.{why}"
    if request.silence is not None and request.action != SILENCE:
        return f"silence is only for the action {SILENCE}"
    return None


def _misplaced(where: Where, resource: str) -> str:
    """Why a filter does not suit a resource type; empty if it does."""
    if resource != EVENTS and (where.status or where.silenced is not None):
        return "where.status and where.silenced are only for events"
    if resource != DELIVERIES and (where.state or where.handlers is not None or where.error is not None):
        return "where.state, where.handlers and where.error are only for deliveries"
    return ""


def summary_of(batch: str, outcomes: Iterable[str], *, dry_run: bool) -> BulkSummary:
    """The summary of items with these outcomes."""
    counts = dict.fromkeys((DONE, REFUSED, GONE, FAILED), 0)
    for outcome in outcomes:
        counts[outcome] += 1
    return BulkSummary(batch=batch, total=sum(counts.values()), dry_run=dry_run, **counts)
