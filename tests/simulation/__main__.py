"""`python -m tests.simulation`: run seeds of the simulation, or replay one."""

import argparse
import logging
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.simulation.runs import Result, result_of

SHOWN_MAX = 5


def main() -> int:
    """The exit status: 1 if an invariant was broken."""
    parser = argparse.ArgumentParser(description="Runs a simulated backend with faults, and checks what must hold.")
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run this seed alone, and show what happened in it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many processes run seeds")
    parser.add_argument("--members", type=int, default=1, help="how many backends share the database")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if chosen.seed is not None:
        return _replay(chosen.seed, chosen.members)
    numbers: Counter[str] = Counter()
    failed: list[Result] = []
    with ProcessPoolExecutor(chosen.jobs) as pool:
        seeds = range(chosen.first, chosen.first + chosen.seeds)
        for result in pool.map(partial(result_of, members=chosen.members), seeds):
            numbers += result.numbers
            if result.broken:
                failed.append(result)
                _show_broken(result, chosen.members)
    for name, number in sorted(numbers.items()):
        print(f"{number:>10,} {name}")
    print(f"{chosen.seeds - len(failed)} of {chosen.seeds} seeds without a broken invariant")
    return 1 if failed else 0


def _show_broken(result: Result, members: int) -> None:
    more = f" MEMBERS={members}" if members > 1 else ""
    print(f"seed {result.seed}, replayed by: make simulate SEED={result.seed}{more}")
    for invariant, why in result.broken.items():
        for each in why[:SHOWN_MAX]:
            print(f"  {invariant}: {each}")


def _replay(seed: int, members: int) -> int:
    result = result_of(seed, members=members)
    for line in sorted((*result.happened, *result.ends), key=lambda line: float(line.split()[0])):
        print(line)
    if result.broken:
        _show_broken(result, members)
    print(f"records: {result.digest}")
    return 1 if result.broken else 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Sets of strings have the same order in each run only if their hashes have the same seed.
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    sys.exit(main())
