"""Measures the time that sensuctl commands take."""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence

from bench.figures import Figure
from bench.programs import ADMIN, PASSWORD, Server, program

RUNS = 9


def measure(server: Server, long: bool) -> Iterator[Figure]:
    """The median wall time of a few commands."""
    with tempfile.TemporaryDirectory(prefix="sensuctl-bench-") as home:
        environment = {**os.environ, "HOME": home}
        login = ["configure", "-n", "--url", server.api_url, "--username", ADMIN, "--password", PASSWORD]
        _run(login, environment)
        for words in (["check", "list"], ["check", "list", "--format", "json"], ["--help"]):
            yield Figure(f"sensuctl {' '.join(words)}", "ms", _command_ms(words, environment))


def _command_ms(words: Sequence[str], environment: Mapping[str, str]) -> float:
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        _run(words, environment)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def _run(words: Sequence[str], environment: Mapping[str, str]) -> None:
    subprocess.run([program("sensuctl"), *words], check=True, capture_output=True, timeout=60, env=environment)
