"""Figures of this machine: `make bench`, or `python -m bench [--long] [--only WORD] [--json]`.

Rates depend on the machine and on what else runs there: compare them only with figures of the same run, best with
those of another server beside it: `--against http://127.0.0.1:8080,ws://127.0.0.1:8081,PID`. CPU figures are less
sensitive. A server that is measured against must have the users admin and agent, both with the password `P@ssw0rd!`.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import agent, agents, api, handlers, lists, sensuctl, start
from bench.figures import Figure, as_json, table
from bench.programs import Server, backend

Measurement = Callable[[Server, bool], Iterator[Figure]]

BOTH: dict[str, Measurement] = {
    "agents": agents.measure,
    "api": api.measure,
    "lists": lists.measure,
    "handlers": handlers.measure,
}
"""What any server can be measured by."""


def main() -> None:
    """Measure and print."""
    options = _options()
    wanted = options.only or ["start", "sensuctl", "agent", *BOTH]
    theirs: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory(prefix="sensu-bench-") as folder, backend(Path(folder)) as ours:
        figures = list(_of_ours(ours, wanted))
        for word, measure in BOTH.items():
            if word in wanted:
                _say(word)
                figures += measure(ours, options.long)
                if options.against is not None:
                    theirs |= {figure.name: figure for figure in measure(options.against, options.long)}
    print(as_json(figures, theirs) if options.json else table(figures, theirs))


def _of_ours(server: Server, wanted: list[str]) -> Iterator[Figure]:
    if "start" in wanted:
        _say("start")
        yield from start.measure(server)
    if "sensuctl" in wanted:
        _say("sensuctl")
        yield from sensuctl.measure(server)
    if "agent" in wanted:
        _say("agent")
        yield from agent.measure()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--long", action="store_true", help="more events, 10,000 agents, 100,000 resources")
    parser.add_argument("--only", action="append", choices=["start", "sensuctl", "agent", *BOTH], help="repeatable")
    parser.add_argument("--against", type=_server, metavar="API_URL,WS_URL,PID", help="do the same with this server")
    return parser.parse_args()


def _server(text: str) -> Server:
    api_url, agents_url, pid = text.split(",")
    return Server(int(pid), api_url.rstrip("/"), agents_url)


def _say(what: str) -> None:
    print(f"measuring {what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
