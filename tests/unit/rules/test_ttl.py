import pytest

from sensu.resources.check import CheckHistory
from sensu.resources.hook import Hook
from sensu.rules.ttl import alarm, awaited_for_s, patience_s
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
    ],
    ids=["no agent", "alive", "silent", "just back", "back and alive", "long back", "always alive"],
)
def test_an_agents_own_silence_excuses_its_checks(history: list[CheckHistory], expected: float) -> None:
    """A silent agent's checks wait, and one that came back has the whole time to live to report."""
    assert patience_s(90, history, 100) == expected


def test_an_alarm_keeps_the_configuration_and_no_old_result() -> None:
    """The alarm warns, says how long the check was silent, and carries nothing of the last run."""
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
    event = alarm(stored, make_entity("other"), NOW)
    check = event.check
    assert check and event.entity
    assert (check.status, check.output) == (1, "Last check execution was 100 seconds ago")
    assert (check.executed, check.issued, check.duration, event.timestamp) == (1_700_000_100, 0, 0, 1_700_000_100)
    assert (check.hooks, check.silenced, check.is_silenced, check.processed_by) == ((), (), False, "")
    assert (check.command, check.handlers, check.ttl) == ("check", ("slack",), 90)
    assert (event.id, event.sequence, event.entity.metadata.name) == (stored.id, 7, "other")
