"""Which events notify handlers send a message about."""

from collections.abc import Sequence

import pytest

from sensu.resources.check import Check, CheckHistory
from sensu.rules.notify.occasions import CHANGED, FLAPS, PROBLEM, RESOLVED, RESULT, NoMessage, occasion_of
from sensu.testing.factories import make_check

NOTHING = None


def check(*statuses: int, state: str = "", occurrences: int = 1, silenced: bool = False) -> Check:
    history = tuple(CheckHistory(status=status, executed=60 * number) for number, status in enumerate(statuses, 1))
    return make_check(status=statuses[-1], history=history, state=state, occurrences=occurrences, is_silenced=silenced)


@pytest.mark.parametrize(
    ("statuses", "when", "found"),
    [
        ([0, 2], (), PROBLEM),
        ([2], (), PROBLEM),
        ([0, 1, 2], (), CHANGED),
        ([0, 2, 2], (), NOTHING),
        ([0, 2, 0], (), RESOLVED),
        ([0, 0], (), NOTHING),
        ([0, 2], ("resolve",), NOTHING),
        ([0, 2, 0], ("incident",), NOTHING),
        ([0, 2, 2], ("every",), RESULT),
        ([0, 0], ("every",), RESULT),
        ([0, 2, 0], ("every",), RESOLVED),
    ],
)
def test_changes_are_worth_a_message_and_repetitions_are_not(
    statuses: Sequence[int], when: tuple[str, ...], found: str | None
) -> None:
    """A handler sends about the beginning, the changes and the end of an incident, or about what it asks for."""
    happened = occasion_of(check(*statuses), when)
    assert isinstance(happened, NoMessage) if found is NOTHING else happened == found


def test_silenced_events_and_metrics_alone_are_no_occasion() -> None:
    """A silenced event sends no message, whatever the handler asks for, and neither do metrics without a check."""
    assert occasion_of(check(0, 2, silenced=True), ("every",)) == NoMessage("the event is silenced")
    assert occasion_of(None, ("every",)) == NoMessage("the event has metrics only")


def test_flapping_is_an_occasion_on_request() -> None:
    """The first event of a flapping check is an occasion for handlers that ask for it."""
    flapping = check(0, 2, 1, 2, state="flapping")
    assert occasion_of(flapping, ("flapping",)) == FLAPS
    assert isinstance(occasion_of(flapping, ("resolve",)), NoMessage)
