"""Schedules in words."""

import pytest

from sensu.rules.cron_words import cron_words, schedule_words
from sensu.testing.factories import make_check_config


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("*/15 8-18 * * 1-5", "every 15 minutes from 08:00 to 18:59, Monday to Friday"),
        ("0 * * * *", "every hour"),
        ("5 * * * *", "every hour at minute 5"),
        ("0 */6 * * *", "every 6 hours"),
        ("30 2 * * *", "every day at 02:30"),
        ("0 8,20 * * *", "every day at 08:00 and 20:00"),
        ("0 4 * * sun", "every Sunday at 04:00"),
        ("0 4 * * 1,3,5", "every Monday, Wednesday and Friday at 04:00"),
        ("0 4 1 * *", "on day 1 of every month at 04:00"),
        ("0 4 24 12 *", "on 24 December at 04:00"),
        ("@daily", "every day at 00:00"),
        ("@every 90s", "every 90s"),
        ("CRON_TZ=Europe/Berlin 0 9 * * *", "every day at 09:00 (Europe/Berlin)"),
        ("1,2,3 4-6/2 * * *", "1,2,3 4-6/2 * * *"),
        ("0 4 1 * 1", "0 4 1 * 1"),
        ("no cron", ""),
        ("61 * * * *", ""),
    ],
)
def test_a_cron_line_is_told_in_words(line: str, words: str) -> None:
    """Usual schedules become a sentence, complex ones stay as they are, and invalid ones are empty."""
    assert cron_words(line) == words


def test_an_interval_is_told_in_seconds() -> None:
    """A check without a schedule has no words."""
    assert schedule_words(make_check_config("disk", interval=10)) == "every 10 s"
    assert schedule_words(make_check_config("disk", interval=0)) == ""
