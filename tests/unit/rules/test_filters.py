"""Verdicts of filters, and the built-in filters."""

from typing import Any

import pytest

from sensu.rules.filters import (
    ExpressionError,
    decide,
    decided_by_window,
    has_metrics,
    is_incident,
    is_resolution,
    not_silenced,
)

FAILED = ExpressionError("ReferenceError")


@pytest.mark.parametrize(
    ("action", "values", "passes"),
    [
        ("allow", [True, True], True),
        ("allow", [True, False], False),
        ("allow", [FAILED], True),
        ("allow", [FAILED, False], False),
        ("deny", [False, False], True),
        ("deny", [False, True], False),
        ("deny", [FAILED], True),
        ("deny", [FAILED, True], False),
    ],
)
def test_expressions_decide(action: str, values: list[Any], passes: bool) -> None:
    """Allow needs every expression, deny one; a failed expression decides nothing."""
    assert decide(action, values).passes is passes


@pytest.mark.parametrize(
    ("action", "in_when", "passes"),
    [("allow", False, False), ("allow", True, True), ("deny", True, False), ("deny", False, True)],
)
def test_windows_decide(action: str, in_when: bool, passes: bool) -> None:
    """An allow filter drops events outside of its window, a deny filter those inside."""
    verdict = decide(action, [action == "allow"], in_when)
    assert verdict.passes is passes
    assert decided_by_window(action, in_when) is not passes
    assert bool(verdict.reason) is not passes


def event(status: int, *history: int, **more: Any) -> dict[str, Any]:
    return {"check": {"status": status, "history": [{"status": old} for old in history], **more}}


def test_incidents() -> None:
    """Failures and resolutions are incidents, what was fine before and metrics alone are none."""
    assert is_incident(event(1)) and is_incident(event(0, 2, 0))
    assert not is_incident(event(0)) and not is_incident(event(0, 2, 0, 0))
    assert not is_incident({"metrics": {}})
    assert is_resolution(event(0, 2, 0)) and not is_resolution(event(1, 2, 1))


def test_silences_count_by_name() -> None:
    """An event is silenced when its check names a silence, whatever the flag says."""
    assert not_silenced(event(1, is_silenced=True)) and not_silenced({"metrics": {}})
    assert not not_silenced(event(1, silenced=["linux:*"]))


def test_metrics_without_points_are_metrics() -> None:
    """An event with an empty metrics object has metrics."""
    assert has_metrics({"metrics": {"points": []}}) and not has_metrics(event(0))
