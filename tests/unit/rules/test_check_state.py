from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.check import Check, CheckHistory
from sensu.rules.check_state import (
    CheckState,
    merge,
    outdated,
    repeated,
    state_of,
    truncated,
    with_late_result,
    with_truncation_label,
)
from sensu.testing.factories import make_check, make_event

NOW = 1_700_000_000.0


def run(statuses: list[int], **fields: object) -> list[Check]:
    """The checks that results of these statuses lead to, a minute apart."""
    state: CheckState | None = None
    checks = []
    for at, status in enumerate(statuses):
        check = merge(state, make_check(status=status, executed=60 * at, **fields))
        state = state_of(make_event(check=check))
        checks.append(check)
    return checks


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([0], [(1, 1)]),
        ([2], [(1, 1)]),
        ([0, 0, 0], [(1, 1), (2, 2), (3, 3)]),
        ([2, 2, 2, 0], [(1, 1), (2, 2), (3, 3), (1, 3)]),
        ([2, 2, 0, 0, 0], [(1, 1), (2, 2), (1, 2), (2, 2), (3, 3)]),
        ([2, 2, 0, 2, 2], [(1, 1), (2, 2), (1, 2), (1, 1), (2, 2)]),
        ([1, 1, 2, 2, 2, 1, 3], [(1, 1), (2, 2), (1, 2), (2, 2), (3, 3), (1, 3), (1, 3)]),
    ],
)
def test_occurrences_and_watermark(statuses: list[int], expected: list[tuple[int, int]]) -> None:
    """Occurrences count equal statuses in a row; the watermark is the most of the incident (state-watermark)."""
    assert [(check.occurrences, check.occurrences_watermark) for check in run(statuses)] == expected


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_state_follows_from_the_results_alone(statuses: list[int]) -> None:
    """History is the last 21 results, occurrences the length of the last run, and both stay within their bounds."""
    checks = run(statuses)
    last = checks[-1]
    assert [entry.status for entry in last.history or ()] == statuses[-21:]
    assert last.occurrences == len(_last_run(statuses))
    assert all(check.occurrences_watermark >= check.occurrences >= 1 for check in checks)
    assert all(check.state == ("passing" if check.status == 0 else "failing") for check in checks)
    passed = [60 * at for at, status in enumerate(statuses) if status == 0]
    assert last.last_ok == (passed[-1] if passed else 0)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_the_watermark_is_the_most_of_the_incident(statuses: list[int]) -> None:
    """It begins at one with an incident, never falls within it, outlives its end, and grows with what exceeds it."""
    checks = run(statuses)
    for before, after in pairwise(checks):
        if before.status == 0 and after.status != 0:
            assert after.occurrences_watermark == 1
        else:
            assert after.occurrences_watermark == max(before.occurrences_watermark, after.occurrences)


@given(st.lists(st.integers(0, 1), min_size=22, max_size=80), st.integers(1, 50), st.integers(1, 49))
def test_flapping_begins_high_and_ends_low(statuses: list[int], low: int, more: int) -> None:
    """From result to result a check begins to flap at the high threshold only, and ends below the low one only."""
    high = low + more
    for before, after in pairwise(run(statuses, low_flap_threshold=low, high_flap_threshold=high)):
        flaps, flapped = (check.state == "flapping" for check in (after, before))
        assert flaps == (after.total_state_change >= (low if flapped else high))


def _last_run(statuses: list[int]) -> list[int]:
    return [list(run) for _, run in groupby(statuses)][-1]


def test_a_first_result_is_not_believed_about_its_past() -> None:
    """History, occurrences and watermark that a sender makes up do not enter a new event."""
    made_up = make_check(
        status=1,
        executed=9,
        occurrences=9,
        occurrences_watermark=12,
        state="flapping",
        total_state_change=77,
        history=(CheckHistory(status=3, executed=1),),
    )
    check = merge(None, made_up)
    assert check.history == (CheckHistory(status=1, executed=9),)
    assert (check.occurrences, check.occurrences_watermark, check.state) == (1, 1, "failing")
    assert check.total_state_change == 0


