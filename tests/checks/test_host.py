"""Checks of the host on which the tests run."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensu_check.finding import Status
from tests.checks.conftest import Run

ALWAYS, NEVER = "@~:", "~:"
"""A range that every value breaks, and one that none does."""


@pytest.mark.parametrize(
    ("arguments", "measure"),
    [
        (["load"], "load1"),
        (["load", "--per-cpu"], "load15"),
        (["memory"], "used"),
        (["swap"], "used"),
        (["cpu", "--over", "50ms"], "used"),
        (["cpu", "--over", "50ms", "--per-cpu"], "cpu0"),
        (["disk", "-p", "/"], "/"),
    ],
)
def test_a_value_of_the_host_is_compared_with_the_ranges(arguments: list[str], measure: str, run: Run) -> None:
    """A check of the host is OK, a warning or critical as its ranges say, and it measures what it names."""
    fine = run(*arguments, "-w", NEVER, "-c", NEVER, "--format", "json")
    assert fine.status == Status.OK
    assert measure in [each["label"] for each in json.loads(fine.output)["measures"]]
    assert run(*arguments, "-w", ALWAYS, "-c", NEVER).status == Status.WARNING
    assert run(*arguments, "-w", NEVER, "-c", ALWAYS).status == Status.CRITICAL


def test_memory_and_load_are_those_of_the_kernel(run: Run) -> None:
    """The figures are those that the kernel reports at the same moment."""
    total = int(Path("/proc/meminfo").read_text().split()[1]) * 1024
    measures = {each["label"]: each for each in json.loads(run("memory", "--format", "json").output)["measures"]}
    assert measures["available"]["max"] == total
    assert 0 < measures["available"]["value"] < total
    load = json.loads(run("load", "--format", "json").output)["measures"]
    assert load[2]["value"] == pytest.approx(os.getloadavg()[2], abs=0.5)


def test_a_file_system_is_measured_as_df_does(run: Run) -> None:
    """Space that is reserved for root counts as used, and a range may be one of free bytes."""
    about = os.statvfs("/")
    measures = json.loads(run("disk", "-p", "/", "--format", "json").output)["measures"]
    assert measures[1]["value"] == pytest.approx(about.f_bavail * about.f_frsize, rel=0.05)
    ran = run("disk", "-p", "/", "-w", NEVER, "-c", NEVER, "--free-critical", "900Ti:")
    assert ran.status == Status.CRITICAL
    assert ran.line.startswith("DISK CRITICAL: / ")


def test_file_systems_are_chosen(run: Run) -> None:
    """Without a path all that hold data are measured; one that does not exist is critical, none at all is unknown."""
    assert run("disk", "-w", NEVER, "-c", NEVER).status == Status.OK
    assert run("inode", "-w", NEVER, "-c", NEVER).status == Status.OK
    assert run("disk", "-p", "/no/such/path").line == "DISK CRITICAL: /no/such/path: no such file or directory"
    assert run("disk", "--exclude", "*").status == Status.UNKNOWN
    assert run("inode", "--type", "nosuchfs").status == Status.UNKNOWN


def test_a_mount_is_found_with_its_type(run: Run) -> None:
    """A path that is not a mount point, or is another file system, is critical."""
    assert run("mount", "/proc", "--type", "proc", "--writable").status == Status.OK
    assert run("mount", "/proc", "--type", "xfs").line == "MOUNT CRITICAL: /proc is proc instead of xfs"
    assert run("mount", "/proc", "/proc/self").line == "MOUNT CRITICAL: /proc/self is not mounted"


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[str]:
    """The name of a program that runs twice."""
    program = tmp_path / "a-worker-with-a-long-name"
    shutil.copy(shutil.which("sleep") or "", program)
    running = [subprocess.Popen([program, "300"]) for _ in range(2)]
    yield program.name
    for each in running:
        each.kill()
        each.wait()


def test_processes_are_counted_by_name_user_and_arguments(worker: str, run: Run) -> None:
    """None is critical; a range of the number, the age or the memory says otherwise."""
    assert run("process", "no-such-program").line == "PROCESS CRITICAL: no process no-such-program | count=0;;1:;0"
    assert run("process", "no-such-program", "-c", "0").status == Status.OK
    assert run("process", worker, "-c", "2:2").line.startswith(
        f"PROCESS OK: 2 processes {worker}, the youngest started "
    )
    assert run("process", worker, "-w", "3:").status == Status.WARNING
    assert run("process", worker, "--args-match", "300$").status == Status.OK
    assert run("process", worker, "--args-match", "no such argument").status == Status.CRITICAL
    assert run("process", worker, "--user", "no-such-user").status == Status.CRITICAL
    assert run("process", worker, "--rss-critical", "0:1k").status == Status.CRITICAL
    assert run("process", worker, "--age-warning", "10000d:").status == Status.WARNING


def test_a_check_of_processes_does_not_count_itself(run: Run) -> None:
    """Its own arguments have the name that it looks for."""
    assert run("process", Path(sys.executable).name, "--args-match", "itself-is-not-counted").status == Status.CRITICAL


def test_a_port_is_in_use_while_a_program_listens(run: Run) -> None:
    """A TCP and a UDP port are told apart."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert run("port", port).status == Status.OK
    assert run("port", port).line == f"PORT CRITICAL: nothing listens on tcp port {port}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        assert run("port", server.getsockname()[1], "--udp").status == Status.OK
    assert run("port", 70000).status == Status.UNKNOWN


