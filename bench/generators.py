"""Runs generator processes: jobs are sent to them, and answered in order."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any


class Player:
    """A generator process; `ask` runs a job, `begin` starts one and `finish` waits for it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "bench.generator"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, job: str, **words: Any) -> dict[str, Any]:
        """Run a job, and return its result."""
        self.begin(job, **words)
        return self.finish()

    def begin(self, job: str, **words: Any) -> None:
        """Start a job."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"job": job, **words}) + "\n")
        self._process.stdin.flush()

    def finish(self) -> dict[str, Any]:
        """Wait for the last job, and return its result."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the generator failed")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Stop the process, which closes its connections."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


@contextlib.contextmanager
def player() -> Iterator[Player]:
    """A generator process, which is stopped at the end of the context."""
    one = Player()
    try:
        yield one
    finally:
        one.close()