def test_flapping_lasts_until_below_the_low_threshold() -> None:
    """A check that changes all the time flaps, and goes on flapping between the thresholds."""
    checks = run([at % 2 for at in range(22)] + [1] * 17, low_flap_threshold=20, high_flap_threshold=40)
    changes = [(check.state, check.total_state_change) for check in checks]
    assert {change for state, change in changes if state == "flapping"} >= {98, 39, 21}
    assert {state for state, change in changes[21:] if change < 20} == {"failing"}
    assert all(state == "flapping" for state, change in changes[20:] if change >= 20)


def test_a_passing_result_within_heavy_flapping_is_no_success() -> None:
    """The last success stays where it was while changes are at or above the high threshold."""
    checks = run([at % 2 for at in range(25)], low_flap_threshold=20, high_flap_threshold=40)
    assert [check.last_ok for check in checks[18:]] == [18 * 60] * 7


def event_at(executed: int, status: int = 0, **fields: object):
    return make_event(check=make_check(status=status, executed=executed, issued=executed), **fields)


@pytest.mark.parametrize(
    ("stored", "incoming", "expected"),
    [
        (event_at(100), event_at(99), True),
        (event_at(100), event_at(100), False),
        (event_at(100), event_at(101), False),
        (event_at(100, sequence=4), event_at(99, sequence=5), False),
        (event_at(100, sequence=4), event_at(99, sequence=1), True),
        (event_at(int(NOW) + 50), event_at(int(NOW)), False),
        (make_event(check=make_check(status=1, ttl=60, executed=100)), event_at(99), False),
    ],
    ids=["older", "same time", "newer", "later in session", "new session", "stored future", "stored alarm"],
)
def test_only_a_result_that_is_surely_older_is_late(stored, incoming, expected: bool) -> None:
    """Times decide only where both come from the same clock and that clock can be believed."""
    assert outdated(state_of(stored), incoming, NOW) is expected


def test_a_late_result_stands_where_it_belongs() -> None:
    """A late result enters the history by its time, once, and leaves the rest of the check as it is."""
    stored = run([0, 0, 2])[-1]
    late = make_check(status=1, executed=70)
    merged = with_late_result(stored, late)
    assert [(entry.status, entry.executed) for entry in merged.history or ()] == [(0, 0), (0, 60), (1, 70), (2, 120)]
    assert (merged.status, merged.occurrences, merged.executed) == (2, 1, 120)
    assert with_late_result(merged, late) is merged


@given(st.lists(st.integers(0, 10_000), min_size=21, max_size=21, unique=True), st.integers(0, 10_000))
def test_a_full_history_stays_in_order_and_bounded(times: list[int], late: int) -> None:
    """Whatever comes late, a history in order stays in order and never grows beyond its bound."""
    history = tuple(CheckHistory(executed=at) for at in sorted(times))
    merged = with_late_result(make_check(history=history), make_check(executed=late))
    executed = [entry.executed for entry in merged.history or ()]
    assert executed == sorted(executed)
    assert len(executed) == 21


def test_a_repeated_event_is_recognised() -> None:
    """An event is a repetition only with the same id and times; without an id it never is."""
    event = event_at(100, id="a", sequence=3)
    assert repeated(state_of(event), event)
    assert not repeated(state_of(event), event_at(160, id="a", sequence=4))
    assert not repeated(state_of(event), event_at(100, id="b", sequence=3))
    assert not repeated(state_of(event_at(100)), event_at(100))


@pytest.mark.parametrize(
    ("output", "size", "kept", "removed"),
    [
        ("0123456789", 4, "0123", "6"),
        ("0123456789", 10, "0123456789", None),
        ("0123456789", 0, "0123456789", None),
        ("aéz", 2, "a", "3"),
        ("日本", 3, "日", "3"),
    ],
)
def test_output_is_cut_to_whole_characters(output: str, size: int, kept: str, removed: str | None) -> None:
    """Stored output has at most the bytes that the check allows; a label on what handlers get tells how many went."""
    whole = with_truncation_label(make_event(check=make_check(output=output, max_output_size=size)))
    assert whole.check and whole.check.output == output
    assert truncated(whole.check).output == kept
    assert whole.metadata.labels.get("sensu.io/output_truncated_bytes") == removed
