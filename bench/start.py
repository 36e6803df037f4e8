"""Measures an idle backend: the time until it answers, its memory and its CPU use."""

import time
from collections.abc import Iterator

from bench.figures import Figure
from bench.programs import Server

SETTLE_S = 1.0
IDLE_S = 6.0


def measure(server: Server, long: bool) -> Iterator[Figure]:
    """Start time, idle memory and idle CPU of a server that was just started here."""
    yield Figure("start to /health 200", "s", server.ready_s)
    time.sleep(SETTLE_S)
    before = server.cpu_s()
    time.sleep(IDLE_S)
    yield Figure("idle memory", "MiB", server.memory_mib())
    yield Figure("idle CPU", "% of a core", (server.cpu_s() - before) / IDLE_S * 100)
