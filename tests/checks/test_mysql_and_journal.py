"""The checks of MySQL servers and of the systemd journal.

The server is a program of ours that speaks the protocol (`mysql_protocol.py`), and the journal a script that prints
what journalctl does; `tests/packages` asks a real journal.
"""

import json
from pathlib import Path

import pytest

from sensu_check.finding import Status
from tests.checks.conftest import Run
from tests.checks.mysql_protocol import mysql_server

CONNECTIONS = {"SHOW GLOBAL STATUS LIKE 'Threads_connected'": ("Threads_connected", "12")}
COUNT = "SELECT count(*) FROM jobs"


def test_a_mysql_server_answers_and_its_values_are_compared(run: Run) -> None:
    """Without a query the connections are counted; the first value of a query is measured, or must be a text."""
    with mysql_server("sensu", "s3cret", {**CONNECTIONS, COUNT: ("17",)}) as port:
        dsn = f"mysql://sensu:s3cret@127.0.0.1:{port}/app"
        asked = ("mysql", "--dsn-env", "DB_DSN")
        ran = run(*asked, DB_DSN=dsn)
        assert ran.status == Status.OK, ran
        assert ran.line.startswith("MYSQL OK: answered in ")
        assert ran.line.endswith("connections=12;;;0")
        ran = run(*asked, "--query", COUNT, "--value-critical", "0:10", DB_DSN=dsn)
        assert (ran.status, "the value is 17" in ran.line) == (Status.CRITICAL, True)
        assert run(*asked, "--query", COUNT, "--expect", "17", DB_DSN=dsn).status == Status.OK
        assert run(*asked, "--query", COUNT, "--expect", "18", DB_DSN=dsn).status == Status.CRITICAL
        broken = run(*asked, "--query", "SELEKT", DB_DSN=dsn)
        assert broken.line == "MYSQL CRITICAL: You have an error in your SQL syntax"
        denied = run(*asked, DB_DSN=dsn.replace("s3cret", "wr0ng"))
        assert denied.line == "MYSQL CRITICAL: Access denied for user 'sensu'@'localhost'"


@pytest.mark.parametrize(
    ("dsn", "status"),
    [
        ("mysql://u:top-secret@127.0.0.1:1/x", Status.CRITICAL),
        ("mysl://u:top-secret@h/x", Status.UNKNOWN),
        ("mysql://u:top-secret@h:99999/x", Status.UNKNOWN),
        ("top-secret", Status.UNKNOWN),
    ],
)
def test_the_password_of_a_mysql_server_is_never_shown(dsn: str, status: Status, run: Run, tmp_path: Path) -> None:
    """A server that is not there is critical, an address that is not valid unknown; neither shows the password."""
    (tmp_path / "dsn").write_text(dsn + "\n")
    ran = run("mysql", "--dsn-file", tmp_path / "dsn", "-v", "-t", "3s")
    assert (ran.status, "top-secret" in ran.output) == (status, False)


def journalctl(folder: Path) -> str:
    """A program that prints the entries of `entries` after the cursor that it gets; its path."""
    path = folder / "journalctl"
    path.write_text(
        f"""#!/bin/sh
after=0
for word in "$@"; do case $word in --after-cursor=*) after=${{word#--after-cursor=}};; --lines=1) last=1;; esac; done
echo "$@" >> {folder}/asked
if [ -n "$last" ]; then tail -n 1 {folder}/entries; else tail -n +$((after + 1)) {folder}/entries; fi
"""
    )
    path.chmod(0o755)
    return str(path)


def write(folder: Path, *messages: object) -> None:
    """Add entries to the journal."""
    file = folder / "entries"
    before = file.read_text().splitlines() if file.exists() else []
    new = [
        json.dumps({"__CURSOR": str(number), "MESSAGE": message, "SYSLOG_IDENTIFIER": "kernel"})
        for number, message in enumerate(messages, len(before) + 1)
    ]
    file.write_text("".join(line + "\n" for line in [*before, *new]))


def test_new_entries_of_the_journal_are_reported_once(run: Run, tmp_path: Path) -> None:
    """The first run sees none; later ones see what came since, also text that is not UTF-8, and remember that."""
    program = journalctl(tmp_path)
    write(tmp_path, "Out of memory: old")
    asked = ("journal", "--pattern", "Out of memory", "--since-last-run", "--journalctl", program)
    state = {"SENSU_CACHE_DIR": str(tmp_path)}
    assert run(*asked, **state).line == 'JOURNAL OK: 0 new lines match "Out of memory" | lines=0;;0;0'
    write(tmp_path, "all is well", list(b"Out of memory: \xff"))
    ran = run(*asked, **state)
    assert ran.status == Status.CRITICAL
    assert ran.line.startswith('JOURNAL CRITICAL: 1 new line matches "Out of memory": kernel: Out of memory')
    assert run(*asked, **state).status == Status.OK
    assert run("journal", "--pattern", "x", "--since-last-run", SENSU_CACHE_DIR="").status == Status.UNKNOWN


def test_entries_are_chosen_and_required(run: Run, tmp_path: Path) -> None:
    """Unit, priority and time go to journalctl; a pattern that must be there is critical if it is not."""
    program = journalctl(tmp_path)
    write(tmp_path, "backup finished")
    chosen = ("--unit", "backup.service", "--priority", "info", "--within", "26h", "--journalctl", program)
    assert run("journal", "--pattern", "finished", "--require", *chosen).status == Status.OK
    assert run("journal", "--pattern", "failed", "--require", *chosen).status == Status.CRITICAL
    words = (tmp_path / "asked").read_text().splitlines()[0].split()
    assert {"--unit=backup.service", "--priority=info", "--since=-93600s", "--output=json"} <= set(words)


def test_a_host_without_a_journal(run: Run, tmp_path: Path) -> None:
    """The answer says what is missing, or what journalctl says."""
    absent = run("journal", "--pattern", "x", "--journalctl", tmp_path / "none")
    assert absent.line == "JOURNAL UNKNOWN: this host has no journalctl, so it does not seem to run systemd"
    refusing = tmp_path / "refusing"
    refusing.write_text("#!/bin/sh\necho 'No journal files were opened due to insufficient permissions.' >&2\n")
    refusing.chmod(0o755)
    ran = run("journal", "--pattern", "x", "--journalctl", refusing)
    assert (ran.status, "systemd-journal" in ran.line) == (Status.UNKNOWN, True)
