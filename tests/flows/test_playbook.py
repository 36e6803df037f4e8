"""Playbooks fail where what they say is not so."""

import pytest

from tests.flows.playbook import Play


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("at 1 http of web1 was 0 0", "at 1"),
        ("at 1 http of web2 was 0", "at 1 there is no event of http of web2"),
        ("between 0 and 1 handler slack gets passing", "between 0 and 1"),
        ("between 0 and 1 handler slack gets nothing", "between 0 and 1"),
        ("between 1 and 2 handler slack gets failing", "between 1 and 2"),
        ("at -1 http of web1 was 2", "-1 has passed"),
        ("at 1 web1 goes for a walk", "no playbook has a line such as 'at 1 web1 goes for a walk'"),
    ],
)
async def test_a_playbook_that_is_not_so_fails(play: Play, line: str, says: str) -> None:
    """A wrong status or delivery, a time that has passed and a line without a meaning fail the test."""
    await play("at 0 web1 reports http 2")
    with pytest.raises(AssertionError, match=says):
        await play(line)


async def test_a_playbook_that_is_so_passes(play: Play) -> None:
    """Handlers get what was reported in the time that is named, and nothing of other times or for other handlers."""
    await play("""
        at 0 web1 reports http 2
        between 0 and 1 handler slack gets failing
        at 5 web1 reports http 0
        between 1 and 6 handler slack gets passing
        between 0 and 6 handler slack gets failing passing
        between 0 and 6 handler pagerduty gets nothing
    """)
