"""The stored form of the remaining workflows of a delivery."""

import pytest

from sensu.errors import InvalidResource
from sensu.rules.owed import OwedWorkflow, Step, owed_workflows, rest_of, steps_of, why_of

STEPS = {"p/a": Step(2, 17.5, "exit status 1"), "p/b": Step()}


def test_what_is_written_is_read_again() -> None:
    """Attempts, times and reasons of each workflow survive; nothing written stands for all of them, untried."""
    assert steps_of(rest_of(STEPS), 99.0) == STEPS
    assert steps_of(b"", 99.0) is None
    assert steps_of(rest_of({}), 99.0) == {}


def test_numbers_alone_are_attempts() -> None:
    """Where only attempts were written, each workflow is due when the delivery is."""
    assert steps_of(b'{"p/a": 1}', 99.0) == {"p/a": Step(1, 99.0)}


@pytest.mark.parametrize("rest", [b"{no json", b"[]", b'{"p/a": "1"}', b'{"p/a": {"tries": "x"}}'])
def test_what_cannot_be_read_is_refused(rest: bytes) -> None:
    """Whatever was not written by us is told from what was."""
    with pytest.raises(InvalidResource):
        steps_of(rest, 0.0)


def test_people_see_each_workflow_and_why() -> None:
    """Reasons of several workflows stand behind their names; those without a reason have none."""
    shown = owed_workflows(STEPS, {"p/a": "slack"})
    assert shown == (
        OwedWorkflow(workflow="p/a", handler="slack", attempts=2, due_at=17.5, why="exit status 1"),
        OwedWorkflow(workflow="p/b"),
    )
    assert why_of(shown) == "p/a: exit status 1"
