"""Our programs as processes: started on free loopback ports, watched, and always ended."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from sensu.testing.fork_server import ForkedProcess, ForkServer, Start
from tests.contract.scenario import ScenarioFailed

REPO = Path(__file__).resolve().parents[2]
SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"
STOP_TIMEOUT_S = 8.0
_programs = ForkServer()


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a program under test: as little as possible, time zone UTC.

    With a language, because an interpreter without one sets a variable of its own that its children would inherit.
    """
    return {"PATH": SEARCH_PATH, "HOME": str(home), "TZ": "UTC", "LANG": "C.UTF-8", **(extra or {})}


class Program:
    """A running program; what it prints goes to `output` in its folder."""

    def __init__(self, name: str, process: ForkedProcess, output: Path) -> None:
        self.name = name
        self.process = process
        self.output = output

    @classmethod
    async def start(
        cls, name: str, module: str, arguments: Sequence[str], folder: Path, env: Mapping[str, str] | None = None
    ) -> "Program":
        """The module started in a process group of its own."""
        output = folder / f"{name}.log"
        wanted = Start(module, arguments, str(folder), dict(env or environment(folder)), str(output))
        return cls(name, await _programs.start(wanted), output)

    @property
    def exit_status(self) -> int | None:
        """The exit status, None while it runs."""
        return self.process.returncode

    def last_words(self, lines: int = 4) -> str:
        """The end of what it printed, for people."""
        text = self.output.read_text(encoding="utf-8", errors="replace").strip()
        return " | ".join(text.splitlines()[-lines:]) or "it printed nothing"

    def terminate(self) -> None:
        """Asks the program to end."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)

    async def wait(self, timeout_s: float) -> int | None:
        """The exit status, None if it still runs after that time."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self.process.wait(), timeout_s)
        return None

    async def stop(self) -> int | None:
        """Ends the program and whatever it started; None if it had to be killed."""
        self.terminate()
        status = await self.wait(STOP_TIMEOUT_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        return status


async def run_to_end(
    name: str, module: str, arguments: Sequence[str], folder: Path, timeout_s: float, env: Mapping[str, str]
) -> None:
    """Runs a program that has to succeed.

    Raises ScenarioFailed with the end of its output.
    """
    program = await Program.start(name, module, arguments, folder, env)
    try:
        status = await program.wait(timeout_s)
    finally:
        await program.stop()
    if status != 0:
        outcome = f"still ran after {timeout_s:g} s" if status is None else f"ended with {status}"
        raise ScenarioFailed(f"{name} {outcome}: {program.last_words()}")
