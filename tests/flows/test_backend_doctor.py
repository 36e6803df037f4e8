"""`sensu-backend doctor` finds what is wrong with a host, with real databases, certificates and ports."""

import asyncio
import datetime
import io
import json
import os
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensu.backend.doctor import doctor
from sensu.clock import SystemClock
from sensu.testing.backend_process import BackendProcess
from sensu.testing.ports import free_ports
from tests.flows.certificate_authority import Authority


class Host:
    """The flags of a backend, and what doctor finds for it."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        api, agents, web = free_ports(3)
        self.flags = [
            "--state-dir",
            str(self.state),
            "--cache-dir",
            str(folder),
            "--config-file",
            str(folder / "b.yml"),
        ]
        self.flags += ["--api-listen-address", f"127.0.0.1:{api}", "--agent-host", "127.0.0.1", "--agent-port"]
        self.flags += [str(agents), "--dashboard-host", "127.0.0.1", "--dashboard-port", str(web)]
        self.api_port = api
        (folder / "b.yml").touch()

    def examine(self, *more: str) -> tuple[int, dict[str, str]]:
        """The exit status, and the level and the words of each subject; of several, those of the last one."""
        out = io.StringIO()
        status = doctor([*self.flags, *more, "--format", "json"], {}, out, SystemClock())
        return status, {one["subject"]: f"{one['level']}: {one['found']}" for one in json.loads(out.getvalue())}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


async def test_a_running_backend(tmp_path: Path) -> None:
    """Its process, ports, health and database are found; the documented password is a problem, and nothing changes."""
    process = BackendProcess(tmp_path)
    await process.initialise()
    await process.start()
    try:
        before = sorted(one.name for one in (tmp_path / "state").iterdir())
        out = io.StringIO()
        status = await asyncio.to_thread(doctor, [*process.places, "--format", "json"], {}, out, SystemClock())
        found = {one["subject"]: f"{one['level']}: {one['found']}" for one in json.loads(out.getvalue())}
        assert found["service"] == f"good: a backend uses the state folder, process {process.pid}"
        assert found["API port"] == f"good: 127.0.0.1:{process.api_port} answers"
        assert found["agents' port"].startswith("good")
        assert found["health"] == "good: 1 member, healthy"
        assert found["database"].endswith("without damage")
        assert found["schema"].startswith("good: version")
        assert found["users"].startswith("problem: the user admin has the password that the documentation shows")
        assert found["deliveries"] == "good: 0 waiting, no dead letter"
        assert "file limit" in found
        assert status == 2
        assert sorted(one.name for one in (tmp_path / "state").iterdir()) == before
    finally:
        await process.stop()


def test_before_the_first_start(host: Host) -> None:
    """There is no database yet, the ports are free, and the next step is named."""
    status, found = host.examine()
    assert found["database"].startswith("good")
    assert found["users"] == "warning: the database is not initialised"
    assert found["API port"].startswith("good")
    assert status == 1


def test_a_port_of_another_program(host: Host) -> None:
    """A port that is in use while no backend runs is a problem."""
    with socket.create_server(("127.0.0.1", host.api_port)):
        _, found = host.examine()
    assert found["API port"] == f"problem: another program uses 127.0.0.1:{host.api_port}"


@pytest.fixture
def database(host: Host) -> Iterator[Path]:
    host.state.mkdir(mode=0o700)
    yield host.state / "sensu.db"


def test_a_database_of_a_newer_program(host: Host, database: Path) -> None:
    """Its version is compared, and the file stays as it is."""
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    # A schema of the future has the tables of this one, as far as doctor reads them.
    for table in (
        "resources (kind TEXT, namespace TEXT, name TEXT, body BLOB)",
        "delivery_counts (owed INT, dead INT)",
    ):
        with sqlite3.connect(database) as connection:
            connection.execute(f"CREATE TABLE {table}")
        connection.close()
    before = database.read_bytes()
    status, found = host.examine()
    assert found["schema"].startswith("problem: version 999 was written by a newer program")
    assert status == 2
    assert database.read_bytes() == before


def test_a_file_that_is_no_database(host: Host, database: Path) -> None:
    """The damage is said in words."""
    database.write_bytes(b"this is no database, however long one looks at it" * 100)
    status, found = host.examine()
    assert (status, "is damaged" in found["database"]) == (2, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_of_somebody_else(host: Host, database: Path) -> None:
    """A database that root made in the folder of the service's user is named with the command that mends it."""
    sqlite3.connect(database).close()
    database.touch()
    os.chown(host.state, 12345, 12345)
    _, found = host.examine()
    assert found["state folder"].startswith("problem: sensu.db in")


def test_certificates_and_open_ports(host: Host, tmp_path: Path) -> None:
    """An expired certificate and a wrong key are problems; ports without TLS beyond this host are a warning."""
    authority = Authority(tmp_path)
    old = authority.issue("old", ends=-datetime.timedelta(hours=1))
    own = authority.issue("own", ends=datetime.timedelta(days=60))
    _, found = host.examine("--cert-file", str(old.cert_file), "--key-file", str(old.key_file))
    assert found[f"certificate {old.cert_file}"] == "problem: has expired"
    _, found = host.examine("--cert-file", str(own.cert_file), "--key-file", str(old.key_file))
    assert "the key does not belong to the certificate" in found[f"certificate {own.cert_file}"]
    _, found = host.examine("--cert-file", str(own.cert_file), "--key-file", str(own.key_file))
    assert found[f"certificate {own.cert_file}"] == "good: is valid for 59 more days"
    _, found = host.examine("--dashboard-host", "0.0.0.0")
    assert found["TLS"].startswith("warning: web UI port: other hosts connect without TLS")


def test_backups_event_log_and_unknown_settings(host: Host, tmp_path: Path) -> None:
    """The age of the newest backup, the folder of the event log, and keys of the file that have no effect."""
    backups = tmp_path / "backups"
    backups.mkdir()
    assert host.examine("--backup", str(backups))[1]["backup"].startswith("problem")
    (backups / "old.yml").touch()
    os.utime(backups / "old.yml", (1_700_000_000, 1_700_000_000))
    assert host.examine("--backup", str(backups))[1]["backup"].startswith("warning")
    (backups / "new.yml").touch()
    assert host.examine("--backup", str(backups))[1]["backup"].startswith("good")
    (tmp_path / "b.yml").write_text("state_dir: /s\napi-lisen-address: x\n")
    _, found = host.examine("--event-log-file", "/no/such/folder/events")
    assert "/no/such/folder does not exist" in found["event log"]
    assert "api-lisen-address (did you mean api-listen-address?)" in found["settings"]


def test_settings_that_cannot_be_used() -> None:
    """A wrong value is the only finding."""
    out = io.StringIO()
    assert doctor(["--log-level", "loud"], {}, out, SystemClock()) == 2
    assert 'invalid value "loud" for --log-level' in out.getvalue()
