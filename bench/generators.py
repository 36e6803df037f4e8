"""Runs generator processes: jobs are sent to them, and answered in order."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from bench.http_load import merged

PROCESSES = max(2, os.cpu_count() or 1)
"""The number of processes that simulate API clients, so that they are not what is measured."""


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


@dataclass(frozen=True)
class Target:
    """Where requests are sent, and for whom."""

    url: str
    token: str
    namespace: str = "default"


class Clients:
    """Several generator processes that simulate API clients together."""

    def __init__(self, players: list[Player]) -> None:
        self._players = players

    def send(
        self, to: Target, kind: str, *, connections: int, pool: int, seconds: float = 0, requests: int = 0
    ) -> dict[str, Any]:
        """Send requests of a kind for `pool` resources; each process has a part of them and of the connections."""
        players = self._players[: min(connections, pool)]
        parts = zip(*(shares(whole, len(players)) for whole in (connections, pool, requests)), strict=True)
        first = 0
        for player, (own_connections, own_pool, own_requests) in zip(players, parts, strict=True):
            player.begin(
                "requests",
                **asdict(to),
                kind=kind,
                connections=own_connections,
                pool=own_pool,
                seconds=seconds,
                requests=own_requests,
                first=first,
            )
            first += own_pool
        return merged([player.finish() for player in players])


def shares(whole: int, parts: int) -> list[int]:
    """A number in parts that differ by at most one."""
    return [whole * (part + 1) // parts - whole * part // parts for part in range(parts)]


@contextlib.contextmanager
def clients() -> Iterator[Clients]:
    """Generator processes for the API, which are stopped at the end of the context."""
    with contextlib.ExitStack() as stack:
        yield Clients([stack.enter_context(player()) for _ in range(PROCESSES)])
