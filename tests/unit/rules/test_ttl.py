import pytest

from sensu.resources.check import CheckHistory
from sensu.resources.hook import Hook
from sensu.rules.ttl import awaited_for_s, failure_event, patience_s, waits_for_keepalive_s
from sensu.testing.factories import make_check, make_entity, make_event

NOW = 1_700_000_100.5


def keepalives(*results: tuple[int, int]) -> list[CheckHistory]:
    return [CheckHistory(status=status, executed=executed) for executed, status in results]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (make_check(ttl=90), 90),
        (make_check(ttl=0), None),
        (make_check(ttl=-1), None),
        (make_check("keepalive", ttl=90), None),
    ],
)
def test_a_result_is_awaited_for_its_time_to_live(check, expected: int | None) -> None:
    """Only a check with a time to live is awaited; a keepalive's is its critical time-out."""
    assert awaited_for_s(check) == expected


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (keepalives(), 0),
        (keepalives((0, 0)), 0),
        (keepalives((0, 0), (50, 1)), 90),
        (keepalives((0, 1), (70, 0)), 60),
        (keepalives((0, 1), (70, 0), (90, 0)), 60),
        (keepalives((0, 1), (5, 0)), 0),
        (keepalives((0, 0), (5, 0)), 0),
        (keepalives((0, 1), (3700, 0)), 0),
    ],
    ids=["no agent", "alive", "silent", "just back", "back and alive", "long back", "always alive", "clock set back"],
)
def test_the_ttl_waits_while_the_agent_is_disconnected(history: list[CheckHistory], expected: float) -> None:
    """The checks of a disconnected agent do not fail, and one that reconnected has the full TTL to send results."""
    assert patience_s(90, history, 100) == expected


@pytest.mark.parametrize(
    ("due_after_s", "judged", "expected"),
    [(0.5, False, 2.5), (-0.5, False, 2), (None, False, 2), (2.5, False, 0), (100, True, 0), (None, True, 0)],
    ids=["about to be missing", "missing", "being judged", "alive", "failed before", "failed and not awaited"],
)
def test_the_keepalive_is_judged_first(due_after_s: float | None, judged: bool, expected: float) -> None:
    """A time to live that ends together with the keepalive's waits for what becomes of that."""
    assert waits_for_keepalive_s(due_after_s, judged) == expected


def test_the_failure_of_a_result_without_a_time_counts_from_when_it_came() -> None:
    """Without an execution time, the time since the last result counts from its arrival, and is never negative."""
    stored = make_event(check=make_check(ttl=90), timestamp=1_700_000_000)
    event = failure_event(stored, make_entity(), NOW)
    assert event.check and event.check.output == "Last check execution was 100 seconds ago"
    ahead = make_event(check=make_check(ttl=90, executed=1_700_009_000))
    event = failure_event(ahead, make_entity(), NOW)
    assert event.check and event.check.output == "Last check execution was 0 seconds ago"


def test_a_failure_event_keeps_the_configuration_and_no_old_result() -> None:
    """The failure event is a warning, says how old the last result is, and has nothing of the last run."""
    stored = make_event(
        check=make_check(
            ttl=90,
            command="check",
            handlers=("slack",),
            executed=1_700_000_000,
            issued=1_700_000_000,
            duration=0.5,
            output="fine",
            hooks=(Hook(status=1),),
            silenced=("*:http",),
            is_silenced=True,
            processed_by="web1",
        ),
        id="01020304-0506-4708-890a-0b0c0d0e0f10",
        sequence=7,
    )
    event = failure_event(stored, make_entity("other"), NOW)
    check = event.check
    assert check and event.entity
    assert (check.status, check.output) == (1, "Last check execution was 100 seconds ago")
    assert (check.executed, check.issued, check.duration, event.timestamp) == (1_700_000_100, 0, 0, 1_700_000_100)
    assert (check.hooks, check.silenced, check.is_silenced, check.processed_by) == ((), (), False, "")
    assert (check.command, check.handlers, check.ttl) == ("check", ("slack",), 90)
    assert (event.id, event.sequence, event.entity.metadata.name) == (stored.id, 7, "other")
