"""What `sensu-backend doctor` finds, judged."""

import pytest

from sensu.rules import backend_diagnosis as judge
from sensu.rules.backend_diagnosis import Exposed
from sensu.rules.diagnosis import GOOD, PROBLEM, WARNING, Diagnosis


def level(found: Diagnosis | None) -> str:
    """The level, empty if there is nothing to say."""
    return "" if found is None else found.level


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (judge.of_service("17", "a backend"), GOOD),
        (judge.of_service("", "state folder /s"), WARNING),
        (judge.of_folder("/s", "", "sensu", []), GOOD),
        (judge.of_folder("/s", "permission denied", "sensu", []), PROBLEM),
        (judge.of_folder("/s", "", "sensu", ["sensu.db"]), PROBLEM),
        (judge.of_file_system("/s", "ext4"), ""),
        (judge.of_file_system("/s", "nfs4"), PROBLEM),
        (judge.of_schema(10, 10), GOOD),
        (judge.of_schema(9, 10), GOOD),
        (judge.of_schema(11, 10), PROBLEM),
        (judge.of_damage("ok", "sensu.db"), GOOD),
        (judge.of_damage("", "sensu.db"), GOOD),
        (judge.of_damage("row 3 missing from index", "sensu.db"), PROBLEM),
        (judge.of_write_ahead_log(4 * 2**20), ""),
        (judge.of_write_ahead_log(2**30), WARNING),
        (judge.of_users(0, has_default_password=False), WARNING),
        (judge.of_users(2, has_default_password=True), PROBLEM),
        (judge.of_users(2, has_default_password=False), GOOD),
        (judge.of_open_port("API port", "[::]:8080", True), GOOD),
        (judge.of_open_port("API port", "[::]:8080", False), PROBLEM),
        (judge.of_files(65_536), GOOD),
        (judge.of_files(4_096), WARNING),
        (judge.of_files(256), PROBLEM),
        (judge.of_backlog(4_096), ""),
        (judge.of_backlog(128), WARNING),
        (judge.of_time_zones(True), ""),
        (judge.of_time_zones(False), PROBLEM),
        (judge.of_event_log("/var/log/e", ""), GOOD),
        (judge.of_event_log("/var/log/e", "permission denied"), PROBLEM),
    ],
)
def test_each_fact_has_its_level(found: Diagnosis | None, expected: str) -> None:
    """What is not good names what helps."""
    assert level(found) == expected
    if found is not None and found.level != GOOD:
        assert found.remedy


def test_ports_without_tls() -> None:
    """Ports on the loopback interface, and those with TLS, are not mentioned."""
    ports = [Exposed("API port", "::", False), Exposed("agents' port", "127.0.0.1", False), Exposed("web", "::", True)]
    found = judge.of_exposure(ports)
    assert found is not None
    assert found.found.startswith("API port: other hosts connect without TLS")
    assert judge.of_exposure(ports[1:]) is None


@pytest.mark.parametrize(
    ("path", "age_s", "levels"),
    [("", None, []), ("/b", None, [PROBLEM]), ("/b", 3_600.0, [GOOD]), ("/b", 900_000.0, [WARNING])],
)
def test_backups(path: str, age_s: float | None, levels: list[str]) -> None:
    """Without a place nothing is said; no file is a problem, and an old one a warning."""
    assert [one.level for one in judge.of_backup(path, age_s, 604_800.0)] == levels
