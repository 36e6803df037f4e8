"""Three backends, 300 agents of which half are mute as the Go agent is, and clients, under one fault after the other.

    python -m tests.cluster.faults [--agents 300] [--only kill --only freeze]

Prints a table of the scenes, and what the invariants of the simulation say about the whole run; the exit status is 1 if
one of them is broken.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tests.cluster.faults.scenes import Row, Scenes
from tests.simulation.invariants import CHECKS, Invariant
from tests.simulation.records import Answer, Run

CHECKED = (
    Invariant.NOTHING_LOST,
    Invariant.NOTHING_TWICE,
    Invariant.ORDER,
    Invariant.STATE_IS_THE_FOLD,
    Invariant.OWED,
    Invariant.SAME_ID,
    Invariant.ORDER_OF_DELIVERIES,
    Invariant.ALARMS,
    Invariant.CALM,
)
"""Those that can be seen from outside of the processes."""

SHOWN_MAX = 5

SCENES: Mapping[str, tuple[str, str]] = {
    "calm": ("nothing happens", "calm"),
    "rolling": ("rolling restart of all", "rolling_restart"),
    "kill-start": ("kill -9, started again at once", "kill_and_start"),
    "kill": ("kill -9, started again after 20 s", "kill"),
    "kill-two": ("kill -9 of two, started again after 20 s", "kill_two"),
    "freeze": ("SIGSTOP for 20 s", "freeze"),
    "away": ("PostgreSQL stopped for 30 s", "database_away"),
    "crashes": ("PostgreSQL crashes five times", "database_crashes"),
}


def main() -> int:
    """Run the scenes, and print what they showed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=300, help="the number of agents (default: 300)")
    parser.add_argument("--only", action="append", choices=SCENES, help="a scene; can be repeated (default: all)")
    parser.add_argument("--save", type=Path, help="a file for the records of the run, in MessagePack")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="sensu-faults-") as folder:
        rows, run = asyncio.run(_played(Path(folder), options.agents, options.only or list(SCENES)))
    if options.save is not None:
        options.save.write_bytes(msgspec.msgpack.encode(run))
    broken = {invariant: list(CHECKS[invariant](run)) for invariant in CHECKED}
    print(_table(rows))
    print(_totals(run, broken, options.agents))
    print(f"load of the machine: {load:.0f} at the start, {os.getloadavg()[0]:.0f} at the end")
    for invariant, found in broken.items():
        for line in found[:SHOWN_MAX]:
            print(f"  {invariant.name.lower()}: {line}")
    return 1 if any(broken.values()) else 0


async def _played(folder: Path, agents: int, names: Sequence[str]) -> tuple[Sequence[Row], Run]:
    scenes = Scenes(folder, agents)
    try:
        await scenes.begin()
        for name in names:
            title, work = SCENES[name]
            await scenes.scene(title, getattr(scenes, work))
        return scenes.rows, await scenes.end()
    finally:
        await scenes.stop()


def _table(rows: Sequence[Row]) -> str:
    lines = ["| scene | took s | results sent | acknowledged | longest time without a 201 for a client, s |"]
    lines.append("| --- | --- | --- | --- | --- |")
    lines += [f"| {r.scene} | {r.seconds:.0f} | {r.sent:,} | {r.acknowledged:,} | {r.longest_s:.1f} |" for r in rows]
    return "\n".join(lines)


def _totals(run: Run, broken: Mapping[Invariant, Sequence[str]], agents: int) -> str:
    stored = {(each.pair, mark) for each in run.kept for mark in each.marks}
    answered = sum(1 for report in run.reports if report.answer is Answer.OK)
    unsure = [report for report in run.reports if report.answer is Answer.PERHAPS]
    kept = sum(1 for report in unsure if (report.pair, report.mark) in stored)
    first = {(attempt.mark, attempt.handler) for attempt in run.attempts}
    figures = {
        f"results of {agents} agents and the clients": len(run.reports),
        "acknowledged, or of mute agents that stayed connected": answered,
        "... of these lost": len(broken[Invariant.NOTHING_LOST]),
        "stored twice, or never sent": len(broken[Invariant.NOTHING_TWICE]),
        "neither acknowledged nor refused; of these stored": f"{len(unsure):,}; {kept:,}",
        "handler runs; of different results": f"{len(run.attempts):,}; {len(first):,}",
        "results that no handler got": len(broken[Invariant.OWED]),
        "false alarms of keepalives": len(broken[Invariant.ALARMS]),
        "deliveries pending at the end": run.owed,
    }
    lines = [
        f"| {name} | {value:,} |" if isinstance(value, int) else f"| {name} | {value} |"
        for name, value in figures.items()
    ]
    held = ", ".join(invariant.name.lower() for invariant, found in broken.items() if not found)
    return "\n".join(["", "| over all scenes | |", "| --- | --- |", *lines, "", f"hold: {held or 'none'}"])


if __name__ == "__main__":
    sys.exit(main())
