"""A backend of several workers as processes: how it starts, refuses to start, loses workers, and ends."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from sensu.backend.workers.supervisor import HUNG_AFTER_S
from sensu.testing.backend_process import BackendProcess
from tests.workers.world import WORKERS, clients, event_of, until, workers_of

FLAGS = ("--workers", str(WORKERS), "--log-level", "info")
END_S = 30.0
NAMESPACE = "/api/core/v2/namespaces/default"


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    """The one line in which a backend that failed says why."""
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("sensu-backend: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


def start_and_fail(*arguments: str) -> str:
    command = [sys.executable, "-m", "sensu.backend.main", "start", *arguments]
    return only_line(subprocess.run(command, capture_output=True, text=True, timeout=END_S, check=False))


@pytest.fixture
def runner() -> Callable[..., object]:
    with asyncio.Runner() as own:
        yield own.run  # type: ignore[misc]


@pytest.fixture
def initialised(tmp_path: Path, runner: Callable[..., object]) -> BackendProcess:
    process = BackendProcess(tmp_path)
    runner(process.initialise())
    return process


def serving(process: BackendProcess) -> list[psutil.Process]:
    """The workers of a backend that serves."""
    until(lambda: "ready to accept" in process.log.read_text(), "the workers do not serve")
    return workers_of(process)


def test_all_workers_end_together(initialised: BackendProcess, runner: Callable[..., object]) -> None:
    """A signal ends all workers with status 0; what was accepted until then is stored, and nothing is left behind."""
    runner(initialised.start(FLAGS))
    workers = serving(initialised)
    assert len(workers) == WORKERS
    with clients(initialised) as each:
        for number in range(30):
            assert each[number % WORKERS].ask("POST", f"{NAMESPACE}/events", event_of(f"e{number}", "ping"))[0] == 201
    assert runner(initialised.stop()) == 0
    assert not any(worker.is_running() for worker in workers)
    assert not [path for path in (initialised.folder / "state").iterdir() if path.is_socket()]
    runner(initialised.start())
    with clients(initialised, 1) as (client,):
        assert len(client.ask("GET", f"{NAMESPACE}/events")[1]) == 30
    assert runner(initialised.stop()) == 0


@pytest.mark.slow
def test_a_worker_that_hangs_is_started_again(initialised: BackendProcess, runner: Callable[..., object]) -> None:
    """A worker that does not answer for half a minute is killed and replaced, and its entities are served again."""
    runner(initialised.start(FLAGS))
    victim = serving(initialised)[-1]
    victim.suspend()
    until(lambda: not victim.is_running(), "the worker is not killed", HUNG_AFTER_S + END_S)
    until(lambda: len(serving(initialised)) == WORKERS, "it is not started again")
    assert "a worker does not answer and is killed" in initialised.log.read_text()
    with clients(initialised) as each:
        for number in range(30):
            assert each[0].ask("POST", f"{NAMESPACE}/events", event_of(f"e{number}", "ping"))[0] == 201
    assert runner(initialised.stop()) == 0


def test_what_is_wrong_is_said_once(initialised: BackendProcess, runner: Callable[..., object], tmp_path: Path) -> None:
    """A folder or port in use, a bad number of workers and a bad key are each told in one line, with status 1."""
    runner(initialised.start(FLAGS))
    serving(initialised)
    places = [*initialised.places, *FLAGS]
    assert "is in use by another backend (process " in start_and_fail(*places)
    assert "is in use by another backend (process " in start_and_fail(*initialised.places)
    elsewhere = ["--state-dir", str(tmp_path / "other"), "--dashboard-port", "0", *FLAGS]
    api = ["--api-listen-address", f"127.0.0.1:{initialised.api_port}"]
    assert "the API cannot listen on 127.0.0.1:" in start_and_fail(*places, *elsewhere)
    agents = ["--agent-host", "127.0.0.1", "--agent-port", str(initialised.agent_port)]
    free = ["--api-listen-address", "127.0.0.1:0"]
    assert "the agents' port cannot listen on 127.0.0.1:" in start_and_fail(*elsewhere, *free, *agents)
    alone = [*elsewhere[:4], "--log-level", "error", *api, "--agent-host", "127.0.0.1", "--agent-port", "0"]
    assert "cannot listen" in start_and_fail(*alone)
    runner(initialised.stop())
    for number in ("0", "65", "many"):
        assert "workers" in start_and_fail(*initialised.places, "--workers", number)
    key = ["--jwt-private-key-file", str(tmp_path / "missing.pem")]
    assert "missing.pem" in start_and_fail(*initialised.places, *FLAGS, *key)


def test_a_worker_that_dies_is_started_again(initialised: BackendProcess, runner: Callable[..., object]) -> None:
    """The others serve meanwhile, and health tells of the one that is away until it is back."""
    runner(initialised.start(FLAGS))
    victim = serving(initialised)[-1]
    with clients(initialised) as each:
        client = next(one for one in each if one.worker != victim.pid)
        victim.suspend()
        health = until(lambda: _ill(client.ask("GET", "/health")[1]), "the health says nothing")
        assert "does not answer" in health
        victim.kill()
        until(lambda: len(workers_of(initialised)) == WORKERS, "it is not started again")
        until(lambda: not _ill(client.ask("GET", "/health")[1]), "it does not get well")
    with clients(initialised):
        assert victim.pid not in {worker.pid for worker in workers_of(initialised)}
    runner(initialised.stop())


def _ill(health: dict[str, list[dict[str, str]]]) -> str:
    (member,) = health["ClusterHealth"]
    return member["Err"]


def test_workers_do_not_outlive_their_parent(initialised: BackendProcess, runner: Callable[..., object]) -> None:
    """When the parent is killed the workers end by themselves, and the folder is free for the next backend."""
    runner(initialised.start(FLAGS))
    workers = serving(initialised)
    runner(initialised.kill())
    until(lambda: not any(worker.is_running() for worker in workers), "workers are left")
    runner(initialised.start(FLAGS))
    assert runner(initialised.stop()) == 0


def test_one_worker_may_be_restarted_by_hand(initialised: BackendProcess, runner: Callable[..., object]) -> None:
    """A worker that is asked to end does so in order, and another takes its place."""
    runner(initialised.start(FLAGS))
    first = serving(initialised)[0]
    os.kill(first.pid, signal.SIGTERM)
    until(lambda: not first.is_running() or first.status() == psutil.STATUS_ZOMBIE, "it does not end")
    until(lambda: len(workers_of(initialised)) == WORKERS, "it is not started again")
    with clients(initialised) as each:
        assert each[0].ask("GET", f"{NAMESPACE}/checks")[0] == 200
    assert runner(initialised.stop()) == 0


def test_ports_may_be_any(initialised: BackendProcess) -> None:
    """If any port will do, all workers share the one that was found, and the web UI's, which nobody else can take."""
    anywhere = ["--api-listen-address", "127.0.0.1:0", "--agent-port", "0"]
    web = f"the web UI listens on port {initialised.web_port}"
    command = [sys.executable, "-m", "sensu.backend.main", "start", *initialised.places, *anywhere, *FLAGS]
    log = initialised.folder / "any.log"
    with log.open("wb") as sink, subprocess.Popen(command, stderr=sink) as process:
        until(lambda: "ready to accept" in log.read_text(), "the workers do not serve")
        ports = re.findall(r"the API listens on port (\d+)", log.read_text())
        until(lambda: log.read_text().count(web) == WORKERS, "the web UI is not served by each worker")
        with urllib.request.urlopen(f"{initialised.web_url}/n/default/events") as page:
            assert page.status == 200
        with socket.socket() as probe, pytest.raises(OSError, match="in use"):
            probe.bind(("127.0.0.1", int(ports[0])))
        process.send_signal(signal.SIGINT)
        assert process.wait(END_S) == 0
    assert len(ports) == WORKERS
    assert len(set(ports)) == 1
