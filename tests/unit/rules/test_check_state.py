from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.check import Check, CheckHistory
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.rules.check_state import (
    CheckState,
    Sender,
    merge,
    outdated,
    state_of,
    stored_state,
    truncated,
    with_late_result,
    with_truncation_label,
)
from sensu.testing.factories import make_check, make_event, make_proxy


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


def event_at(executed: int, status: int = 0, issued: int | None = None, **fields: object):
    issued = executed if issued is None else issued
    return make_event(check=make_check(status=status, executed=executed, issued=issued), **fields)


HERE, RECONNECTED, OTHER = Sender("web1", 1), Sender("web1", 2), Sender("web2", 3)


@pytest.mark.parametrize(
    ("stored", "by", "incoming", "sender", "expected"),
    [
        (event_at(100, sequence=5), HERE, event_at(99, sequence=4), HERE, True),
        (event_at(100, sequence=5), HERE, event_at(100, sequence=4), HERE, True),
        (event_at(100, sequence=5), HERE, event_at(99, sequence=4), RECONNECTED, True),
        (event_at(100, sequence=5), HERE, event_at(99, sequence=6), HERE, False),
        (event_at(100, sequence=5), HERE, event_at(160, sequence=1), HERE, False),
        (event_at(100, sequence=5), HERE, event_at(99, sequence=1), RECONNECTED, False),
        (event_at(100, sequence=5), HERE, event_at(99, sequence=4), OTHER, False),
        (event_at(100, sequence=5), HERE, event_at(99, sequence=4), None, False),
        (event_at(100, sequence=5), None, event_at(99, sequence=4), HERE, False),
        (event_at(100), HERE, event_at(99), HERE, False),
    ],
    ids=[
        "lower number",
        "in the same second",
        "journal after reconnecting",
        "clock set back",
        "numbers of the next session",
        "restarted with its clock set back",
        "another agent",
        "the API after an agent",
        "an agent after the API",
        "without numbers",
    ],
)
def test_only_an_agents_own_numbers_make_a_result_late(
    stored: Event, by: Sender | None, incoming: Event, sender: Sender | None, expected: bool
) -> None:
    """The order of results is that of an agent's own sequence numbers, and else that in which they arrive."""
    state = state_of(stored) if by is None else state_of(stored, by.agent, by.session)
    assert outdated(state, incoming, sender) is expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (event_at(100, sequence=5), True),
        (make_event(make_proxy("r1"), make_check(executed=100, processed_by="web1"), sequence=5), True),
        (make_event(make_proxy("r1"), make_check(executed=100, processed_by="web2"), sequence=5), False),
        (event_at(100, sequence=5, metadata=ObjectMeta(created_by="admin")), False),
        (make_event(check=make_check(status=1, ttl=60, executed=100), sequence=5), False),
    ],
    ids=["own entity", "proxy entity", "proxy entity by another agent", "from the API", "expired time to live"],
)
def test_a_stored_event_tells_whose_it_is(event: Event, expected: bool) -> None:
    """After a restart a result is late only if the stored one came from a session of the same agent."""
    assert outdated(stored_state(event), event_at(99, issued=0, sequence=4), HERE) is expected


def test_a_late_result_stands_where_it_belongs() -> None:
    """A late result enters the history before those that were executed later, and leaves the rest as it is."""
    stored = run([0, 0, 2])[-1]
    late = make_check(status=1, executed=70)
    merged = with_late_result(stored, late)
    assert [(entry.status, entry.executed) for entry in merged.history or ()] == [(0, 0), (0, 60), (1, 70), (2, 120)]
    assert (merged.status, merged.occurrences, merged.executed) == (2, 1, 120)


def test_a_late_result_of_the_same_second_comes_before_the_newest() -> None:
    """The stored result stays the newest one of the history, whatever the clocks say."""
    merged = with_late_result(run([0, 2])[-1], make_check(status=1, executed=60))
    assert [entry.status for entry in merged.history or ()] == [0, 1, 2]


@given(st.lists(st.integers(0, 10_000), min_size=21, max_size=21, unique=True), st.integers(0, 10_000))
def test_a_full_history_stays_in_order_and_bounded(times: list[int], late: int) -> None:
    """Whatever comes late, a history in order stays in order and never grows beyond its bound."""
    history = tuple(CheckHistory(executed=at) for at in sorted(times))
    merged = with_late_result(make_check(history=history), make_check(executed=min(late, max(times))))
    executed = [entry.executed for entry in merged.history or ()]
    assert executed == sorted(executed)
    assert len(executed) == 21


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
