import pytest

from sensu.rules.database_time import SLEW, STEP_S, ahead_s


@pytest.mark.parametrize(
    ("before", "earliest", "latest", "expected"),
    [
        (None, 100.0, 100.4, 100.2),
        (100.3, 100.0, 100.4, 100.3),
        (99.95, 100.0, 100.4, 100.0),
        (99.5, 100.0, 100.4, 99.6),
        (100.9, 100.0, 100.4, 100.8),
        (90.0, 100.0, 100.4, 100.0),
        (130.0, 100.0, 100.4, 100.4),
    ],
    ids=["first", "possible", "a little behind", "behind", "ahead", "suspended", "far ahead"],
)
def test_the_common_time_follows_the_database(
    before: float | None, earliest: float, latest: float, expected: float
) -> None:
    """What a measurement allows is left as it is; small deviations end slowly, large ones at once."""
    assert ahead_s(before, earliest, latest, 1.0) == pytest.approx(expected)


def test_a_second_of_deviation_is_corrected_in_ten() -> None:
    """A deviation that is not corrected at once ends within a bounded time, however often it is measured."""
    ahead = 0.0
    for _ in range(round(STEP_S / SLEW / 0.5)):
        ahead = ahead_s(ahead, STEP_S, STEP_S, 0.5)
    assert ahead == pytest.approx(STEP_S)
