"""The moments that people may write."""

import pytest

from sensu.sensuctl.dates import unix_seconds
from sensu.sensuctl.failure import CommandFailed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("now", 0),
        ("2030-01-02T15:04:05Z", 1893596645),
        ("2030-01-02T15:04:05-07:00", 1893621845),
        ("2030-01-02 15:04:05 -07:00", 1893621845),
        ("Jan 02 2030 3:04PM UTC", 1893596640),
        ("May 10 2018 7:04AM America/Vancouver", 1525961040),
    ],
)
def test_every_documented_form_is_understood(text: str, seconds: int) -> None:
    """A silence begins when it is meant to."""
    assert unix_seconds(text) == seconds


@pytest.mark.parametrize("text", ["not a date", "2030-13-02T15:04:05Z", "Jan 02 2030 3:04PM Nowhere/Else", "tomorrow"])
def test_anything_else_is_told(text: str) -> None:
    """What is no moment is repeated to the user."""
    with pytest.raises(CommandFailed, match=f"^unknown format for provided date {text}$"):
        unix_seconds(text)
