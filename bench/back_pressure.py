"""Measures a stalled handler: events that are accepted and held back meanwhile, and that none are lost."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.agents import POLL_S, PUSHING_AGENTS, push
from bench.figures import MORE, Figure
from bench.generators import Player, player
from bench.handlers import Sink, put_filter, put_socket_handler
from bench.programs import Server, backend
from bench.wire import Api, events_processed

OWED_MAX = 2000
EVENTS_SHORT, EVENTS_LONG = 8000, 40_000
OTHERS = 10_000
STILL_S = 1.5
PATIENCE_S = 90.0
HANDLER = "bench-still"
PATIENT = {"timeout": 2, "retry_attempts": 100, "retry_delay": 1, "retry_delay_max": 2}
"""A handler that is retried until it continues."""


def measure(long: bool) -> Iterator[Figure]:
    """All figures, of a backend with a low limit of pending deliveries."""
    options = ["--deliveries-owed-max", str(OWED_MAX)]
    sink = Sink("tcp", stands_still=True)
    with tempfile.TemporaryDirectory(prefix="sensu-still-") as folder, backend(Path(folder), options) as server:
        api = Api(server.api_url)
        put_filter(api)
        put_socket_handler(api, HANDLER, "tcp", sink, **PATIENT)
        with player() as agents, player() as others:
            yield from _measure(server, sink, agents, others, EVENTS_LONG if long else EVENTS_SHORT)
    sink.close()


def _measure(server: Server, sink: Sink, agents: Player, others: Player, events: int) -> Iterator[Figure]:
    for who, first in ((agents, 0), (others, PUSHING_AGENTS)):
        who.ask("connect", url=server.agents_url, codec="json", first=first, count=PUSHING_AGENTS, keepalives=False)
    memory = server.memory_mib()
    agents.begin("push", codec="json", checks=5, events=events, handlers=[HANDLER])
    taken = _until_still(lambda: events_processed(server.api_url))
    yield Figure(f"handler stands still: events taken, of {events:,}, {OWED_MAX:,} may be owed", "events", taken)
    yield Figure("handler stands still: memory for it", "MiB", server.memory_mib() - memory)
    done = push(server, others, "json", OTHERS)
    yield Figure("handler stands still: durable events of others", "events/s", done.rate_per_s, MORE)
    sink.go_on()
    resumed = time.perf_counter()
    while sink.count < events:
        if time.perf_counter() - resumed > PATIENCE_S:
            raise RuntimeError(f"the handler got {sink.count} of {events} events within {PATIENCE_S:g} s")
        time.sleep(POLL_S)
    yield Figure("handler goes on: until it has all events", "s", time.perf_counter() - resumed)
    agents.finish()


def _until_still(count: Callable[[], int]) -> int:
    """Wait until the number has not changed for a while, and return it."""
    last, since = count(), time.perf_counter()
    while time.perf_counter() - since < STILL_S:
        time.sleep(POLL_S)
        now = count()
        if now != last:
            last, since = now, time.perf_counter()
    return last