def test_a_file_is_too_old_too_small_or_missing(run: Run, tmp_path: Path) -> None:
    """A backup that stopped, or is empty, is noticed."""
    backup = tmp_path / "db.dump"
    assert run("file-age", backup).line == f"FILE-AGE CRITICAL: {backup} does not exist"
    assert run("file-age", backup, "--missing", "ok").status == Status.OK
    backup.write_bytes(b"x" * 100)
    os.utime(backup, (time.time() - 7200,) * 2)
    assert run("file-age", backup, "-c", "3h").status == Status.OK
    assert run("file-age", backup, "-w", "1h", "-c", "3h").status == Status.WARNING
    assert run("file-age", backup, "-c", "1h").status == Status.CRITICAL
    assert run("file-age", backup, "--size-critical", "1Ki:").status == Status.CRITICAL
    assert "changed 2 h ago and has 100 B" in run("file-age", backup).line


def test_new_lines_are_reported_once(run: Run, tmp_path: Path) -> None:
    """The first run remembers the end of the file; later ones see what was added, also after a rotation."""
    log = tmp_path / "app.log"
    log.write_text("ERROR before\n")
    arguments = ["file-match", log, "--pattern", "ERROR", "--since-last-run"]
    assert run(*arguments).status == Status.UNKNOWN
    state = {"SENSU_CACHE_DIR": str(tmp_path)}
    assert run(*arguments, **state).status == Status.OK
    with log.open("a") as file:
        file.write("fine\nERROR one\nERROR two\n")
    found = run(*arguments, **state)
    assert found.line == 'FILE-MATCH CRITICAL: 2 new lines match "ERROR": ERROR one | lines=2;;0;0'
    assert run(*arguments, **state).status == Status.OK
    log.rename(tmp_path / "app.log.1")
    log.write_text("ERROR after\n")
    assert run(*arguments, **state).status == Status.CRITICAL


def test_lines_of_a_file_are_required_or_counted(run: Run, tmp_path: Path) -> None:
    """A pattern may be one that must match, and a hostile line stays on its line."""
    log = tmp_path / "app.log"
    log.write_bytes(b"ready | \x1b[31m\xff OK: fake\n")
    assert run("file-match", log, "--pattern", "^ready", "--require").status == Status.OK
    assert run("file-match", log, "--pattern", "^down", "--require").status == Status.CRITICAL
    assert run("file-match", log, "--pattern", "ready", "-c", "0:5").status == Status.OK
    shown = run("file-match", log, "--pattern", "ready").output
    assert "\x1b" not in shown
    assert shown.count("|") == 1
    assert run("file-match", log, "--pattern", "(").status == Status.UNKNOWN
    assert run("file-match", tmp_path / "none", "--pattern", "x").status == Status.CRITICAL


