import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.check import CheckHistory
from sensu.rules.flapping import HISTORY_MAX, flaps, total_state_change


def history(statuses: list[int]) -> list[CheckHistory]:
    return [CheckHistory(status=status, executed=at) for at, status in enumerate(statuses)]


@pytest.mark.parametrize(
    ("unchanged_at_the_end", "percent"),
    list(enumerate([98, 93, 87, 81, 76, 70, 65, 59, 54, 49, 44, 39])),
)
def test_newer_changes_weigh_more(unchanged_at_the_end: int, percent: int) -> None:
    """The figure falls as the changes of a full history grow older (recorded scenario state-flap-on)."""
    changing = [at % 2 for at in range(HISTORY_MAX - unchanged_at_the_end)]
    assert total_state_change(history(changing + changing[-1:] * unchanged_at_the_end)) == percent


@given(st.lists(st.integers(0, 255), max_size=HISTORY_MAX - 1))
def test_a_short_history_shows_no_change(statuses: list[int]) -> None:
    """Nothing is judged before the history is full."""
    assert total_state_change(history(statuses)) == 0


@given(st.lists(st.integers(0, 3), min_size=HISTORY_MAX, max_size=HISTORY_MAX))
def test_change_is_a_percentage(statuses: list[int]) -> None:
    """The figure is 0 exactly when nothing changed, and never above 98."""
    change = total_state_change(history(statuses))
    assert 0 <= change <= 98
    assert (change == 0) == (len(set(statuses)) == 1)


@pytest.mark.parametrize(
    ("flapped", "change", "low", "high", "expected"),
    [
        (False, 39, 20, 40, False),
        (False, 40, 20, 40, True),
        (True, 39, 20, 40, True),
        (True, 20, 20, 40, True),
        (True, 19, 20, 40, False),
        (False, 98, 0, 40, False),
        (True, 98, 20, 0, False),
        (True, 98, 0, 0, False),
    ],
)
def test_flapping_starts_high_and_ends_low(flapped: bool, change: int, low: int, high: int, expected: bool) -> None:
    """A check starts to flap at the high threshold and stops below the low one; one threshold of 0 switches it off."""
    assert flaps(flapped, change, low, high) is expected
