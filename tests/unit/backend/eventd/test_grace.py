import pytest

from sensu.backend.eventd.grace import grace_s, remaining_s


@pytest.mark.parametrize(
    ("due_at", "alive_at", "now", "expected"),
    [
        (200, 100, 102, 100),
        (101, 100, 102, 9),
        (90, 100, 102, 9),
        (150, 100, 10_000, 240),
        (1000, 100, 10_000, 900),
        (200, 100, 90, 100),
    ],
    ids=["rest of the time", "nearly due", "overdue", "long outage", "longer than the grace", "clock set back"],
)
def test_a_deadline_after_an_outage(due_at: float, alive_at: float, now: float, expected: float) -> None:
    """An outage takes no time from a deadline, and leaves agents at least the time that they need to be back."""
    assert remaining_s(due_at, alive_at, now) == expected


def test_the_grace_is_bounded() -> None:
    """No outage, however long, puts alarms off for more than four minutes."""
    assert grace_s(0) == 5
    assert grace_s(10**6) == 240
