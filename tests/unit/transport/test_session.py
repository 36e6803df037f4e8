import pytest

from sensu.transport.session import (
    Backoff,
    Retries,
    Rotation,
    SendGate,
    Sequences,
    heartbeat_timeout_s,
    session_length_s,
)

RETRIES = Retries(0.5, 2.0, 2.0)


def test_waits_grow_to_the_longest() -> None:
    """Each failed attempt waits longer than the one before, up to the longest wait that is configured."""
    backoff = Backoff(RETRIES)
    assert [backoff.next_wait_s(0.1) for _ in range(5)] == [0.5, 1.1, 2.0, 2.0, 2.0]


def test_jitter_spreads_the_waits() -> None:
    """Agents that fail together do not come back together: a wait may be up to twice as long."""
    waits = []
    for jitter in (0.0, 0.999):
        backoff = Backoff(Retries(1.0, 100.0, 2.0))
        backoff.next_wait_s(jitter)
        waits.append(backoff.next_wait_s(jitter))
    assert waits == [2.0, pytest.approx(3.998)]


def test_a_session_makes_the_next_wait_short() -> None:
    """After an established session the waits start over."""
    backoff = Backoff(RETRIES)
    for _ in range(4):
        backoff.next_wait_s(0)
    backoff.reset()
    assert backoff.next_wait_s(0.9) == 0.5


def test_429_slows_following_sessions_down() -> None:
    """A backend that asks to slow down doubles the waits of the following rounds, not of the running one."""
    backoff = Backoff(RETRIES)
    backoff.next_wait_s(0)
    backoff.slow_down()
    assert backoff.next_wait_s(0) == 1.0
    backoff.reset()
    assert [backoff.next_wait_s(0) for _ in range(3)] == [1.0, 4.0, 4.0]


def test_backends_are_tried_in_turn() -> None:
    """With several backends every one is tried before any is tried again, in the order that was drawn."""
    rotation = Rotation(["a", "b", "c"], [2, 0, 1])
    assert [rotation.next_url() for _ in range(5)] == ["c", "a", "b", "c", "a"]


def test_the_gate_opens_with_the_configuration_or_in_time() -> None:
    """An agent sends after it heard of its entity, and at the latest after ten seconds."""
    gate = SendGate(100.0)
    assert not gate.is_open(109.9)
    assert gate.is_open(110.0)
    gate.entity_config_arrived()
    assert gate.is_open(100.1)


def test_an_agent_managed_entity_has_no_gate() -> None:
    """An agent that manages its entity waits for nobody."""
    assert SendGate(100.0, agent_managed=True).is_open(100.0)


def test_sequences_count_each_check() -> None:
    """Each check's events are numbered from 1, whatever other checks do."""
    sequences = Sequences()
    assert [sequences.next(name) for name in ("a", "a", "b", "a")] == [1, 2, 1, 3]


@pytest.mark.parametrize(("interval", "timeout", "expected"), [(30, 45, 45), (30, 30, 50), (3, 1, 5)])
def test_a_heartbeat_timeout_is_longer_than_the_interval(interval: float, timeout: float, expected: float) -> None:
    """A time-out that could never be met is replaced by one that can."""
    assert heartbeat_timeout_s(interval, timeout) == expected


@pytest.mark.parametrize(("longest", "dice", "expected"), [(0, 0.5, None), (60, 0.0, 30), (60, 0.5, 45)])
def test_session_length_lies_in_the_upper_half(longest: float, dice: float, expected: float | None) -> None:
    """Sessions with a longest length end at random between half of it and all of it, others never."""
    assert session_length_s(longest, dice) == expected
