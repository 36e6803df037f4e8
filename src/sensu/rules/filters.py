"""Event filters: the verdict of an action and its expressions, and the built-in filters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ALLOW, DENY = "allow", "deny"


@dataclass(frozen=True, slots=True)
class ExpressionError:
    """An expression that failed instead of giving a value."""

    message: str


@dataclass(frozen=True, slots=True)
class FilterVerdict:
    """Whether an event passes a filter, and why not."""

    passes: bool
    reason: str = ""


_PASSED = FilterVerdict(True)


def decide(action: str, values: Sequence[bool | ExpressionError], in_when: bool | None = None) -> FilterVerdict:
    """The verdict of a filter whose expressions gave `values`; `in_when` is None if it has no time window.

    An allow filter passes an event inside its window for which no expression is false; a deny filter drops an event
    inside its window, and any for which an expression is true. A failed expression decides nothing.
    Source: docs, event filter reference; recorded filter cases and filter-when.
    """
    if action == ALLOW:
        if in_when is False:
            return FilterVerdict(False, "outside of the filter's time window")
        return FilterVerdict(False, "an expression is false") if any(value is False for value in values) else _PASSED
    if action != DENY:
        return _PASSED
    if in_when:
        return FilterVerdict(False, "inside the filter's time window")
    return FilterVerdict(False, "an expression is true") if any(value is True for value in values) else _PASSED


def decided_by_window(action: str, in_when: bool | None) -> bool:
    """Whether the window alone decides, so that no expression needs to be evaluated."""
    return in_when is False if action == ALLOW else in_when is True


def previous_status(check: Mapping[str, Any]) -> int:
    """The status before the last one in a check's history, 0 if there is none."""
    history: Sequence[Mapping[str, Any]] = check.get("history") or ()
    return int(history[-2].get("status") or 0) if len(history) > 1 else 0


def is_resolution(event: Mapping[str, Any]) -> bool:
    """Whether the check passes after a failure."""
    check = event.get("check")
    return check is not None and not check.get("status") and previous_status(check) != 0


def is_incident(event: Mapping[str, Any]) -> bool:
    """Built-in filter: failures and their resolution pass, metrics alone do not. Source: docs, built-in filters."""
    check = event.get("check")
    return check is not None and (bool(check.get("status")) or is_resolution(event))


def not_silenced(event: Mapping[str, Any]) -> bool:
    """Built-in filter: events whose check is not silenced pass. Source: recorded built-in cases."""
    return not (event.get("check") or {}).get("silenced")


def has_metrics(event: Mapping[str, Any]) -> bool:
    """Built-in filter: events with metrics pass, even without points. Source: recorded built-in cases."""
    return event.get("metrics") is not None


BUILT_IN: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "is_incident": is_incident,
    "not_silenced": not_silenced,
    "has_metrics": has_metrics,
}
"""They take precedence over stored filters of the same names."""
