"""The recorded scenarios that are due pass against our programs, each kind in parts that can be played at once."""

import subprocess
import sys

import pytest

from tests.contract.due import due_scenarios
from tests.contract.processes import REPO
from tests.contract.runner import DEFAULT_CONTRACT
from tests.contract.scenario import KINDS

PARTS = {"pipeline": 3, "transport": 3, "sensuctl": 4, "api": 2}
"""How many parts a kind has, so that each takes at most about twenty seconds; one where nothing is said."""
RUN_TIMEOUT_S = 900
CLEAN_UP_S = 60


@pytest.mark.slow
@pytest.mark.timeout(RUN_TIMEOUT_S + 30)
@pytest.mark.parametrize(
    ("kind", "part"),
    [
        (kind, f"{number}/{PARTS.get(kind, 1)}")
        for kind in KINDS
        if kind in {due for due, _ in due_scenarios()}
        for number in range(1, PARTS.get(kind, 1) + 1)
    ],
)
def test_due_recordings_pass(kind: str, part: str) -> None:
    """Our programs behave as recorded in every scenario that the list of due ones names."""
    play("--kind", kind, "--due-only", "--part", part)


@pytest.mark.slow
@pytest.mark.timeout(RUN_TIMEOUT_S + 30)
@pytest.mark.parametrize(("kind", "names"), [("api", "auth-"), ("api", "entities-"), ("transport", "session-")])
def test_recordings_pass_against_several_workers(kind: str, names: str) -> None:
    """A backend of two workers behaves as recorded, too: parts in which its workers depend on each other."""
    play("--kind", kind, "--only", names, "--workers", "2")


def play(*options: str) -> None:
    """Have the runner play recordings, all of which must pass."""
    if not DEFAULT_CONTRACT.is_dir():
        pytest.skip(f"the recordings are not beside this checkout ({DEFAULT_CONTRACT} is missing)")
    argv = [sys.executable, "-m", "tests.contract.runner", *options, "--quiet"]
    argv += ["--time-limit", str(RUN_TIMEOUT_S - CLEAN_UP_S)]
    run = subprocess.run(argv, cwd=REPO, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False)
    assert run.returncode == 0, f"{run.stdout[-20_000:]}\n{run.stderr[-2_000:]}"
