import pytest

from sensu.rules.explain import (
    DELIVERED,
    DISCARDED,
    DROPPED,
    FAILED,
    FELL_BACK,
    FILTERED,
    GIVEN_UP,
    WAITING,
    FilterTrace,
    Handling,
    WorkflowTrace,
)
from sensu.rules.handling import WORKFLOWS_MAX, handled, handling_of, merged, packed, unhandled, unpacked


def outcome(word: str, delivery: int = 1, workflow: str = "page", **fields: object) -> Handling:
    return Handling(workflow=workflow, outcome=word, delivery=delivery, **fields)


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (outcome(FILTERED), outcome(DELIVERED, 2), DELIVERED),
        (outcome(DELIVERED), outcome(FILTERED, 2), DELIVERED),
        (outcome(DELIVERED), outcome(GIVEN_UP, 2), DELIVERED),
        (outcome(FAILED), outcome(FILTERED, 2), FAILED),
        (outcome(FAILED), outcome(FILTERED, 1), FILTERED),
        (outcome(FAILED), outcome(DELIVERED, 1), DELIVERED),
        (outcome(GIVEN_UP), outcome(DISCARDED, 1), DISCARDED),
        (outcome(FILTERED), outcome(DROPPED, 2), DROPPED),
    ],
)
def test_what_informs_people_is_not_forgotten(before: Handling, after: Handling, kept: str) -> None:
    """A delivery outweighs failures, and those filters, unless it is the same event that is tried again."""
    found = merged((before,), after)
    assert (found or (before,))[0].outcome == kept


def test_a_repeated_outcome_changes_nothing() -> None:
    """Results that repeat a state and are filtered like the one before need no write; a further failure is news."""
    assert merged((outcome(FILTERED, filter="hours"),), outcome(FILTERED, 2, filter="hours")) is None
    assert merged((outcome(FILTERED, filter="hours"),), outcome(FILTERED, 2, filter="is_incident")) is not None
    assert merged((outcome(FAILED, why="a"),), outcome(FAILED, 2, why="a", attempts=2)) is not None
    assert merged((outcome(FAILED),), outcome(FAILED)) is None


def test_each_workflow_has_an_outcome_up_to_a_limit() -> None:
    """Workflows are kept side by side, and so are different problems; beyond the limit none is added."""
    known = (outcome(DELIVERED), unhandled("handler a does not exist", 1, 5.0))
    found = merged(known, unhandled("handler b does not exist", 1, 5.0))
    assert found is not None
    assert [one.why for one in found] == ["", "handler a does not exist", "handler b does not exist"]
    full = tuple(outcome(FILTERED, workflow=str(number)) for number in range(WORKFLOWS_MAX))
    assert merged(full, outcome(DELIVERED, workflow="one more")) is None


def test_outcomes_are_stored_and_read_again() -> None:
    """What was packed is the same when it is unpacked, and long reasons are cut."""
    trace = WorkflowTrace(workflow="w", handler="h", outcome=FAILED, why="x" * 1000, attempts=3, at=17.5)
    kept = handling_of(trace, 64)
    assert (kept.at, kept.attempts, kept.delivery, len(kept.why)) == (17, 3, 64, 160)
    filters = (FilterTrace(name="a", passes=True), FilterTrace(name="b"))
    kept_back = WorkflowTrace(workflow="w", outcome=FILTERED, why="filter b kept it back", filters=filters)
    filtered = handling_of(kept_back, 1)
    assert (filtered.filter, filtered.why) == ("b", "")
    assert unpacked(packed((kept, filtered))) == (kept, filtered)
    assert packed(()) == b"" and unpacked(b"") == ()


@pytest.mark.parametrize(
    ("delivery", "kept", "word"),
    [
        (0, None, "unknown"),
        (64, None, "waiting"),
        (64, (), "none"),
        (0, (outcome(DELIVERED),), "delivered"),
        (64, (outcome(FILTERED), outcome(DELIVERED, workflow="b")), "delivered"),
        (64, (outcome(DELIVERED), outcome(GIVEN_UP, workflow="b")), "partly"),
        (64, (outcome(DELIVERED), unhandled("handler a does not exist", 1, 5.0)), "partly"),
        (64, (outcome(FELL_BACK), outcome(DELIVERED, workflow="b")), "delivered"),
        (64, (outcome(DELIVERED), outcome(DISCARDED, workflow="b")), "delivered"),
        (64, (outcome(FILTERED), outcome(GIVEN_UP, workflow="b")), "failed"),
        (64, (unhandled("handler a does not exist", 1, 5.0),), "failed"),
        (64, (outcome(FILTERED),), "filtered"),
        (64, (outcome(WAITING),), "waiting"),
        (64, (outcome(DISCARDED),), "failed"),
    ],
)
def test_an_event_was_handled_as_its_most_important_workflow_was(delivery: int, kept: object, word: str) -> None:
    """One word says whether anybody was informed, or why not."""
    assert handled(delivery, None if kept is None else packed(kept)) == word
