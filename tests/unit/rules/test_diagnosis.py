"""What doctor finds, judged."""

import pytest

from sensu.rules import diagnosis
from sensu.rules.diagnosis import GOOD, PROBLEM, WARNING


@pytest.mark.parametrize(
    ("ahead_s", "level", "found"),
    [
        (0.4, GOOD, "agrees with the backend's"),
        (-5.0, GOOD, "agrees with the backend's"),
        (30.0, WARNING, "the backend's clock is 30 s ahead"),
        (-601.0, PROBLEM, "the backend's clock is 601 s behind"),
    ],
)
def test_clocks_are_compared(ahead_s: float, level: str, found: str) -> None:
    """Some seconds are common, a minute breaks log-ins."""
    judged = diagnosis.of_clock(ahead_s)
    assert (judged.level, judged.found) == (level, found)


@pytest.mark.parametrize(("port", "level"), [(8080, GOOD), (443, GOOD), (8081, WARNING), (3000, WARNING)])
def test_the_ports_of_others_are_recognised(port: int, level: str) -> None:
    """The ports of agents and of the web UI are a warning, because a proxy may use them for the API."""
    assert diagnosis.of_url(f"http://sensu:{port}", port).level == level


def test_members_that_are_ill_are_named() -> None:
    """One of several is enough for a problem."""
    members = [{"Name": "a", "Healthy": True}, {"Name": "b", "Healthy": False, "Err": "disk full"}]
    judged = diagnosis.of_health(members)
    assert (judged.level, judged.found) == (PROBLEM, "b: disk full")
    assert diagnosis.of_health(members[:1]) == ("health", GOOD, "1 member, healthy", "")


def test_some_rights_are_a_warning_and_none_a_problem() -> None:
    """Many kinds are not all listed."""
    kinds = [f"kind{number}" for number in range(7)]
    some = diagnosis.of_rights(kinds, 12, "default")
    assert (some.level, some.found) == (
        WARNING,
        "may not list kind0, kind1, kind2, kind3, kind4 and 2 more in default",
    )
    assert diagnosis.of_rights(kinds, 7, "default").level == PROBLEM
    assert diagnosis.of_rights((), 7, "default").level == GOOD


def test_many_checks_with_problems_are_counted() -> None:
    """The first ones are named, each with the command that explains it."""
    troubled = [(f"c{number}", "It was due, but no result has arrived.") for number in range(8)]
    found = list(diagnosis.of_checks({"total": 9, "published": 8}, troubled))
    assert [one.subject for one in found] == [
        "checks",
        "check c0",
        "check c1",
        "check c2",
        "check c3",
        "check c4",
        "checks",
    ]
    assert (found[0].found, found[-1].found) == ("9 checks, 8 published", "3 more have problems")


@pytest.mark.parametrize(
    ("part", "level", "found"),
    [
        ({"owed": 3, "dead": 0, "failing": []}, GOOD, "3 waiting, no dead letter"),
        ({"owed": 0, "dead": 1, "failing": []}, WARNING, "0 waiting, 1 dead letter"),
        (
            {"owed": 9, "dead": 2, "failing": [{"handler": "slack"}]},
            PROBLEM,
            "9 waiting, 2 dead letters; failing: slack",
        ),
    ],
)
def test_handlers_that_fail_are_a_problem(part: dict[str, object], level: str, found: str) -> None:
    """Dead letters alone may be old."""
    judged = diagnosis.of_deliveries(part)
    assert (judged.level, judged.found) == (level, found)


def test_late_checks_and_absent_agents_are_warnings() -> None:
    """Nothing late and agents that are connected are good."""
    assert diagnosis.of_schedule({"late": 1, "missed_1h": 2}).found == "1 check late, 2 runs missed in the last hour"
    assert diagnosis.of_schedule({"late": 0, "missed_1h": 0}).level == GOOD
    assert diagnosis.of_agents({"connected": 2, "away": 1}).level == WARNING
    assert diagnosis.of_agents({"connected": 0, "away": 0}).found == "no agent is connected"
    assert diagnosis.of_agents({"connected": 1, "away": 0}) == ("agents", GOOD, "1 agent connected", "")
