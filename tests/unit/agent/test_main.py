import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def agent(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The program run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "sensu.agent.main", *arguments], capture_output=True, text=True, timeout=30, check=False
    )


def only_line(result: subprocess.CompletedProcess[str], message: str = "error executing sensu-agent") -> str:
    """The error in the one line that the program printed when it could not start."""
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    told = json.loads(line)
    assert (told["level"], told["msg"]) == ("fatal", message)
    return str(told["error"])


def test_help_and_version() -> None:
    """The program tells its version and its commands, and each flag of `start`."""
    assert agent("version").stdout.startswith("sensu-agent version ")
    assert "sensu-agent start" in agent().stdout
    assert "--backend-url" in agent("start", "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["start", "--nosuch"], "unknown flag: --nosuch"),
        (["nosuch"], 'unknown command "nosuch" for "sensu-agent"'),
        (["strat"], 'unknown command "strat" for "sensu-agent"; did you mean "start"?'),
        (["start", "--trusted-ca-file", "/nonexistent", "--backend-url", "wss://a"], "no such file or directory"),
    ],
)
def test_it_says_in_one_line_why_it_does_not_start(arguments: list[str], error: str) -> None:
    """A command line that cannot be used ends the program with one line."""
    assert error in only_line(agent(*arguments))


def test_doctor_ends_with_the_status_of_the_worst_finding(tmp_path: Path) -> None:
    """Nobody listens at the URL of the backend, so the status is 2; help lists the flags."""
    words = ["--backend-url", "ws://127.0.0.1:1", "--cache-dir", str(tmp_path), "--subscriptions", "linux"]
    found = agent("doctor", *words, "--disable-api", "--disable-sockets", "--statsd-disable", "--format", "json")
    assert (found.returncode, found.stderr) == (2, "")
    levels = {one["subject"]: one["level"] for one in json.loads(found.stdout)}
    assert levels["backend ws://127.0.0.1:1"] == "problem"
    assert levels["cache"] == "good"
    assert "--format" in agent("help", "doctor").stdout
    assert "must be text or json" in agent("doctor", "--format", "xml").stdout


def test_an_api_port_in_use(tmp_path: Path) -> None:
    """An agent whose local API has no port to listen on does not start, and says so in its last line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = ["--api-port", port, "--disable-sockets", "--statsd-disable", "--log-level", "fatal"]
        result = agent("start", "--cache-dir", str(tmp_path), "--backend-url", "ws://127.0.0.1:1", *words)
    why = f"listen tcp 127.0.0.1:{port}: bind: address already in use"
    assert only_line(result, "the agent API has crashed") == why


def test_a_configuration_file_that_is_missing(tmp_path: Path) -> None:
    """A file that was named and is not there is told in the reference's words."""
    why = only_line(agent("start", "-c", f"{tmp_path}/none.yml"), "error handling agent config")
    assert why == f"open {tmp_path}/none.yml: no such file or directory"


def test_other_ports_in_use(tmp_path: Path) -> None:
    """An agent whose sockets or StatsD server have no port says so and goes on without them."""
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken_datagrams,
        subprocess.Popen(
            [sys.executable, "-m", "sensu.agent.main", "start", "--cache-dir", str(tmp_path), "--disable-api"]
            + ["--backend-url", "ws://127.0.0.1:1", "--socket-port", str(taken.getsockname()[1])]
            + ["--statsd-metrics-port", str(bound(taken_datagrams)), "--retry-min", "1m"],
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stderr is not None
        told = []
        while "reconnection attempt failed" not in told:
            told.append(json.loads(process.stderr.readline())["msg"])
        process.terminate()
        assert process.wait(10) == 0
    assert "unable to start socket listeners" in told
    assert any(line.startswith("statsd listener failed on 127.0.0.1:") for line in told)


def bound(datagrams: socket.socket) -> int:
    datagrams.bind(("127.0.0.1", 0))
    return int(datagrams.getsockname()[1])
