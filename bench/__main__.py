"""Figures of this machine: `make bench`, or `python -m bench [--json]`.

Rates depend on the machine and its load; compare them only with figures of the same run.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from bench.programs import Backend, backend, program

IDLE_S = 10.0
COMMAND_RUNS = 7


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sensu-bench-") as folder, backend(Path(folder)) as running:
        figures = {"backend: start to /health 200, s": round(running.ready_s, 3), **idle(running)}
        figures |= {f"sensuctl {' '.join(words)}, ms": command_ms(words) for words in (["--help"], ["version"])}
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    for name, figure in figures.items():
        print(f"{name:<45} {figure:>10}")


def idle(running: Backend) -> dict[str, float]:
    """Memory and CPU of a backend that nobody asks anything."""
    before = running.cpu_s()
    time.sleep(IDLE_S)
    share = (running.cpu_s() - before) / IDLE_S
    return {
        "backend: idle memory, MiB": round(running.memory_mib(), 1),
        "backend: idle CPU, % of a core": round(share * 100, 2),
    }


def command_ms(words: list[str]) -> float:
    """The median wall time of a sensuctl command."""
    times = []
    for _ in range(COMMAND_RUNS):
        started = time.perf_counter()
        subprocess.run([program("sensuctl"), *words], check=True, capture_output=True, timeout=30)
        times.append(time.perf_counter() - started)
    return round(statistics.median(times) * 1000, 1)


if __name__ == "__main__":
    main()
