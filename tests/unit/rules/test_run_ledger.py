"""What becomes of a slot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.check import CheckConfig
from sensu.resources.time_window import TimeWindowRepeated
from sensu.rules.run_ledger import (
    Slot,
    SlotOutcome,
    Why,
    answered,
    asked,
    asked_all,
    begun,
    closed,
    in_order,
    next_runs,
    not_requested,
    slots_between,
)
from sensu.rules.schedule import Timing, next_at, slots_missed, timing
from sensu.testing.factories import make_check_config

NOW = 1_700_000_000.0


def slot_of(check: CheckConfig, requests: int) -> Slot:
    """A slot due now, all of its requests sent."""
    when = timing(check)
    assert when is not None
    return asked_all(asked(begun(check, when, NOW, NOW), requests, NOW))


@pytest.mark.parametrize(
    ("asked_of", "answers_at", "outcome", "why"),
    [
        (0, (), SlotOutcome.MISSED, Why.NO_SUBSCRIBER),
        (2, (1, 2), SlotOutcome.EXECUTED, Why.NOTHING),
        (2, (1, 61), SlotOutcome.LATE, Why.NOTHING),
        (2, (1,), SlotOutcome.PARTLY, Why.AGENT_AWAY),
        (2, (), SlotOutcome.MISSED, Why.AGENT_AWAY),
        (1, (1, 1, 1), SlotOutcome.EXECUTED, Why.NOTHING),
    ],
)
def test_what_became_of_a_slot(asked_of: int, answers_at: tuple[float, ...], outcome: SlotOutcome, why: Why) -> None:
    """A slot is executed when all who were asked answered, late when one did after the next slot, else missed."""
    slot = slot_of(make_check_config(interval=60), asked_of)
    for after in answers_at:
        slot = answered(slot, NOW + after)
    slot = closed(slot, Why.AGENT_AWAY)
    assert (slot.outcome, slot.why) == (outcome, why)


def test_a_slow_check_may_take_its_time_out() -> None:
    """A result is on time within the check's own time-out, even after the next slot."""
    slot = slot_of(make_check_config(interval=10, timeout=100), 1)
    assert answered(slot, NOW + 90).outcome is SlotOutcome.EXECUTED
    assert slot.closes_at > NOW + 100


def test_a_round_ends_when_all_is_asked() -> None:
    """While requests are still being sent a slot stays open, and the later ones have as much time as the first."""
    check = make_check_config(interval=60)
    slot = asked(begun(check, Timing(interval_s=60), NOW, NOW), 1, NOW)
    slot = answered(slot, NOW + 1)
    assert slot.outcome is SlotOutcome.REQUESTED
    slot = asked_all(asked(slot, 1, NOW + 50))
    assert answered(slot, NOW + 105).outcome is SlotOutcome.EXECUTED


_steps = st.lists(st.sampled_from(["ask", "answer", "all", "close"]), max_size=20)


@given(_steps, st.lists(st.floats(0, 500), min_size=20, max_size=20))
def test_a_slot_ends_once_and_within_its_bounds(steps: list[str], waits: list[float]) -> None:
    """Whatever comes in whatever order: in the end counts are within what was asked, and what has ended stays so."""
    slot, now = begun(make_check_config(), Timing(interval_s=60), NOW, NOW), NOW
    ended = None
    for step, wait in zip(steps, waits, strict=False):
        now += wait
        if step == "ask":
            slot = asked(slot, 1, now)
        elif step == "answer":
            slot = answered(slot, now)
        else:
            slot = asked_all(slot) if step == "all" else closed(slot, Why.NO_ANSWER)
        assert 0 <= slot.late <= slot.answered
        assert slot.asking or slot.answered <= slot.asked
        assert ended is None or slot == ended
        if slot.outcome is not SlotOutcome.REQUESTED:
            ended = slot
    assert ended is None or (ended.why is Why.NOTHING) == (ended.outcome in (SlotOutcome.EXECUTED, SlotOutcome.LATE))


def test_a_slot_that_was_not_asked_for_says_why() -> None:
    """A slot within a subdue was subdued, whatever else kept it from being asked for."""
    window = TimeWindowRepeated(begin="2023-11-14T22:00:00Z", end="2023-11-14T23:00:00Z")
    check = make_check_config(subdues=(window,))
    assert not_requested(check, NOW, Why.BACKEND_DOWN).outcome is SlotOutcome.SUBDUED
    later = not_requested(check, NOW + 7200, Why.BACKEND_DOWN)
    assert (later.outcome, later.why) == (SlotOutcome.MISSED, Why.BACKEND_DOWN)


@given(
    st.one_of(
        st.integers(1, 5000).map(lambda s: Timing(interval_s=s)),
        st.sampled_from(["* * * * *", "*/7 * * * *", "0 * * * *"]).map(lambda line: Timing(cron=line)),
    ),
    st.floats(0, 5000),
    st.integers(1, 50),
)
def test_no_slot_of_a_gap_is_left_out(when: Timing, gap_s: float, most: int) -> None:
    """The slots of a gap are the times that a check was due in it: the last ones by name, the others by number."""
    every, at = [], next_at("c", when, NOW)
    while at is not None and at <= NOW + gap_s:
        every.append(at)
        at = next_at("c", when, at)
    times, more = slots_between("c", when, NOW, NOW + gap_s, most)
    assert len(times) + more == len(every)
    assert times == pytest.approx(every[-len(times) :] if times else [], abs=0.001)
    assert len(times) <= most


@given(
    st.one_of(st.integers(1, 5000).map(lambda s: Timing(interval_s=s)), st.just(Timing(cron="* * * * *"))),
    st.integers(1, 20),
    st.floats(-0.003, 0.003) | st.floats(-2e-6, 2e-6),
)
def test_a_slot_is_before_or_after_any_moment(when: Timing, number: int, beside_s: float) -> None:
    """A time near a slot divides the slots: each is in the gap until then, or is due after it, and none in both."""
    at: float | None = NOW
    for _ in range(number):
        assert at is not None
        at = next_at("c", when, at)
    assert at is not None
    moment, end = at + beside_s, at + 4.5 * (when.interval_s or 60)
    before, _ = slots_between("c", when, NOW, moment, 100)
    after, _ = slots_between("c", when, moment, end, 100)
    whole, _ = slots_between("c", when, NOW, end, 100)
    assert [*before, *after] == pytest.approx(list(whole), abs=1e-5)
    assert next_at("c", when, moment) == pytest.approx(after[0], abs=1e-5)
    if before:
        assert slots_missed("c", when, before[0], moment) == len(before) - 1


def test_next_runs_tell_what_is_subdued() -> None:
    """The next runs are those of the schedule, with those marked that fall into a subdue."""
    window = TimeWindowRepeated(begin="2023-11-14T22:15:00Z", end="2023-11-14T22:16:59Z")
    check = make_check_config(interval=0, cron="* * * * *", subdues=(window,))
    runs = next_runs(check, Timing(cron="* * * * *"), NOW, 4)
    assert runs == [(NOW + 40, False), (NOW + 100, True), (NOW + 160, True), (NOW + 220, False)]


def test_slots_are_shown_in_order_and_once() -> None:
    """Slots come by their times; of two reports about one time the first counts."""
    first, again, later = Slot(at=10.0), Slot(at=10.001, asked=5), Slot(at=20.0)
    assert in_order([later, first, again]) == [first, later]
