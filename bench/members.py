"""Measures several backends on one PostgreSQL database: what an event costs all of them together.

Agents are spread over the backends. With N of them, all but one of N events come to a backend that does not own their
entity, and are passed on.
"""

import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.agents import CHECKS, EVENTS_LONG, EVENTS_SHORT, PATIENCE_S, POLL_S, PUSHING_AGENTS
from bench.figures import MORE, Figure, quantile
from bench.generators import Player, player
from bench.programs import Process, Server, initialised, started_again
from bench.wire import Api, events_processed
from sensu.testing import postgres_server

NUMBERS = (1, 2, 4)
SPREAD_S = 30.0
PUTS = 200


def measure(long: bool) -> Iterator[Figure]:
    """All figures about members."""
    for number in NUMBERS:
        with contextlib.ExitStack() as stack:
            servers, database = _cluster(stack, number)
            players = [stack.enter_context(player()) for _ in servers]
            yield from _pushed(servers, database, players, EVENTS_LONG if long else EVENTS_SHORT)
            yield from _changes(servers)


def _cluster(stack: contextlib.ExitStack, number: int) -> tuple[Sequence[Server], Process]:
    """Backends on a fresh database, when each owns its part."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sensu-bench-")))
    folder.chmod(0o711)  # the server of the database runs as another user
    database = postgres_server.Server(folder / "pg", ("listen_addresses=", "max_connections=200"))
    database.create()
    postgres_server.guard(database)
    database.start()
    stack.callback(database.stop)
    store = ["--store", database.url()]
    initialised(folder / "0", store)
    flags = [*store, "--member-listen-address", "127.0.0.1:0"]
    servers = []
    for member in range(number):
        (folder / str(member)).mkdir(exist_ok=True)
        servers.append(stack.enter_context(started_again(folder / str(member), flags)))
    until, slots = time.monotonic() + SPREAD_S, "SELECT count(DISTINCT seat) FROM slots WHERE seat IS NOT NULL"
    while int(database.execute(slots)) < number:
        if time.monotonic() > until:
            raise RuntimeError(f"the work is not spread over {number} backends after {SPREAD_S:g} s")
        time.sleep(POLL_S)
    return servers, Process(database.pid)


def _pushed(servers: Sequence[Server], database: Process, players: Sequence[Player], events: int) -> Iterator[Figure]:
    agents = PUSHING_AGENTS // len(servers)
    for number, (server, one) in enumerate(zip(servers, players, strict=True)):
        one.ask("connect", url=server.agents_url, codec="json", first=number * agents, count=agents, keepalives=False)
    _push(servers, players, PUSHING_AGENTS * CHECKS)
    cpu_at, database_at, started = [server.cpu_s() for server in servers], database.cpu_s(), time.perf_counter()
    _push(servers, players, events)
    seconds = time.perf_counter() - started
    cpu_s = sum(server.cpu_s() - at for server, at in zip(servers, cpu_at, strict=True))
    how = f"{len(servers)} backends" if len(servers) > 1 else "one backend"
    yield Figure(f"durable events from agents, {how}", "events/s", events / seconds, MORE)
    yield Figure(f"CPU of all backends for 1,000 events, {how}", "CPU ms", cpu_s / events * 1e6)
    spent = (database.cpu_s() - database_at) / events * 1e6
    yield Figure(f"CPU of the database server for 1,000 events, {how}", "CPU ms", spent)


def _push(servers: Sequence[Server], players: Sequence[Player], events: int) -> None:
    """Send events through all backends, until all are processed."""
    before, started = _processed(servers), time.perf_counter()
    for one in players:
        one.begin("push", codec="json", checks=CHECKS, events=events // len(players))
    while _processed(servers) < before + events // len(players) * len(players):
        if time.perf_counter() - started > PATIENCE_S:
            raise RuntimeError(f"{events} events were not processed within {PATIENCE_S:g} s")
        time.sleep(POLL_S)
    for one in players:
        one.finish()


def _processed(servers: Sequence[Server]) -> int:
    return sum(events_processed(server.api_url) for server in servers)


def _changes(servers: Sequence[Server]) -> Iterator[Figure]:
    """How long a change of a resource takes, which is answered when all backends know it."""
    api, times = Api(servers[0].api_url), []
    for number in range(PUTS):
        started = time.perf_counter()
        api.put("/api/core/v2/namespaces/default/filters/bench", _filter(number))
        times.append((time.perf_counter() - started) * 1000)
    how = f"{len(servers)} backends" if len(servers) > 1 else "one backend"
    for of_100 in (50, 99):
        yield Figure(f"change of a resource, {how}, p{of_100}", "ms", quantile(times, of_100))


def _filter(number: int) -> dict[str, object]:
    metadata = {"name": "bench", "namespace": "default"}
    return {"metadata": metadata, "action": "allow", "expressions": [f"event.check.occurrences == {number}"]}