def test_a_restart_is_required_while_the_package_manager_says_so(run: Run, tmp_path: Path) -> None:
    """The packages that want it are named."""
    mark = tmp_path / "reboot-required"
    assert run("reboot-required", "--mark", mark).status == Status.OK
    mark.touch()
    (tmp_path / "reboot-required.pkgs").write_text("linux-image\nlibc6\nlibc6\n")
    assert (
        run("reboot-required", "--mark", mark).line
        == "REBOOT-REQUIRED WARNING: a restart is required for libc6, linux-image"
    )
    assert run("reboot-required", "--mark", mark, "--status", "critical").status == Status.CRITICAL


MDSTAT = """Personalities : [raid1] [raid6]
md0 : active raid1 sdb1[1] sda1[0]
      1046528 blocks super 1.2 [2/{disks}] [{marks}]
{more}
unused devices: <none>
"""


@pytest.mark.parametrize(
    ("disks", "marks", "more", "line"),
    [
        (2, "UU", "", "RAID OK: 1 arrays are complete | arrays=1;;;0"),
        (1, "U_", "", "RAID CRITICAL: md0 has 1 of 2 disks | arrays=1;;;0"),
        (2, "UU", "      [=>..]  check =  8.1% (1/2) finish=1min", "RAID OK: 1 arrays are complete | arrays=1;;;0"),
        (
            *(1, "U_", "      [==>.]  recovery = 12.6% (37043392/292945152) finish=127min"),
            "RAID CRITICAL: md0 has 1 of 2 disks, md0 recovery 12.6% | arrays=1;;;0",
        ),
    ],
)
def test_an_array_without_a_disk_is_critical(
    disks: int, marks: str, more: str, line: str, run: Run, tmp_path: Path
) -> None:
    """The kernel's list of software RAID arrays is read as it is written."""
    mdstat = tmp_path / "mdstat"
    mdstat.write_text(MDSTAT.format(disks=disks, marks=marks, more=more))
    assert run("raid", "--mdstat", mdstat).line == line


def test_the_hottest_sensor_decides(run: Run, tmp_path: Path) -> None:
    """Each sensor is compared, and one that gives no value is left out."""
    chip = tmp_path / "hwmon0"
    chip.mkdir()
    (chip / "name").write_text("coretemp\n")
    (chip / "temp1_label").write_text("Core 0\n")
    (chip / "temp1_input").write_text("81000\n")
    (chip / "temp2_input").write_text("45500\n")
    (chip / "temp3_input").write_text("asleep\n")
    ran = run("temperature", "--sensors", tmp_path)
    assert ran.line == (
        "TEMPERATURE WARNING: coretemp Core 0 81 °C | 'coretemp Core 0'=81;75;90 'coretemp temp2'=45.5;75;90"
    )
    assert run("temperature", "--sensors", tmp_path, "--sensor", "gpu").status == Status.UNKNOWN


SYSTEMCTL = """#!/bin/sh
case "$1" in
is-active) shift 2; for unit; do case "$unit" in good*) echo active;; *) echo failed;; esac; done;;
list-units) printf 'bad.service loaded failed failed A service\\nuser@0.service loaded failed failed B\\n';;
esac
"""


def test_units_are_asked_of_systemd(run: Run, tmp_path: Path) -> None:
    """A failed unit is critical; one that is named must be active. (The program systemctl is a script here.)"""
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(SYSTEMCTL)
    systemctl.chmod(0o755)
    with_it = ["--systemctl", str(systemctl)]
    assert run("systemd", *with_it).line == "SYSTEMD CRITICAL: 2 failed: bad.service, user@0.service | failed=2;;;0"
    assert run("systemd", "--exclude", "*", *with_it).status == Status.OK
    assert run("systemd", "good.service", *with_it).status == Status.OK
    assert run("systemd", "good.service", "a.timer", *with_it).line == "SYSTEMD CRITICAL: a.timer is failed"
    assert run("systemd", "--systemctl", str(tmp_path / "none")).status == Status.UNKNOWN
