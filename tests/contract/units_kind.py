"""Recordings of kind `units`: the pure rules, each file in a process of its own."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.contract.compare import Difference, Json
from tests.contract.departures import Departures
from tests.contract.processes import REPO, environment
from tests.contract.scenario import CaseResult, Scenario, verdict

KIND = "units"
FILES = ("filters", "tokens", "metrics", "times")
FILE_TIMEOUT_S = 120.0
CASE_LISTS = ("cases", "builtin", "entity_attributes", "subdues", "when", "cron")


def scenarios(contract: Path, departures: Departures) -> list[Scenario]:
    """The files of pure rules of a folder."""
    found = []
    for name in FILES:
        path = contract / f"{name}.json"
        if path.exists():
            names = _case_names(json.loads(path.read_text(encoding="utf-8")))
            found.append(Scenario(KIND, name, names, _player(path, names, departures), FILE_TIMEOUT_S + 10))
    return found


def _case_names(recording: Json) -> list[str]:
    return [case["id"] for part in CASE_LISTS for case in recording.get(part, [])]


def _player(path: Path, names: list[str], departures: Departures) -> Callable[[], Awaitable[list[CaseResult]]]:
    async def play() -> list[CaseResult]:
        lines, end = await _checked(path)
        found = {line["case"]: [Difference(**one) for one in line["differences"]] for line in lines}
        missing = [Difference("", None, None, f"not reached: {end}")]
        return [verdict(KIND, path.stem, name, found.get(name, missing), departures) for name in names]

    return play


async def _checked(path: Path) -> tuple[list[Json], str]:
    """The lines of the process that checks the file, and how it ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.contract.unit_cases", str(path)),
        cwd=REPO,
        env=environment(REPO),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    lines: list[Json] = []

    async def read() -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            lines.append(json.loads(line))

    end = ""
    try:
        await asyncio.wait_for(read(), FILE_TIMEOUT_S)
    except TimeoutError:
        end = f"the rule of the next case did not end within {FILE_TIMEOUT_S:g} s"
        process.kill()
    _, complaint = await process.communicate()
    words = complaint.decode("utf-8", "replace").strip().splitlines()
    return lines, end or f"the process ended with {process.returncode}: {words[-1] if words else 'no words'}"
