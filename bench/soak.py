"""Measures a long constant load: `python -m bench.soak [--seconds 1800] [--rate N] [--format table|markdown|json]`.

A fresh backend receives events at half the rate that it can sustain (or at `--rate`). Memory, CPU, files and latency
(from a frame to its readable event) are recorded. At the end, each of them is tested for growth: the median of the last
third is compared with that of the part from a tenth to a third. Exits with status 1 if one has grown.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.agents import CHECKS, PUSHING_AGENTS, probed_s, push
from bench.figures import quantile, written
from bench.generators import Player, player
from bench.growth import DATABASE
from bench.programs import Server, backend
from bench.wire import events_processed

SUSTAINED_EVENTS = 60_000
HISTORY_BYTES_MAX = 32 * 1024 * 1024
"""The size limit of the history: small enough to be reached in a short run; the default would take hours."""
PROBES = 20
ROWS_SHOWN = 20
WARM_UP = 0.1
KEPT_UP = 0.98
"""The fraction of the requested rate that must have been processed at the end."""


@dataclass(frozen=True)
class Sample:
    """The values at a time, in seconds since the start of the load."""

    at_s: float
    events_per_s: float
    memory_mib: float
    cpu_ms_per_1000: float
    p50_ms: float
    p99_ms: float
    database_mib: float
    log_mib: float


@dataclass(frozen=True)
class Limit:
    """The permitted growth of a value from the beginning to the end: a fraction or an amount, whichever is larger."""

    of: str
    part: float
    amount: float


LIMITS = (
    Limit("memory_mib", 0.10, 10.0),
    Limit("p50_ms", 0.25, 1.0),
    Limit("p99_ms", 1.0, 20.0),
    Limit("cpu_ms_per_1000", 0.20, 5.0),
    Limit("database_mib", 0.10, 16.0),
    Limit("log_mib", 0.10, 80.0),
)


@dataclass(frozen=True)
class Verdict:
    """Whether a value was flat."""

    of: str
    at_first: float
    in_the_end: float
    flat: bool


def main() -> int:
    """Run the load, sample, evaluate and print; returns 1 if a value was not flat."""
    options = _options()
    history = ["--history-bytes-max", str(HISTORY_BYTES_MAX)]
    with tempfile.TemporaryDirectory(prefix="sensu-soak-") as folder, backend(Path(folder), history) as server:
        with player() as agents:
            agents.ask("connect", url=server.agents_url, codec="json", first=0, count=PUSHING_AGENTS, keepalives=False)
            rate = options.rate or _half_of_sustained(server, agents)
            _say(f"{rate} events/s for {options.seconds} s")
            samples = list(_watched(server, agents, rate, options.seconds, options.every))
    verdicts = judged(samples)
    print(FORMATS[options.format](rate, samples, verdicts))
    if options.save is not None:
        options.save.write_text(as_json(rate, samples, verdicts) + "\n")
    kept_up = statistics.median(sample.events_per_s for sample in samples) >= rate * KEPT_UP
    if not kept_up:
        _say("the rate was not kept up")
    return 0 if kept_up and all(verdict.flat for verdict in verdicts) else 1


def _half_of_sustained(server: Server, agents: Player) -> int:
    push(server, agents, "json", PUSHING_AGENTS * CHECKS)
    return int(push(server, agents, "json", SUSTAINED_EVENTS).rate_per_s / 2)


def _watched(server: Server, agents: Player, rate: int, seconds: float, every_s: float) -> Iterator[Sample]:
    assert server.state_dir is not None
    database = server.state_dir / DATABASE
    agents.begin("push", codec="json", checks=CHECKS, events=int(rate * seconds), rate_per_s=rate)
    began = at = time.perf_counter()
    events, cpu_s = events_processed(server.api_url), server.cpu_s()
    while at - began < seconds - every_s / 2:
        until = at + every_s
        times = [one * 1000 for one in probed_s(server, PROBES, every_s / PROBES / 2)]
        time.sleep(max(0.0, until - time.perf_counter()))
        now, events_now, cpu_now = time.perf_counter(), events_processed(server.api_url), server.cpu_s()
        done = max(1, events_now - events)
        sample = Sample(
            at_s=round(now - began, 1),
            events_per_s=done / (now - at),
            memory_mib=server.memory_mib(),
            cpu_ms_per_1000=(cpu_now - cpu_s) / done * 1e6,
            p50_ms=quantile(times, 50),
            p99_ms=quantile(times, 99),
            database_mib=_mib(database),
            log_mib=_mib(database.with_name(DATABASE + "-wal")),
        )
        _say(_row(sample))
        yield sample
        at, events, cpu_s = now, events_now, cpu_now


def _mib(path: Path) -> float:
    return path.stat().st_size / 1024 / 1024 if path.exists() else 0.0


def judged(samples: Sequence[Sample]) -> list[Verdict]:
    """Whether each value was flat."""
    third = max(1, len(samples) // 3)
    first = samples[int(len(samples) * WARM_UP) : third] or samples[:1]
    verdicts = []
    for limit in LIMITS:
        before, after = (
            statistics.median(getattr(one, limit.of) for one in part) for part in (first, samples[-third:])
        )
        allowed = before + max(before * limit.part, limit.amount)
        verdicts.append(Verdict(limit.of, before, after, after <= allowed))
    return verdicts


def as_json(rate: int, samples: Sequence[Sample], verdicts: Sequence[Verdict]) -> str:
    """All samples and verdicts as JSON."""
    found = {"rate_per_s": rate, "samples": list(map(asdict, samples)), "verdicts": list(map(asdict, verdicts))}
    return json.dumps(found, indent=2)


def table(rate: int, samples: Sequence[Sample], verdicts: Sequence[Verdict]) -> str:
    """Some of the samples, and the verdicts, as a table."""
    lines = [_row_of(list(Sample.__annotations__)), *map(_row, _shown(samples)), ""]
    lines += [f"{one.of}: {_judgement(one)}" for one in verdicts]
    return "\n".join([f"{rate:,} events/s", *lines])


def markdown(rate: int, samples: Sequence[Sample], verdicts: Sequence[Verdict]) -> str:
    """The same as Markdown."""
    names = list(Sample.__annotations__)
    lines = [f"{rate:,} events/s:", "", f"| {' | '.join(names)} |", "| --- " * len(names) + "|"]
    lines += [f"| {' | '.join(written(value) for value in asdict(one).values())} |" for one in _shown(samples)]
    lines += ["", *(f"- `{one.of}`: {_judgement(one)}" for one in verdicts)]
    return "\n".join(lines)


def _shown(samples: Sequence[Sample]) -> Sequence[Sample]:
    step = max(1, len(samples) // ROWS_SHOWN)
    return samples[step - 1 :: step]


def _row(sample: Sample) -> str:
    return _row_of([written(value) for value in asdict(sample).values()])


def _row_of(words: Sequence[str]) -> str:
    return "".join(f"{word:>16}" for word in words)


def _judgement(verdict: Verdict) -> str:
    return f"{written(verdict.at_first)} → {written(verdict.in_the_end)}, {'flat' if verdict.flat else 'NOT FLAT'}"


FORMATS: dict[str, Callable[[int, Sequence[Sample], Sequence[Verdict]], str]] = {
    "table": table,
    "markdown": markdown,
    "json": as_json,
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.soak", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=1800, help="duration of the load (default: 1800)")
    parser.add_argument("--every", type=float, default=10, metavar="SECONDS", help="time between samples (default: 10)")
    parser.add_argument("--rate", type=int, default=0, help="events per second (default: half of the sustained rate)")
    parser.add_argument("--format", choices=FORMATS, default="table", help="output format (default: table)")
    parser.add_argument("--save", type=Path, metavar="FILE", help="also write all samples to a JSON file")
    return parser.parse_args()


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
