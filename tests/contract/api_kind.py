"""Recordings of kind `api`: the folder's `replay.py` against our backend, a few scenarios at once.

API scenarios make what they need under names of their own, so a backend serves one after another; those that run at the
same time have a backend each.
"""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from tests.contract.backend_process import PASSWORD, USER, Backend, BackendFactory
from tests.contract.compare import Difference, Json
from tests.contract.departures import Departures
from tests.contract.processes import REPO, environment
from tests.contract.scenario import CaseResult, Scenario, recordings, verdict

KIND = "api"
FALLBACK = REPO.parent / "shared" / "contract" / "replay.py"
STEP = re.compile(r"(?P<verdict>FAIL|ok  ) (?P<step>\S+ #\d+ .*)")
WANT_GOT = re.compile(r"want (?P<want>.*), got (?P<got>.*)")
ON_PURPOSE = re.compile(r"(?P<step>.*): differs on purpose, (?P<reason>.*)")
TIMEOUT_S = 420.0
LINE_BYTES_MAX = 16 * 1024 * 1024


class SharedBackends:
    """Backends that are used again by the next scenario as long as they run."""

    def __init__(self, backends: BackendFactory, folder: Path) -> None:
        self._backends = backends
        self._folder = folder
        self._idle: list[Backend] = []
        self._started = 0
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> "SharedBackends":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[Backend]:
        """A backend for the caller alone; not used again if the caller fails."""
        while self._idle and self._idle[-1].program.exit_status is not None:
            self._idle.pop()
        if self._idle:
            backend = self._idle.pop()
        else:
            self._started += 1
            folder = self._folder / f"shared-{self._started}"
            backend = await self._stack.enter_async_context(self._backends.fresh(folder))
        yield backend
        self._idle.append(backend)


def scenarios(
    contract: Path, backends: SharedBackends, departures: Departures, *, slow: bool = False, strict: bool = False
) -> list[Scenario]:
    """The API recordings of a folder; those marked slow only when asked for."""
    replay = contract / "replay.py" if (contract / "replay.py").exists() else FALLBACK
    found = []
    for path, recording in recordings(contract / KIND):
        if recording.get("slow") and not slow:
            continue
        name = recording["scenario"]
        play = _player(replay, path, recording, backends, departures, strict=strict)
        found.append(Scenario(KIND, name, _step_names(recording), play, TIMEOUT_S))
    return found


def _step_names(recording: Json) -> list[str]:
    return [f"#{number} {step['name']}" for number, step in enumerate(recording["steps"], 1)]


def _player(
    replay: Path, path: Path, recording: Json, backends: SharedBackends, departures: Departures, *, strict: bool
) -> Callable[[], Awaitable[list[CaseResult]]]:
    async def play() -> list[CaseResult]:
        async with backends.one() as backend:
            steps = await _replayed(replay, path, recording, backend, strict=strict)
        return [judged(recording["scenario"], step, departures) for step in steps]

    return play


async def _replayed(replay: Path, path: Path, recording: Json, backend: Backend, *, strict: bool) -> list[CaseResult]:
    login = ["--base-url", backend.api_url, "--user", USER, "--password", PASSWORD]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", str(replay), *login, "--slow", *(["--strict"] if strict else []), str(path)),
        env=environment(REPO),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=LINE_BYTES_MAX,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    steps = step_results(recording["scenario"], output.decode("utf-8", "replace"))
    names = _step_names(recording)
    if len(steps) != len(names):
        words = output.decode("utf-8", "replace").strip().splitlines()
        end = words[-1] if words else "no words"
        steps += [CaseResult(name, [f"not reached: {replay.name} ended with: {end}"]) for name in names[len(steps) :]]
    return steps


def judged(scenario: str, step: CaseResult, departures: Departures) -> CaseResult:
    """The step with the differences set apart that are on purpose beyond the rules that `replay.py` knows."""
    if step.passed:
        return step
    request, *lines = step.problems
    found = [Difference(*_parts(line), line.partition(": ")[2]) for line in lines]
    result = verdict(KIND, scenario, f"{step.name}: {request}", found, departures)
    problems = [request, *result.problems] if result.problems or not found else []
    return CaseResult(step.name, problems, [*step.on_purpose, *result.on_purpose])


def _parts(line: str) -> tuple[str, str | None, str | None]:
    """Path, recorded and our value in a difference that `replay.py` printed."""
    path, _, text = line.partition(": ")
    both = WANT_GOT.search(text)
    return path.removeprefix("body "), both["want"] if both else None, both["got"] if both else text


def step_results(scenario: str, output: str) -> list[CaseResult]:
    """The verdicts that `replay.py` printed, one for each step."""
    found: list[CaseResult] = []
    for line in output.splitlines():
        match = STEP.fullmatch(line)
        if match:
            name = match["step"].removeprefix(scenario).strip()
            purpose = ON_PURPOSE.fullmatch(name)
            if purpose:
                found.append(CaseResult(purpose["step"], (), [purpose["reason"]]))
            else:
                found.append(CaseResult(name, ["differs"] if match["verdict"] == "FAIL" else ()))
        elif line.startswith("       ") and found and found[-1].problems:
            problems = [problem for problem in found[-1].problems if problem != "differs"]
            found[-1] = CaseResult(found[-1].name, [*problems, line.strip()])
    return found
