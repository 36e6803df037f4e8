"""Events followed live."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sensu.testing.ports import free_ports
from tests.cli.conftest import PASSWORD, USER, Sensuctl, logged_in, wait_until_ready

WAIT_S = 30.0


class Backend:
    """A backend that can be killed and started again on the same ports and database."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._api, self._agents = free_ports(2)
        self._places = ["--state-dir", str(home / "state")]
        credentials = ["--cluster-admin-username", USER, "--cluster-admin-password", PASSWORD]
        self._program = [sys.executable, "-m", "sensu.backend.main"]
        init = [*self._program, "init", *self._places, *credentials]
        subprocess.run(init, check=True, capture_output=True, timeout=60)
        self.url = f"http://127.0.0.1:{self._api}"
        self.start()

    def start(self) -> None:
        """Return when it answers."""
        listening = ["--api-listen-address", f"127.0.0.1:{self._api}", "--api-url", self.url, "--dashboard-port", "0"]
        agents = ["--agent-host", "127.0.0.1", "--agent-port", str(self._agents), "--cache-dir", str(self._home / "c")]
        with (self._home / "log").open("ab") as log:
            command = [*self._program, "start", *self._places, *listening, *agents]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until_ready(self._process, self._api)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait(20)


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Backend]:
    """A backend of its own."""
    started = Backend(tmp_path)
    yield started
    started.kill()


def reported(sensuctl: Sensuctl, entity: str, status: int) -> None:
    spec = {
        "entity": {"entity_class": "proxy", "metadata": {"name": entity, "namespace": "default"}},
        "check": {"metadata": {"name": "disk"}, "interval": 5, "status": status, "output": f"{entity} says"},
    }
    assert sensuctl("create", stdin=json.dumps({"type": "Event", "spec": spec})).status == 0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_watch_tells_each_change_also_across_the_death_of_the_backend(backend: Backend, tmp_path: Path) -> None:
    """First what there is, then each change once; a lost backend is waited for, and nothing is missed meanwhile."""
    home = tmp_path / "home"
    sensuctl = logged_in(backend.url, home)
    reported(sensuctl, "before", 1)
    variables = {"HOME": str(home), "PATH": os.environ["PATH"], "TZ": "UTC"}
    out, err = tmp_path / "out", tmp_path / "err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        command = [sys.executable, "-m", "sensu.sensuctl.main", "event", "list", "--watch", "--format", "json"]
        watching = subprocess.Popen(command, env=variables, stdout=stdout, stderr=stderr)
    try:
        until(lambda: out.read_text().count("\n") == 1)
        reported(sensuctl, "during", 2)
        until(lambda: out.read_text().count("\n") == 2)
        backend.kill()
        until(lambda: "reconnecting" in err.read_text())
        backend.start()
        reported(sensuctl, "after", 0)
        assert sensuctl("event", "delete", "before", "disk", "--skip-confirm").status == 0
        until(lambda: out.read_text().count("\n") == 4)
        watching.send_signal(2)
        assert watching.wait(10) == 130
    finally:
        watching.kill()
        watching.wait(10)
    told = [json.loads(line) for line in out.read_text().splitlines()]
    names = [each["event"]["entity"]["metadata"]["name"] for each in told if each["change"] == "updated"]
    assert names == ["before", "during", "after"]
    gone = {"namespace": "default", "entity": "before", "check": "disk"}
    assert [each["event"] for each in told if each["change"] == "gone"] == [gone]
    assert "Traceback" not in err.read_text()


def test_what_cannot_be_followed_is_an_error(sensuctl: Sensuctl) -> None:
    """A backend that was never there, a wrong selector and a wrong key are told at once."""
    assert "connection refused" in sensuctl("event", "list", "--watch", "--api-url", "http://127.0.0.1:1").err
    assert sensuctl("event", "list", "--watch", "--field-selector", "no selector").status == 1
    assert sensuctl("event", "list", "--watch", "--api-key", "nonsense").status == 1
