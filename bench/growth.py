"""Measures how much the database grows when events replace others, and whether retention stops the growth."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.agents import CHECKS, PUSHING_AGENTS, push
from bench.figures import Figure
from bench.generators import Player, player
from bench.programs import Server, backend, folder_mib

EVENTS_SHORT, EVENTS_LONG = 20_000, 100_000
RETENTION_S = 30
TRIMMED_WITHIN_S = 100.0
DATABASE = "sensu.db"


def measure(long: bool) -> Iterator[Figure]:
    """All figures about the database, of a backend with a short history."""
    events = EVENTS_LONG if long else EVENTS_SHORT
    options = ["--history-retention", str(RETENTION_S), "--state-change-retention", str(RETENTION_S)]
    with (
        tempfile.TemporaryDirectory(prefix="sensu-growth-") as folder,
        backend(Path(folder), options) as server,
        player() as agents,
    ):
        agents.ask("connect", url=server.agents_url, codec="json", first=0, count=PUSHING_AGENTS, keepalives=False)
        push(server, agents, "json", PUSHING_AGENTS * CHECKS)
        yield from _rounds(server, agents, events, long)


def _rounds(server: Server, agents: Player, events: int, long: bool) -> Iterator[Figure]:
    assert server.state_dir is not None
    database = server.state_dir / DATABASE
    for number in ("first", "second"):
        before = _mib(database)
        push(server, agents, "json", events)
        yield Figure(f"database growth with the {number} {events:,} events", "MiB", _mib(database) - before)
    yield Figure("all files of the state folder then", "MiB", folder_mib(server.state_dir))
    if long:
        time.sleep(TRIMMED_WITHIN_S)
        before = _mib(database)
        push(server, agents, "json", events)
        yield Figure(f"database growth with {events:,} events after retention", "MiB", _mib(database) - before)


def _mib(path: Path) -> float:
    return path.stat().st_size / 1024 / 1024
