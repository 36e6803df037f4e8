"""What runs on systems other than Linux."""

import subprocess
import sys

import pytest

ONLY_POSIX = ("fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")


def run(code: str) -> subprocess.CompletedProcess[str]:
    """A Python program at its end."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", ["agent", "backend"])
def test_services_say_that_they_do_not_run_on_windows(name: str) -> None:
    """On Windows, agent and backend end with a sentence, not with the name of a missing module."""
    ended = run(f"import os; os.name = 'nt'; from sensu.programs import {name}; {name}()")
    why = f"sensu-{name} does not run on Windows: it needs Linux. sensuctl runs on Windows too.\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", why)


def test_sensuctl_needs_no_module_that_only_posix_systems_have() -> None:
    """All modules of sensuctl can be loaded where those of POSIX systems are missing, as on Windows."""
    code = f"""
import importlib, pkgutil, sys
sys.modules.update(dict.fromkeys({ONLY_POSIX}))
import sensu.sensuctl
for module in pkgutil.walk_packages(sensu.sensuctl.__path__, "sensu.sensuctl."):
    importlib.import_module(module.name)
"""
    loaded = run(code)
    assert loaded.returncode == 0, loaded.stderr
