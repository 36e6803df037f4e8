"""Measures performance on this machine: `make bench`, or `python -m bench [--long] [--only WORD] [--format WORD]`.

`--format targets` compares the figures with the project's targets, `--format markdown` is for docs/performance.md.

Rates depend on the machine and its load: compare them only with figures of the same run, ideally with those of another
server measured in turn: `--against http://127.0.0.1:8080,ws://127.0.0.1:8081/,PID`. CPU figures are less
sensitive. That server must have the users admin and agent, both with the password `P@ssw0rd!`; the data
written to it are not removed. `--store postgresql` compares with a backend on a PostgreSQL server of its own, and
shows the CPU of that server too.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import (
    agent,
    agents,
    api,
    back_pressure,
    growth,
    handlers,
    lists,
    members,
    sensuctl,
    services,
    start,
    targets,
    web,
)
from bench.figures import Figure, as_json, loaded, markdown, table
from bench.programs import Server, backend, backend_on_postgresql

Measurement = Callable[[Server, bool], Iterator[Figure]]

OURS: dict[str, Measurement] = {"start": start.measure, "sensuctl": sensuctl.measure, "agent": agent.measure}
"""Measured only for our programs, before anything is stored."""
BOTH: dict[str, Measurement] = {
    "agents": agents.measure,
    "api": api.measure,
    "lists": lists.measure,
    "handlers": handlers.measure,
}
"""Measured for any server."""
APART: dict[str, Callable[[bool], Iterator[Figure]]] = {
    "growth": growth.measure,
    "back-pressure": back_pressure.measure,
    "services": services.measure,
    "members": members.measure,
    "web": web.measure,
}
"""Measured with a separate backend."""
WORDS = [*OURS, *BOTH, *APART]

FORMATS = {"table": table, "markdown": markdown, "json": as_json, "targets": targets.judged}


class Run:
    """The figures so far, and the parts that failed."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def figures(self, word: str, whose: str, measured: Iterator[Figure]) -> list[Figure]:
        """The figures of a part; if it fails, those until then."""
        print(f"measuring {word}{whose} …", file=sys.stderr, flush=True)
        found: list[Figure] = []
        try:
            found.extend(measured)
        except (RuntimeError, OSError) as err:
            self.failed.append(word)
            print(f"{word}{whose} failed: {str(err) or type(err).__name__}", file=sys.stderr)
        return found


def main() -> int:
    """Measure and print; returns 1 if a part failed."""
    options = _options()
    if options.load is not None:
        print(FORMATS[options.format](*loaded(options.load.read_text())))
        return 0
    wanted = options.only or WORDS
    run, began = Run(), time.monotonic()
    ours, theirs = _beside(run, options, wanted)
    for word in wanted:
        if word in APART:
            ours += run.figures(word, "", APART[word](options.long))
    spent = time.monotonic() - began
    print(f"{_machine()}; {spent:.0f} s; load {os.getloadavg()[0]:.1f} at the end", file=sys.stderr)
    print(FORMATS[options.format](ours, theirs))
    if options.save is not None:
        options.save.write_text(as_json(ours, theirs) + "\n")
    return 1 if run.failed else 0


def _beside(run: Run, options: argparse.Namespace, wanted: list[str]) -> tuple[list[Figure], dict[str, Figure]]:
    """The figures of a fresh backend and of the other server, which are measured in turn for each part."""
    ours: list[Figure] = []
    theirs: dict[str, Figure] = {}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(backend(_folder(stack)))
        other, whose = options.against, " of the other server"
        if options.store is not None:
            other, whose = stack.enter_context(backend_on_postgresql(_folder(stack))), " over PostgreSQL"
        for word, measure in {**OURS, **BOTH}.items():
            if word not in wanted:
                continue
            ours += run.figures(word, "", measure(server, options.long))
            if word in BOTH and other is not None:
                found = run.figures(word, whose, measure(other, options.long))
                known = {figure.name for figure in ours}
                theirs |= {figure.name: figure for figure in found if figure.name in known}
                ours += [figure for figure in found if figure.name not in known]
    return ours, theirs


def _folder(stack: contextlib.ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sensu-bench-")))


def _machine() -> str:
    return f"{os.cpu_count()} cores, Python {sys.version.split()[0]}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--format", choices=FORMATS, default="table", help="output format (default: table)")
    parser.add_argument("--save", type=Path, metavar="FILE", help="also write the figures to a JSON file")
    parser.add_argument("--load", type=Path, metavar="FILE", help="print saved figures without measuring")
    parser.add_argument("--long", action="store_true", help="more events, 5,000 and 10,000 agents, 100,000 resources")
    parser.add_argument("--only", action="append", choices=WORDS, help="repeatable")
    parser.add_argument("--store", choices=["postgresql"], help="also measure a backend with this store")
    parser.add_argument("--against", type=_server, metavar="API_URL,WS_URL,PID", help="also measure this server")
    return parser.parse_args()


def _server(text: str) -> Server:
    try:
        api_url, agents_url, pid = text.split(",")
        return Server(int(pid), api_url.rstrip("/"), agents_url)
    except ValueError:
        raise argparse.ArgumentTypeError("must be three comma-separated values: API_URL,WS_URL,PID") from None


if __name__ == "__main__":
    sys.exit(main())
