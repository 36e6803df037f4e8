"""Times in Go's forms."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.errors import InvalidResource
from sensu.rules.go_time import parse_kitchen, parse_rfc3339


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1000, 1, 1)))
def test_rfc3339_reads_back(moment: datetime) -> None:
    """A time written in RFC 3339 reads back as the same instant."""
    assert parse_rfc3339(moment.isoformat()) == moment


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2022-13-01T00:00:00Z", 'parsing time "2022-13-01T00:00:00Z": month out of range'),
        ("2022-02-30T00:00:00Z", 'parsing time "2022-02-30T00:00:00Z": day out of range'),
        ("2022-02-03T00:00:00Zx", 'parsing time "2022-02-03T00:00:00Zx": extra text: "x"'),
    ],
)
def test_messages(text: str, message: str) -> None:
    """A wrong time is refused with the place where reading failed."""
    with pytest.raises(InvalidResource) as refused:
        parse_rfc3339(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "minutes"), [("3:04PM", 904), ("3:04 PM", 904), ("12:00AM", 0), ("12:30 PM", 750), ("11:59PM", 1439)]
)
def test_clock_times(text: str, minutes: int) -> None:
    """Clock times mean the minute of the day they say, with or without a blank."""
    assert parse_kitchen(text) == minutes


@given(st.one_of(st.text(max_size=30), st.text("0123456789:-TZ+.PAM ", max_size=30)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text ends a reader with anything but a refusal that shows it is about a time."""
    for read in (parse_rfc3339, parse_kitchen):
        try:
            assert read(text) is not None
        except InvalidResource as refused:
            assert str(refused).startswith("parsing time ")
