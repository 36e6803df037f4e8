"""What the history of an event keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.errors import InvalidResource
from sensu.rules.check_state import CheckState
from sensu.rules.history import (
    OUTPUT_BYTES_MAX,
    OUTPUT_BYTES_OF_NO_NEWS_MAX,
    changes_state,
    entry_of,
    is_worth_keeping,
    packed,
    unpacked,
)
from sensu.testing.factories import make_check


@given(st.text(max_size=2000), st.integers(0, 3), st.booleans())
def test_output_is_kept_to_a_bound(output: str, status: int, changed: bool) -> None:
    """What is kept of an output is its beginning, in whole characters; it says whether there was more."""
    check = make_check(output=output, status=status)
    bound = OUTPUT_BYTES_OF_NO_NEWS_MAX if status == 0 and not changed else OUTPUT_BYTES_MAX
    entry = entry_of(check, changed)
    assert output.startswith(entry.output)
    assert len(entry.output.encode()) <= bound
    assert entry.truncated == (entry.output != output)
    assert not entry.truncated or len(output.encode()) > bound
    assert not entry.truncated or len(entry.output.encode()) > bound - 4
    assert unpacked(packed(check, changed)) == entry


def test_what_is_no_entry_is_refused() -> None:
    """A damaged entry is an error of its own kind."""
    with pytest.raises(InvalidResource):
        unpacked(b"\x00nonsense")


@pytest.mark.parametrize(
    ("previous", "status", "state", "expected"),
    [
        (None, 0, "passing", True),
        (CheckState(status=0), 0, "passing", False),
        (CheckState(status=0), 2, "failing", True),
        (CheckState(status=1, state="failing"), 2, "failing", True),
        (CheckState(status=2, state="failing"), 2, "flapping", True),
        (CheckState(status=2, state="flapping"), 2, "flapping", False),
        (CheckState(status=2, state="flapping"), 2, "failing", True),
    ],
)
def test_what_is_a_state_change(previous: CheckState | None, status: int, state: str, expected: bool) -> None:
    """The first result, another status, and the begin and end of flapping are changes."""
    assert changes_state(previous, make_check(status=status, state=state)) is expected


def test_keepalives_of_a_healthy_agent_are_no_news() -> None:
    """A keepalive that passes is not kept, one that is missing is."""
    assert not is_worth_keeping(make_check("keepalive"))
    assert is_worth_keeping(make_check("keepalive", 1))
    assert is_worth_keeping(make_check("http"))
