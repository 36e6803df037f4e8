"""What `sensu-agent doctor` finds, judged."""

import pytest

from sensu.rules import agent_diagnosis as judge
from sensu.rules.agent_diagnosis import Running, UnsentEvents, Who
from sensu.rules.diagnosis import GOOD, PROBLEM, WARNING, of_certificate, of_port, of_settings, of_space

GIB = 2**30
BY_USER = Who("agent", "", "default", "a1")
BY_CERTIFICATE = Who("agent", "/etc/a1.pem", "default", "a1")
NO_KEY = "Bad Request\nwebsocket: not a websocket handshake: 'Sec-WebSocket-Key' header is missing or blank"
NO_UPGRADE = "Bad Request\nwebsocket: the client is not using the websocket protocol: 'upgrade' token not found in"


@pytest.mark.parametrize(
    ("status", "body", "who", "level", "found"),
    [
        (400, NO_KEY, BY_USER, GOOD, "the user agent is accepted in namespace default"),
        (400, NO_KEY, BY_CERTIFICATE, GOOD, "the certificate /etc/a1.pem is accepted in namespace default"),
        (400, NO_UPGRADE, BY_USER, PROBLEM, "the request for a WebSocket does not arrive as one"),
        (401, "bad credentials\n", BY_USER, PROBLEM, "the user agent is not accepted: bad credentials"),
        (403, "Forbidden", BY_USER, PROBLEM, "the user agent may not create events in namespace default as a1"),
        (404, 'namespace "default" not found', BY_USER, PROBLEM, "namespace default does not exist"),
        (503, "starting", BY_USER, WARNING, "the backend takes no agents now: starting"),
        (200, "<html>", BY_USER, PROBLEM, "this does not take agents (status 200: <html>)"),
        (200, "", BY_USER, PROBLEM, "this does not take agents (status 200: )"),
    ],
)
def test_answers_to_a_handshake(status: int, body: str, who: Who, level: str, found: str) -> None:
    """Each answer says what is wrong: the way, the credentials, the rights, the namespace or the server."""
    judged = judge.of_handshake("ws://b", status, body, who)
    assert (judged.level, judged.found) == (level, found)
    assert bool(judged.remedy) == (level != GOOD)


def test_the_ports_of_others_are_recognised() -> None:
    """The API's and the web UI's are a warning, others are not mentioned."""
    assert [judge.of_backend_url("ws://b", port) is None for port in (8081, 443, 8080, 3000)] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("wanted", "stored", "unused", "managed", "levels"),
    [
        (["linux"], ["linux"], [], False, [GOOD]),
        (["linux", "web"], ["linux"], [], False, [WARNING]),
        (["linux", "web"], ["linux"], [], True, [GOOD]),
        (["linux"], ["linux"], ["linux"], False, [WARNING]),
        ([], [], [], False, [WARNING]),
    ],
)
def test_subscriptions(
    wanted: list[str], stored: list[str], unused: list[str], managed: bool, levels: list[str]
) -> None:
    """Those that the entity does not have, and those without a check, are warnings, and so are none at all."""
    found = judge.of_registration(wanted, stored, unused, has_entity=True, is_managed=managed)
    assert [one.level for one in found] == levels


@pytest.mark.parametrize(
    ("sessions", "here", "problem"), [(0, False, False), (1, True, False), (1, False, True), (2, True, True)]
)
def test_agents_with_one_name(sessions: int, here: bool, problem: bool) -> None:
    """A session belongs to the agent of this host if one runs here."""
    assert (judge.of_sessions("a1", sessions, runs_here=here) is not None) == problem


def test_the_agent_of_this_host() -> None:
    """It runs and is connected, or not; what it dropped, lost and refused is said."""
    counts = {
        "sensu_go_agent_check_requests_dropped": {"still running": 3.0, "already received": 9.0},
        "sensu_agent_events_lost": {"size": 2.0},
        "sensu_agent_privileges_refused": {"raid": 1.0},
    }
    assert [one.level for one in judge.of_service(None, "1.0")] == [WARNING]
    assert [one.level for one in judge.of_service(Running("1.0", False, {}), "1.0")] == [PROBLEM]
    assert [one.found for one in judge.of_service(Running("0.9", True, {}), "1.0")] == [
        "version 0.9 runs, 1.0 is installed"
    ]
    assert [one.found for one in judge.of_service(Running("1.0", True, counts), "1.0")] == [
        "the agent of this host runs and is connected",
        "check requests were not run: 3 still running",
        "events were given up: 2 because of size",
        "the service refuses privileges to raid, for example to sudo",
    ]


@pytest.mark.parametrize(
    ("queue", "level"),
    [
        (UnsentEvents(0, 0, 0), GOOD),
        (UnsentEvents(3, 10, 20), GOOD),
        (UnsentEvents(3, 10, 400), WARNING),
        (UnsentEvents(3, 60, 20), WARNING),
    ],
)
def test_the_journal(queue: UnsentEvents, level: str) -> None:
    """Old events, and a journal that is half full, are a warning."""
    assert judge.of_journal(queue, 100).level == level


def test_folders_and_groups() -> None:
    """A folder that cannot be written is a problem; groups that may not ping are a warning."""
    assert judge.of_cache("/c", "permission denied", "", "ann").level == PROBLEM
    assert judge.of_cache("/c", "", "", "ann").level == GOOD
    ranges = {"1\t0\n": WARNING, "0\t2147483647\n": GOOD}
    assert {text: getattr(judge.of_ping(text, [999]), "level", "") for text in ranges} == ranges
    assert judge.of_ping("", [999]) is None


def test_versions_are_compared() -> None:
    """A backend of another version is a warning."""
    assert judge.of_version("ws://b", "1.0", "1.0").level == GOOD
    assert judge.of_version("ws://b", "1.1", "1.0").level == WARNING


@pytest.mark.parametrize(
    ("free", "total", "inodes", "level"),
    [
        (50 * GIB, 100 * GIB, (90, 100), GOOD),
        (GIB, 100 * GIB, (90, 100), WARNING),
        (GIB, 4 * GIB, (90, 100), GOOD),
        (GIB // 20, 100 * GIB, (90, 100), PROBLEM),
        (50 * GIB, 100 * GIB, (2, 100), WARNING),
        (50 * GIB, 100 * GIB, (0, 1000), PROBLEM),
        (50 * GIB, 100 * GIB, (0, 0), GOOD),
    ],
)
def test_disks(free: int, total: int, inodes: tuple[int, int], level: str) -> None:
    """Little space on a large part of the disk is a warning, and so are few inodes; nearly none is a problem."""
    assert of_space("disk", "/var", free, total, *inodes).level == level


def test_what_all_programs_share() -> None:
    """Expired certificates, ports in use and unknown settings."""
    assert of_certificate(-1).level == PROBLEM
    assert of_port("port", "127.0.0.1:3031", True, "--api-port").level == PROBLEM
    assert of_settings([], "/etc/sensu/agent.yml").found == "/etc/sensu/agent.yml"
    assert of_settings(["unknown: x"], "").level == WARNING
