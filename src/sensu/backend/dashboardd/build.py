"""The build of the web UI that is served: read at the start, or as soon as it exists."""

import asyncio
import logging
from concurrent.futures import Executor
from pathlib import Path

from sensu.backend.dashboardd.files import WebFiles, read_files
from sensu.clock import Clock
from sensu.errors import SensuError
from sensu.log import fields

logger = logging.getLogger("sensu.web")

LOOK_EVERY_S = 2.0
PROBLEM_FILE = "build-problem.txt"
"""The file next to the build in which `make web` records why it failed."""
PROBLEM_CHARACTERS_MAX = 2_000


class WebBuild:
    """The files to serve, or why there are none. It is read once, so an upgrade takes effect at the next start."""

    def __init__(self, folder: Path, clock: Clock, executor: Executor | None = None) -> None:
        """`folder` contains the build; `executor` has the threads that read it."""
        self._folder, self._clock, self._executor = folder, clock, executor
        self.files: WebFiles | None = None
        self.problem = ""

    async def look(self) -> bool:
        """Read the build if it is complete; returns whether it is."""
        loop = asyncio.get_running_loop()
        try:
            self.files = await loop.run_in_executor(self._executor, read_files, self._folder)
        except SensuError as err:
            if self.problem != str(err):
                logger.warning("the web UI is not served", extra=fields(error=str(err)))
            self.problem = str(err)
            return False
        if self.files is None:
            self.problem = await loop.run_in_executor(self._executor, _problem_of, self._folder)
        return self.files is not None

    async def run(self) -> None:
        """Look for the build periodically until it exists."""
        while self.files is None:
            await self._clock.sleep(LOOK_EVERY_S)
            await self.look()


def _problem_of(folder: Path) -> str:
    try:
        with (folder.parent / PROBLEM_FILE).open(encoding="utf-8", errors="replace") as file:
            return file.read(PROBLEM_CHARACTERS_MAX).strip()
    except OSError:
        return ""
