"""The settings of notify handlers."""

import pytest

from sensu.resources.handler import Notify, NotifyStorm
from sensu.rules.notify.plan import StormSettings
from sensu.rules.notify.settings import REPEAT_MIN_S, duration_problem, storm_of, storm_problems, wishes_of


def test_what_is_unset_has_a_default() -> None:
    """A handler without settings announces the beginning and the end of incidents, and gathers in storms."""
    assert storm_of(Notify()) == StormSettings(10, 60.0, 300.0, 30, 60.0)
    assert (wishes_of(Notify()).when, wishes_of(Notify()).repeat_s) == (("incident", "resolve"), 0.0)


def test_settings_are_durations_and_numbers() -> None:
    """Settings are written as in Go: `4h`, `30/1m`."""
    notify = Notify(repeat="4h", rate="5/10s", storm=NotifyStorm(after=0, within="30s", digest="1h"))
    assert storm_of(notify) == StormSettings(0, 30.0, 3600.0, 5, 10.0)
    assert wishes_of(notify).repeat_s == 14_400


@pytest.mark.parametrize(
    ("notify", "why"),
    [
        (Notify(), None),
        (Notify(rate="30/1m", storm=NotifyStorm(after=1000, within="1h", digest="24h")), None),
        (Notify(storm=NotifyStorm(after=1001)), "notify.storm.after must be at most 1000"),
        (Notify(storm=NotifyStorm(within="x")), 'notify.storm.within must be a duration such as 4h or 90s, not "x"'),
        (Notify(storm=NotifyStorm(digest="5s")), "notify.storm.digest must be from 10 seconds to 30 days"),
        (Notify(rate="30"), "notify.rate must be a number from 1 to 1000 and a time, such as 30/1m"),
        (Notify(rate="0/1m"), "notify.rate must be a number from 1 to 1000 and a time, such as 30/1m"),
        (Notify(rate="5/0s"), "notify.rate must be a number from 1 to 1000 and a time, such as 30/1m"),
        (Notify(rate="9999/1m"), "notify.rate must be a number from 1 to 1000 and a time, such as 30/1m"),
    ],
)
def test_broken_settings_are_refused(notify: Notify, why: str | None) -> None:
    """A setting that cannot be meant is refused with its rule."""
    assert next((message for _, message in storm_problems(notify)), None) == why


def test_reminders_are_at_least_a_minute_apart() -> None:
    """A reminder more often than a minute is refused."""
    assert duration_problem("30s", "notify.repeat", REPEAT_MIN_S) == "notify.repeat must be from 60 seconds to 30 days"
    assert duration_problem("1m", "notify.repeat", REPEAT_MIN_S) is None
