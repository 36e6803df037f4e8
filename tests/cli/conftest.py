"""A real backend and a home folder for command lines."""

import contextlib
import http.client
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from sensu.sensuctl.main import run
from sensu.testing.ports import free_ports

USER, PASSWORD = "admin", "P@ssw0rd!"
READY_TIMEOUT_S = 30.0


class Ended(NamedTuple):
    """How a command line ended."""

    status: int
    out: str
    err: str


Sensuctl = Callable[..., Ended]


def wait_until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Return when /health answers; fail when the process ends or time is up."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "sensu-backend ended"
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    pytest.fail("sensu-backend was not ready in time")


@contextlib.contextmanager
def running_backend(home: Path) -> Iterator[str]:
    """The URL of the API of a fresh backend with the user admin, whose files are in a folder."""
    api, agents = free_ports(2)
    backend = [sys.executable, "-m", "sensu.backend.main"]
    places = ["--state-dir", str(home / "state")]
    credentials = ["--cluster-admin-username", USER, "--cluster-admin-password", PASSWORD]
    subprocess.run([*backend, "init", *places, *credentials], check=True, capture_output=True, timeout=60)
    url = f"http://127.0.0.1:{api}"
    listening = ["--api-listen-address", f"127.0.0.1:{api}", "--api-url", url, "--dashboard-port", "0"]
    agent_side = ["--agent-host", "127.0.0.1", "--agent-port", str(agents), "--cache-dir", str(home / "cache")]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([*backend, "start", *places, *listening, *agent_side], stdout=log, stderr=log)
    try:
        wait_until_ready(process, api)
        yield url
    finally:
        process.terminate()
        process.wait(20)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def logged_in(url: str, home: Path, *, terminal: bool = False) -> Sensuctl:
    """Runs a command line as admin, in a home folder of its own; the words are not split."""

    def play(*words: str, stdin: str = "", **environment: str) -> Ended:
        out, err = io.StringIO(), Terminal() if terminal else io.StringIO()
        variables = {"HOME": str(home), "PATH": os.environ["PATH"], **environment}
        status = run(words, variables, io.StringIO(stdin), out, err)
        return Ended(status, out.getvalue(), err.getvalue())

    done = play("configure", "-n", "--url", url, "--username", USER, "--password", PASSWORD)
    assert done == (0, "", ""), done
    return play


@pytest.fixture(scope="module")
def api_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A fresh backend with the user admin."""
    with running_backend(tmp_path_factory.mktemp("backend")) as url:
        yield url


@pytest.fixture(scope="module")
def sensuctl(api_url: str, tmp_path_factory: pytest.TempPathFactory) -> Sensuctl:
    """Runs command lines as admin."""
    return logged_in(api_url, tmp_path_factory.mktemp("home"))
