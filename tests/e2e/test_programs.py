"""The programs as processes: what they say and how they exit when something is wrong, and how they start and stop."""

import asyncio
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sensu.testing.backend_process import PASSWORD, USER, BackendProcess

CHECKOUT = Path(__file__).resolve().parents[2]
RUN_S = 30.0
ADMIN = ("--cluster-admin-username", USER, "--cluster-admin-password", PASSWORD)


def run(module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program at its end."""
    command = [sys.executable, "-m", f"sensu.{module}.main", *arguments]
    environ = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False, env=environ)


def backend(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run("backend", *arguments, **environment)


def only_line(done: subprocess.CompletedProcess[str], status: int = 1) -> str:
    """The one line in which a program that failed says why."""
    assert done.returncode == status, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in lines[0]
    return lines[0]


@contextmanager
def listener() -> Iterator[int]:
    """A port that is in use."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield int(taken.getsockname()[1])


@pytest.fixture
async def initialised(tmp_path: Path) -> BackendProcess:
    """A backend that was never started, with its database made."""
    process = BackendProcess(tmp_path)
    await process.initialise()
    return process


def test_a_database_is_made_once(tmp_path: Path) -> None:
    """The second init changes nothing, says so and exits with 3, with 0 where that was foreseen."""
    state = ("--state-dir", str(tmp_path / "state"))
    assert backend("init", *ADMIN, *state).returncode == 0
    assert only_line(backend("init", *ADMIN, *state), 3) == "already initialized"
    assert backend("init", *ADMIN, *state, "--ignore-already-initialized").returncode == 0


def test_init_takes_the_admin_from_the_environment(tmp_path: Path) -> None:
    """Name and password of the first admin may come by variables, and init without them says which are missing."""
    state = ("--state-dir", str(tmp_path / "state"))
    assert "SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD" in only_line(backend("init", *state))
    assert not (tmp_path / "state").exists()
    given = {"SENSU_BACKEND_CLUSTER_ADMIN_USERNAME": USER, "SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD": PASSWORD}
    assert backend("init", *state, **given).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["start", "--no-such-flag"], "--no-such-flag"),
        (["start", "--agent-port", "abc"], "--agent-port"),
        (["start", "--agent-port", "99999"], "--agent-port"),
        (["start", "--dashboard-port", "99999"], "--dashboard-port"),
        (["start", "--dashboard-url", "sensu.example.com"], "--dashboard-url"),
        (["start", "--dashboard-cert-file", "a.pem"], "--dashboard-key-file must be given together"),
        (["start", "--log-level", "loud"], "--log-level"),
        (["start", "--state-dir"], "--state-dir"),
        (["init", "--no-such-flag"], "--no-such-flag"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_a_bad_flag_is_named(arguments: list[str], says: str) -> None:
    """A flag or command that does not exist, or a value that does not fit, is told in one line."""
    assert says in only_line(backend(*arguments))


@pytest.mark.parametrize("command", ["init", "start"])
@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_state_folder_that_cannot_be_used_is_named(tmp_path: Path, command: str, below: str) -> None:
    """Where a file stands in the place of the state folder or above it, the program says so."""
    blocked = tmp_path / "file"
    blocked.touch()
    admin = ADMIN if command == "init" else ()
    place = str(blocked / below) if below else str(blocked)
    assert place in only_line(backend(command, *admin, "--state-dir", place))


@pytest.mark.parametrize(
    "content", [b"state-dir: [unclosed\n", b"- a list\n", b"agent-port: many\n", b"\xff\xfe\x00", b"a: b: c\n\t- x"]
)
@pytest.mark.parametrize("module", ["backend", "agent"])
def test_a_corrupt_config_file_is_named(tmp_path: Path, module: str, content: bytes) -> None:
    """A configuration that cannot be read, or holds what does not fit, is told with its file."""
    config = tmp_path / "program.yml"
    config.write_bytes(content if module == "backend" else content.replace(b"agent-port", b"api-port"))
    assert str(config) in only_line(run(module, "start", "--config-file", str(config)))


def test_a_config_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """A file that the user named must be there."""
    config = str(tmp_path / "nosuch.yml")
    assert config in only_line(backend("start", "--config-file", config))


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Noise in the database's place ends start and init with the file's name, and is left as it is."""
    state, noise = tmp_path / "state", random.Random(1).randbytes(20_000)
    state.mkdir()
    database = state / "sensu.db"
    database.write_bytes(noise)
    for command in (["start"], ["init", *ADMIN]):
        assert f"the database {database} is damaged" in only_line(backend(*command, "--state-dir", str(state)))
    assert database.read_bytes() == noise


def test_a_damaged_database_is_named(initialised: BackendProcess) -> None:
    """A database whose pages were overwritten ends the start with its name."""
    database = initialised.folder / "state" / "sensu.db"
    content = bytearray(database.read_bytes())
    content[100:] = random.Random(1).randbytes(len(content) - 100)
    database.write_bytes(content)
    assert f"the database {database} is damaged" in only_line(backend("start", *initialised.places))


def test_a_port_in_use_is_named(initialised: BackendProcess) -> None:
    """A taken port of the API, of the agents or of the web UI ends the start with its address."""
    with listener() as port:
        places = initialised.places
        said = only_line(backend("start", *places, "--api-listen-address", f"127.0.0.1:{port}"))
        assert f"the API cannot listen on 127.0.0.1:{port}" in said
        said = only_line(backend("start", *places, "--agent-port", str(port)))
        assert f"the agents' port cannot listen on 127.0.0.1:{port}" in said
        said = only_line(backend("start", *places, "--dashboard-port", str(port)))
        assert f"the web UI cannot listen on 127.0.0.1:{port}" in said


async def test_a_state_folder_has_one_backend(initialised: BackendProcess) -> None:
    """A second backend on the folder of one that runs is turned away, init asks the first; neither harms it."""
    await initialised.start()
    try:
        second = BackendProcess(initialised.folder / "second")
        places = [*second.places, *initialised.state]
        assert "is in use by another backend" in only_line(await asyncio.to_thread(backend, "start", *places))
        done = await asyncio.to_thread(backend, "init", *ADMIN, *initialised.state)
        assert only_line(done, 3) == "already initialized"
    finally:
        assert await initialised.stop() == 0


async def test_a_backend_stops_when_asked(initialised: BackendProcess) -> None:
    """SIGTERM ends it within two seconds with 0 and no complaint; its database serves the next start."""
    for _ in range(2):
        await initialised.start()
        asked = time.monotonic()
        assert await initialised.stop() == 0
        assert time.monotonic() - asked < 2
    assert "rror" not in initialised.log.read_text()
    assert "Traceback" not in initialised.log.read_text()


async def test_a_wrong_password_is_told(initialised: BackendProcess) -> None:
    """Sensuctl configure says that it could not log in, keeps nothing, and works with the right password."""
    control = initialised.folder / "sensuctl"

    def configure(password: str) -> subprocess.CompletedProcess[str]:
        login = ("--url", initialised.api_url, "--username", USER, "--password", password)
        return run("sensuctl", "--config-dir", str(control), "configure", "-n", *login)

    await initialised.start()
    try:
        assert "unable to authenticate" in only_line(await asyncio.to_thread(configure, "wrong"))
        assert (await asyncio.to_thread(configure, PASSWORD)).returncode == 0
    finally:
        await initialised.stop()
    assert "connection refused" in only_line(await asyncio.to_thread(configure, PASSWORD))


def test_a_corrupt_configuration_of_sensuctl_is_named(tmp_path: Path) -> None:
    """A configuration file of sensuctl that is no JSON is told with its name."""
    (tmp_path / "cluster").write_text("{")
    assert str(tmp_path / "cluster") in only_line(run("sensuctl", "--config-dir", str(tmp_path), "check", "list"))


@pytest.mark.slow
@pytest.mark.alone
def test_the_quick_start_ends_when_a_failure_was_handled(tmp_path: Path) -> None:
    """The quick start monitors this host and exits with 0 once a failing check's event was handled and listed."""
    command = [sys.executable, str(CHECKOUT / "examples" / "quickstart" / "run.py"), "--until-handled"]
    done = subprocess.run(
        [*command, "--state", str(tmp_path / "state")], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "handled: " in done.stdout
