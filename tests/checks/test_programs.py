"""Checks that ask a program or a service of the host."""

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from sensu_check.finding import Status
from tests import postgres_server
from tests.checks.conftest import Run

APT = """Reading package lists...
Inst openssl [3.0.1] (3.0.2 Debian-Security:12/oldstable-security [amd64])
Inst libc6 [2.36-1] (2.36-2 Debian:12.9/oldstable [amd64]) []
Inst new-package (1.0 Debian:12.9/oldstable [amd64])
Conf openssl (3.0.2 Debian-Security:12/oldstable-security [amd64])
"""
DNF = """
openssl.x86_64      1:3.0.7-28.el9   baseos
kernel.x86_64       5.14.0-503.el9   baseos
Obsoleting Packages
old.x86_64          1.0   baseos
"""


def script(folder: Path, name: str, text: str, status: int = 0) -> str:
    """A program that prints a text; its folder first on the path."""
    path = folder / name
    (folder / f"{name}.txt").write_text(text)
    path.write_text(f'#!/bin/sh\ncat "{folder}/{name}.txt"\nexit {status}\n')
    path.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_updates_of_apt_are_counted(run: Run, tmp_path: Path) -> None:
    """A security update is a warning; the lists are read as apt-get writes them. (The program is a script here.)"""
    path = script(tmp_path, "apt-get", APT)
    ran = run("updates", "--manager", "apt", PATH=path)
    assert ran.line == ("UPDATES WARNING: 3 updates, 1 of them for security: openssl | updates=3;;;0 security=1;0;;0")
    assert run("updates", "--manager", "apt", "--security-critical", "0", PATH=path).status == Status.CRITICAL
    assert run("updates", "--manager", "apt", "-c", "2", PATH=path).status == Status.CRITICAL
    script(tmp_path, "apt-get", "", status=100)
    assert run("updates", "--manager", "apt", PATH=path).line == "UPDATES UNKNOWN: apt-get: exit status 100"


def test_updates_of_dnf_are_counted(run: Run, tmp_path: Path) -> None:
    """Packages that others replace do not count. (The program is a script here.)"""
    ran = run("updates", "--manager", "dnf", PATH=script(tmp_path, "dnf", DNF, status=100))
    assert ran.line == (
        "UPDATES WARNING: 2 updates, 2 of them for security: openssl, kernel | updates=2;;;0 security=2;0;;0"
    )
    assert run("updates", PATH=str(tmp_path / "none")).line == "UPDATES UNKNOWN: this host has neither apt nor dnf"


def smart(**more: Any) -> str:
    return json.dumps({"smart_status": {"passed": True}, "temperature": {"current": 41}, **more})


@pytest.mark.parametrize(
    ("answer", "left", "status", "says"),
    [
        (smart(), 0, Status.OK, "SMART OK: /dev/sda healthy | '/dev/sda temperature'=41;;60"),
        (smart(smart_status={"passed": False}), 8, Status.CRITICAL, "/dev/sda: the disk says that it is failing"),
        (smart(), 16, Status.CRITICAL, "/dev/sda: a value is below its limit"),
        (smart(), 32, Status.WARNING, "/dev/sda: a value was below its limit once"),
        (smart(temperature={"current": 61}), 0, Status.CRITICAL, "/dev/sda: temperature 61"),
        (smart(nvme_smart_health_information_log={"percentage_used": 91}), 0, Status.WARNING, "/dev/sda: worn 91%"),
        (json.dumps({"smartctl": {"messages": [{"string": "no such device"}]}}), 2, Status.UNKNOWN, "no such device"),
        ("not json", 0, Status.UNKNOWN, "it must be version 7 or newer"),
    ],
)
def test_a_disk_that_is_failing_is_critical(
    answer: str, left: int, status: Status, says: str, run: Run, tmp_path: Path
) -> None:
    """What smartctl reports is read from its JSON and from its exit status. (The program is a script here.)"""
    script(tmp_path, "smartctl", answer, left)
    ranges = ["--temperature-critical", "60", "--worn-warning", "80%"]
    ran = run("smart", "/dev/sda", *ranges, "--smartctl", tmp_path / "smartctl")
    assert (ran.status, says in ran.line) == (status, True), ran.line
    assert run("smart", "/dev/sda", "--smartctl", tmp_path / "none").line.endswith("install the package smartmontools")


