"""A stranger gets from the packages to the first alert with README.md alone."""

import json
from pathlib import Path

import pytest

from tests.packages.conftest import Packages
from tests.packages.host import Host
from tests.packages.walk import CHECK, README, shown, typed_lines, walk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
LINES_MAX, WALK_S_MAX = 12, 300


def test_a_stranger_gets_the_first_alert_within_five_minutes(
    packages: Packages, host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twelve lines lead from the packages to a web page, an alert by mail and webhook, and the recovery."""
    assert 0 < len(typed_lines(README.read_text())) <= LINES_MAX
    lines = walk(host, packages.of("deb"), tmp_path)
    with capsys.disabled():
        print(f"\n{shown(lines)}")
    assert sum(line.took_s for line in lines) < WALK_S_MAX
    printed = {line.typed.split("'")[0].strip(): line.printed for line in lines}
    assert "is OK: HTTP OK: 200" in next(text for typed, text in printed.items() if "quickstart" in typed)
    assert "HTTP CRITICAL" in next(text for typed, text in printed.items() if "event list" in typed)
    assert CHECK in next(text for typed, text in printed.items() if "event explain" in typed)
    _doctors_find_nothing_wrong(host)
    _a_real_journal_is_read(host)


def _doctors_find_nothing_wrong(host: Host) -> None:
    """A fresh installation has warnings at most: TLS is not set up; a busy machine may have missed a run."""
    for command in ("sensu-backend", "runuser -u sensu -- sensu-agent", "sensuctl"):
        found = json.loads(host.run(f"{command} doctor --format json", check=False))
        assert [one for one in found if one["level"] == "problem"] == []
        assert {one["subject"] for one in found if one["level"] == "warning"} <= {"TLS", "schedule"}, found


def _a_real_journal_is_read(host: Host) -> None:
    """Entries of a real journal are found by pattern and program, and only once."""
    command = "sensu-check journal --identifier walker --since-last-run --state /tmp --pattern lost || true"
    host.run(command)
    host.run("echo 'the way is lost' | systemd-cat -t walker; journalctl --sync")
    assert host.run(command).startswith('JOURNAL CRITICAL: 1 new line matches "lost": walker: the way is lost')
    assert host.run(command).startswith("JOURNAL OK: 0 new lines")
