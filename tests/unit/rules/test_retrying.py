"""When failed workflows are tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.handler import Handler
from sensu.rules.retrying import ATTEMPTS, DELAY_MAX_S, DELAY_S, JITTER, RetryPolicy, pause_s, policy_of


def handler(**fields: int) -> Handler:
    return Handler(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "policy"),
    [
        ({}, RetryPolicy(ATTEMPTS, DELAY_S, DELAY_MAX_S)),
        ({"retry_attempts": 0}, RetryPolicy(0, DELAY_S, DELAY_MAX_S)),
        ({"retry_attempts": 7, "retry_delay": 2}, RetryPolicy(7, 2.0, DELAY_MAX_S)),
        ({"retry_delay": 900}, RetryPolicy(ATTEMPTS, 900.0, 900.0)),
        ({"retry_delay_max": 2}, RetryPolicy(ATTEMPTS, 2.0, 2.0)),
    ],
)
def test_what_a_handler_leaves_out_is_sane(fields: dict[str, int], policy: RetryPolicy) -> None:
    """Each field that is not set has its default, bent so that the bound is never below the first pause."""
    assert policy_of(handler(**fields)) == policy


def test_a_handler_that_is_gone_has_the_defaults() -> None:
    """A workflow whose handler was deleted is tried again as any other."""
    assert policy_of(None) == RetryPolicy()


@given(st.floats(0.1, 1e5), st.floats(1, 10), st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 1))
def test_pauses_grow_to_a_bound(delay_s: float, times: float, failures: int, roll: float, other: float) -> None:
    """No pause is longer than the bound or shorter than its jitter allows, and none shorter than an earlier one."""
    policy = RetryPolicy(100, delay_s, delay_s * times)
    pause = pause_s(policy, failures, roll)
    assert delay_s * (1 - JITTER) <= pause <= policy.delay_max_s
    assert pause_s(policy, failures, 0.0) <= pause_s(policy, failures + 1, 0.0)
    assert abs(pause - pause_s(policy, failures, other)) <= JITTER * pause_s(policy, failures, 0.0) * 1.0001


def test_pauses_double() -> None:
    """Without jitter each pause is twice the one before."""
    assert [pause_s(RetryPolicy(5, 5, 60), n, 0.0) for n in (1, 2, 3, 4, 5, 6)] == [5, 10, 20, 40, 60, 60]
