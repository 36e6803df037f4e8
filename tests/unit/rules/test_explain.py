"""Traces of filters, and the sentence that sums them up."""

import pytest

from sensu.rules.explain import (
    DELIVERED,
    FILTERED,
    TEXT_CHARACTERS_MAX,
    ExpressionTrace,
    WorkflowTrace,
    built_in_trace,
    cut,
    facts_of,
    filter_trace,
    missing_trace,
    verdict_of,
    window_trace,
)
from sensu.rules.filters import ExpressionError
from sensu.testing.factories import make_check, make_entity, make_event, make_metrics_event


@pytest.mark.parametrize(
    ("action", "values", "passes", "reason"),
    [
        ("allow", [True, True], True, ""),
        ("allow", [True, False], False, "an expression is false"),
        ("deny", [False, False], True, ""),
        ("deny", [False, True], False, "an expression is true"),
    ],
)
def test_a_filter_is_traced_expression_by_expression(
    action: str, values: list[bool], passes: bool, reason: str
) -> None:
    """The verdict is that of the filter, and each expression stands with its value."""
    trace = filter_trace("f", action, None, ["a", "b"], values)
    assert (trace.passes, trace.reason, trace.action, trace.window) == (passes, reason, action, "")
    assert [(each.expression, each.value) for each in trace.expressions] == list(zip("ab", values, strict=True))


def test_an_expression_that_failed_has_no_value() -> None:
    """Its error is told, and it decides nothing."""
    trace = filter_trace("f", "allow", True, ["x"], [ExpressionError("x is not defined")])
    assert trace.expressions == (ExpressionTrace(expression="x", error="x is not defined"),)
    assert trace.passes
    assert trace.window == "inside"


@pytest.mark.parametrize(("action", "in_when", "word"), [("allow", False, "outside"), ("deny", True, "inside")])
def test_a_window_that_decides_is_named(action: str, in_when: bool, word: str) -> None:
    """Where the time alone keeps an event back, no expression stands there."""
    trace = window_trace("f", action, in_when)
    assert trace is not None
    assert (trace.passes, trace.window, trace.expressions) == (False, word, ())
    assert word in trace.reason


@pytest.mark.parametrize(("action", "in_when"), [("allow", True), ("deny", False), ("allow", None), ("deny", None)])
def test_a_window_that_does_not_decide_leaves_it_to_the_expressions(action: str, in_when: bool | None) -> None:
    """Only what decides is a verdict."""
    assert window_trace("f", action, in_when) is None


def test_filters_that_are_not_there_are_told_from_those_that_are() -> None:
    """A filter that keeps an event back and one that does not exist are different things."""
    assert missing_trace("f").missing
    assert not missing_trace("f").passes
    assert not built_in_trace("is_incident", passes=False).missing
    assert built_in_trace("not_silenced", passes=False).reason == "the event is silenced"
    assert built_in_trace("not_silenced", passes=True).reason == ""


def test_facts_of_events_with_and_without_a_check() -> None:
    """What is about the check is left out where there is none."""
    check = make_check(status=2, occurrences=3, silenced=("entity:web1",))
    facts = facts_of(make_event(make_entity(), check))
    assert (facts.status, facts.occurrences, facts.silenced) == (2, 3, ("entity:web1",))
    assert facts_of(make_metrics_event()).status is None


def test_one_sentence_sums_up() -> None:
    """How many workflows ended how; without any, why there are none."""
    ways = [WorkflowTrace(outcome=outcome) for outcome in (DELIVERED, FILTERED, DELIVERED)]
    assert verdict_of(ways, [], wanted=True) == "2 delivered, 1 filtered"
    assert verdict_of([], ["handler h does not exist"], wanted=True) == "not handled: handler h does not exist"
    assert verdict_of([], [], wanted=False) == "not handled: the event names no pipeline and no handler"


def test_long_texts_are_cut() -> None:
    """Errors that a filter's author chooses the length of take bounded room."""
    assert cut("x" * TEXT_CHARACTERS_MAX) == "x" * TEXT_CHARACTERS_MAX
    assert len(cut("x" * 10**6)) == TEXT_CHARACTERS_MAX + 1
