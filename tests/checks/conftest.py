"""Runs `sensu-check` as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

PROGRAM = [sys.executable, "-c", "from sensu_check.main import main; main()"]


@dataclass
class Ran:
    """The exit status and the output of one run."""

    status: int
    output: str

    @property
    def line(self) -> str:
        return self.output.splitlines()[0]


Run = Callable[..., Ran]


@pytest.fixture
def run() -> Run:
    """Runs a check: `run("http", url, "-w", "1s", SITE_USER="ann:secret")`."""

    def ran(*arguments: object, **environment: str) -> Ran:
        variables: Mapping[str, str] = {**os.environ, **environment}
        done = subprocess.run(
            [*PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60, env=variables, check=False
        )
        assert done.stderr == ""
        return Ran(done.returncode, done.stdout)

    return ran
