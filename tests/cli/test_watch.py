"""Events followed live."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sensu.testing.backend_process import BackendProcess
from tests.cli.conftest import Sensuctl, logged_in

WAIT_S = 30.0


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as own:
        yield own


@pytest.fixture
def backend(tmp_path: Path, runner: asyncio.Runner) -> Iterator[BackendProcess]:
    """A backend of its own."""
    process = BackendProcess(tmp_path)
    runner.run(process.initialise())
    runner.run(process.start())
    yield process
    runner.run(process.kill())


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


def test_a_watch_tells_each_change_also_across_the_death_of_the_backend(
    backend: BackendProcess, runner: asyncio.Runner, tmp_path: Path
) -> None:
    """First what there is, then each change once; a lost backend is waited for, and nothing is missed meanwhile."""
    home = tmp_path / "home"
    sensuctl = logged_in(backend.api_url, home)
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
        runner.run(backend.kill())
        until(lambda: "reconnecting" in err.read_text())
        runner.run(backend.start())
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
