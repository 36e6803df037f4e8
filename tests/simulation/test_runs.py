"""A backend in virtual time, with faults that a seed draws: every invariant holds, and a seed replays exactly."""

import subprocess
import sys

import pytest

from tests.simulation.runs import result_of

SEEDS = 40
SHORT_S = 150.0
WITHIN_S = 300


def simulated(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The output of the simulation as a program."""
    command = [sys.executable, "-m", "tests.simulation", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=WITHIN_S)


@pytest.mark.slow
@pytest.mark.timeout(WITHIN_S)
def test_nothing_is_broken_whatever_a_seed_draws() -> None:
    """Processes are killed, frozen and replaced, the database is away, slow and loses commits: all invariants hold."""
    ran = simulated("--seeds", str(SEEDS))
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("seed", range(6))
def test_three_members_keep_what_they_promise(seed: int) -> None:
    """Backends on one database die, freeze and lose their lines: all invariants hold."""
    assert result_of(seed, members=3, faults_s=SHORT_S).broken == {}


def test_a_seed_replays_exactly() -> None:
    """Two runs of a seed in different processes have the same records, byte for byte."""
    first, second = simulated("--seed", "7"), simulated("--seed", "7")
    assert first.stdout.splitlines()[-1].startswith("records: ")
    assert first.stdout == second.stdout
