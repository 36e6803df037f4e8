"""Recordings of kind `sensuctl`: command lines against a fresh backend, their output, exit status and files."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.contract import compare
from tests.contract.backend_process import BackendFactory
from tests.contract.compare import Difference, Json
from tests.contract.departures import Departures
from tests.contract.processes import SEARCH_PATH
from tests.contract.scenario import CaseResult, Scenario, ScenarioFailed, recordings, verdict

KIND = "sensuctl"
COMMAND_TIMEOUT_S = 30.0
ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# The wording of a question is not compared, only what comes after it.
AFTER_PROMPT = re.compile(r"(Canceled|Deleted|Created|Updated)[\s\S]*")
VARYING = "<varies>"


def program() -> Path:
    """The tool as it is installed beside our interpreter."""
    return Path(sys.executable).with_name("sensuctl")


def scenarios(contract: Path, backends: BackendFactory, departures: Departures) -> list[Scenario]:
    """The sensuctl recordings of a folder."""
    found = []
    for _, recording in recordings(contract / KIND):
        name = recording["scenario"]
        waits = sum(step.get("sleep", 0) for step in recording["steps"])
        timeout_s = 60.0 + waits + 5 * len(recording["steps"])
        found.append(Scenario(KIND, name, [name], _player(recording, backends, departures), timeout_s))
    return found


def _step_name(number: int, step: Json) -> str:
    return f"#{number} sensuctl {' '.join(step.get('argv', []))}"[:120]


def _player(
    recording: Json, backends: BackendFactory, departures: Departures
) -> Callable[[], Awaitable[list[CaseResult]]]:
    async def play() -> list[CaseResult]:
        name = recording["scenario"]
        with tempfile.TemporaryDirectory(prefix="sensuctl-") as folder:
            async with backends.fresh(Path(folder)) as backend:
                session = SensuctlSession(Path(folder) / "work", backend.api_url)
                session.write_files(recording.get("files") or {})
                found = [(number, step, await session.step(step)) for number, step in enumerate(recording["steps"], 1)]
        verdicts = [verdict(KIND, name, _step_name(*step), problems, departures) for *step, problems in found]
        problems = [f"{one.name}: {problem}" for one in verdicts for problem in one.problems]
        on_purpose = [f"{one.name}: {reason}" for one in verdicts for reason in one.on_purpose]
        return [CaseResult(name, problems, on_purpose)]

    return play


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int | None
    stdout: str
    stderr: str


class SensuctlSession:
    """The working directory of a scenario and the values captured so far."""

    def __init__(self, folder: Path, api_url: str) -> None:
        self._folder = folder
        (folder / "home").mkdir(parents=True)
        host = api_url.removeprefix("http://")
        self._known = {"DIR": str(folder), "API": api_url, "API_HOST": host, "SENSUCTL": str(program())}
        self._known["HOME"] = str(folder / "home")

    def write_files(self, files: Mapping[str, str]) -> None:
        """The files of the scenario; scripts are executable."""
        for name, content in files.items():
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(compare.expand(content, self._known), encoding="utf-8", newline="")
            if path.suffix == ".sh":
                path.chmod(0o755)

    async def step(self, step: Json) -> list[Difference]:
        """What differs after one step."""
        if "sleep" in step:
            await asyncio.sleep(step["sleep"])
            return []
        if "edit_json" in step:
            self._edit(Path(compare.expand(step["edit_json"], self._known)), step["set"])
            return []
        if "argv" not in step:
            raise ScenarioFailed(f"nothing known to do for {compare.show(step)}")
        ended = await self._run(step)
        for name, pattern in step.get("capture", {}).items():
            match = re.search(pattern, ended.stdout)
            self._known[name] = match.group(1) if match else f"<no {name}>"
        return self._compared(step, ended)

    def _edit(self, path: Path, values: Json) -> None:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            document = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**document, **compare.expand(values, self._known)}), encoding="utf-8")

    async def _run(self, step: Json) -> Ended:
        argv = compare.expand(step["argv"], self._known)
        own = compare.expand(step.get("env", {}), self._known)
        env = {"PATH": SEARCH_PATH, "HOME": self._known["HOME"], "TZ": "UTC", **own}
        given = step.get("stdin")
        process = await asyncio.create_subprocess_exec(
            str(program()),
            *argv,
            cwd=self._folder,
            env=env,
            stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        data = None if given is None else compare.expand(given, self._known).encode()
        try:
            out, err = await asyncio.wait_for(process.communicate(data), COMMAND_TIMEOUT_S)
        except TimeoutError:
            return Ended(None, "", f"still ran after {COMMAND_TIMEOUT_S:g} s")
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        return Ended(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    def _compared(self, step: Json, ended: Ended) -> list[Difference]:
        vary = step.get("vary", [])
        problems = compare.differences(step["exit"], ended.status, (), "exit")
        if problems:
            problems[0] = Difference("exit", step["exit"], ended.status, f"{problems[0].what} {_end(ended.stderr)}")
        if step.get("output_is") == "any":
            wanted = step.get("stdout_nonempty")
            if wanted is not None and wanted != bool(ended.stdout):
                text = f"want {'some' if wanted else 'no'} output, got {compare.show(ended.stdout)}"
                problems.append(Difference("stdout", wanted, ended.stdout, text))
        else:
            want, got = step["stdout"] or "", ended.stdout
            if step.get("prompt"):
                want, got = _after_prompt(want), _after_prompt(got)
            problems += self._text_differences(want, got, vary, "stdout")
        problems += self._text_differences(step["stderr"] or "", ended.stderr, vary, "stderr")
        for name, content in step.get("files_after", {}).items():
            problems += self._file_differences(name, content, vary)
        return problems

    def _file_differences(self, name: str, content: str | None, vary: list[str]) -> list[Difference]:
        path = self._folder / compare.expand(name, self._known)
        place = f"files_after {name}"
        if content is None or not path.exists():
            if content is None and not path.exists():
                return []
            there = path.exists()
            text = "want no file, got one" if there else "the file is missing"
            return [Difference(place, content, None, text)]
        return self._text_differences(content, path.read_text("utf-8", "replace"), vary, place)

    def _text_differences(self, want: str, got: str, vary: list[str], place: str) -> list[Difference]:
        """Texts compared without colours, the varying parts made equal, placeholders standing for their texts."""
        wanted = same_where_varying(plain(compare.expand(want, self._known)), vary)
        return compare.differences(wanted, same_where_varying(plain(got), vary), (), place)


def plain(text: str) -> str:
    """The text without terminal escape sequences."""
    return ESCAPE_SEQUENCE.sub("", text)


def same_where_varying(text: str, vary: list[str]) -> str:
    """The text with everything that any of the patterns matches replaced by one fixed text."""
    for pattern in vary:
        text = re.sub(pattern, VARYING, text)
    return text


def _after_prompt(text: str) -> str:
    match = AFTER_PROMPT.search(text)
    return match.group(0) if match else ""


def _end(text: str) -> str:
    return f"(stderr: {compare.show(text[-300:])})" if text else ""