CONTAINERS = {
    "web": {"Status": "running", "ExitCode": 0, "Health": {"Status": "healthy"}},
    "ill": {"Status": "running", "ExitCode": 0, "Health": {"Status": "unhealthy"}},
    "job": {"Status": "exited", "ExitCode": 3},
}
LISTED = [
    {"Id": "a" * 64, "Names": ["/web"], "State": "running", "Status": "Up 3 hours (healthy)"},
    {"Id": "b" * 64, "Names": ["/ill"], "State": "running", "Status": "Up 3 hours (unhealthy)"},
    {"Id": "c" * 64, "Names": ["/job"], "State": "exited", "Status": "Exited (3) 2 hours ago"},
]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Path]:
    """The socket of a daemon that speaks the part of Docker's API that the check uses."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            name = path.split("/")[2]
            answer: Any = {"State": CONTAINERS[name]} if name in CONTAINERS else None
            if path == "/containers/json":
                answer = LISTED if query == "all=true" else LISTED[:2]
            body = json.dumps(answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "a socket"

        def log_message(self, *_: object) -> None:
            pass

    path = tmp_path / "docker.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield path
        server.shutdown()


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["web"], Status.OK, "DOCKER OK: web fine, 2 running | running=2;;;0"),
        (["ill"], Status.CRITICAL, "ill is unhealthy"),
        (["web", "job", "none"], Status.CRITICAL, "job is exited with status 3, none does not exist"),
        (["--all-healthy"], Status.CRITICAL, "DOCKER CRITICAL: ill is unhealthy |"),
        (["../../secrets"], Status.CRITICAL, "does not exist"),
        ([], Status.UNKNOWN, "name containers, or use --all-healthy"),
    ],
)
def test_containers_are_asked_of_the_daemon(
    arguments: list[str], status: Status, says: str, daemon: Path, run: Run
) -> None:
    """A container must run and not be unhealthy, and one that does not exist is named."""
    ran = run("docker", *arguments, "--socket", daemon)
    assert (ran.status, says in ran.line) == (status, True), ran.line


def test_a_daemon_that_is_not_there_is_critical(run: Run, tmp_path: Path) -> None:
    """The socket is named."""
    gone = tmp_path / "gone.sock"
    assert run("docker", "web", "--socket", gone).line == f"DOCKER CRITICAL: {gone}: no such file or directory"


def test_the_clock_is_as_good_as_the_kernel_says(run: Run) -> None:
    """A host without a time service is critical, one with it shows the largest possible error."""
    ran = run("time-drift", "-c", "~:", "-w", "~:")
    synchronised = ran.line.startswith("TIME-DRIFT OK: the clock is synchronised, and wrong by at most ")
    assert synchronised or ran.line == (
        "TIME-DRIFT CRITICAL: the clock is not synchronised: no time service keeps it right"
    )


def test_a_database_answers_and_its_values_are_compared(run: Run) -> None:
    """A query can be compared by number or by text, cannot write, and its error is shown."""
    url = postgres_server.shared().new_schema()
    asked = ["postgres", "--dsn-env", "PG_DSN"]
    assert run(*asked, PG_DSN=url).line.startswith("POSTGRES OK: answered in ")
    assert run(*asked, "--query", "SELECT 12", "--value-critical", "0:10", PG_DSN=url).status == Status.CRITICAL
    assert run(*asked, "--query", "SELECT 'up'", "--expect", "up", PG_DSN=url).status == Status.OK
    assert run(*asked, "--query", "SELECT 'down'", "--expect", "up", PG_DSN=url).status == Status.CRITICAL
    assert run(*asked, "--query", "SELECT 'up'", PG_DSN=url).status == Status.UNKNOWN
    wrong = run(*asked, "--query", "SELECT nothing", PG_DSN=url)
    assert (wrong.status, 'column "nothing" does not exist' in wrong.line) == (Status.CRITICAL, True)
    writing = run(*asked, "--query", "CREATE TABLE a (b int)", PG_DSN=url)
    assert (writing.status, "read-only transaction" in writing.line) == (Status.CRITICAL, True)
    assert run(*asked, "--query", "SELECT pg_sleep(60)", "-t", "300ms", PG_DSN=url).status == Status.CRITICAL


def test_the_password_of_a_database_is_never_shown(run: Run, tmp_path: Path) -> None:
    """Neither a refused connection nor an address that is wrong prints it."""
    for dsn in ("postgresql://u:top-secret@127.0.0.1:1/x", "postgrs://u:top-secret@h/x", "top-secret"):
        file = tmp_path / "dsn"
        file.write_text(f"{dsn}\n")
        ran = run("postgres", "--dsn-file", file, "-v", "-t", "3s")
        assert ran.status in (Status.CRITICAL, Status.UNKNOWN)
        assert "top-secret" not in ran.output
    assert run("postgres").status == Status.UNKNOWN
