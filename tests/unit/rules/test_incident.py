import pytest

from sensu.resources.check import CheckHistory
from sensu.rules.incident import is_incident, is_resolution
from sensu.testing.factories import make_check


@pytest.mark.parametrize(
    ("statuses", "incident", "resolution"),
    [
        ([0], False, False),
        ([2], True, False),
        ([0, 0], False, False),
        ([2, 0], True, True),
        ([2, 0, 0], False, False),
        ([0, 1], True, False),
        ([], False, False),
    ],
)
def test_failing_and_first_passing_results_are_incidents(statuses: list[int], incident: bool, resolution: bool) -> None:
    """A failing result is an incident, and so is the passing one that ends it."""
    history = tuple(CheckHistory(status=status) for status in statuses)
    check = make_check(status=statuses[-1] if statuses else 0, history=history)
    assert (is_incident(check), is_resolution(check)) == (incident, resolution)
