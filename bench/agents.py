"""Measures agents: the rate of events, the latency until they can be read, and the cost of connections."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from bench.figures import MORE, Figure, quantile
from bench.generators import Player, Target, clients, player
from bench.payloads import EventTemplate
from bench.programs import Server
from bench.wire import Api, connected_agent, events_processed

PUSHING_AGENTS, CHECKS = 100, 5
EVENTS_SHORT, EVENTS_LONG = 60_000, 100_000
PROBES_SHORT, PROBES_LONG = 150, 1000
BEAT_S = 10.0
IDLE_S = 10.0
SETTLE_S = 1.0
PATIENCE_S = 120.0
POLL_S = 0.1
"""Each poll reads all metrics, which costs the server about a millisecond."""


@dataclass(frozen=True)
class Pushed:
    """The time until the server had processed events, its CPU seconds, and the bytes that it wrote to disks.

    The CPU seconds of the database server are None for a database that is in a file.
    """

    events: int
    seconds: float
    cpu_s: float
    written_bytes: int
    database_cpu_s: float | None = None

    @property
    def rate_per_s(self) -> float:
        """Events per second."""
        return self.events / self.seconds


def measure(server: Server, long: bool) -> Iterator[Figure]:
    """All figures about agents."""
    for codec in ("json", "protobuf"):
        yield from _throughput(server, codec, EVENTS_LONG if long else EVENTS_SHORT)
    yield from latency(server, PROBES_LONG if long else PROBES_SHORT)
    yield from _idle(server, 1000)
    if long:
        yield from _idle(server, 10_000)
        yield from _with_many_sessions(server, 5000)
        yield from _with_many_stored(server, 100_000)
        yield from _with_many_checks(server, 5000)


def _throughput(server: Server, codec: str, events: int) -> Iterator[Figure]:
    with player() as agents:
        agents.ask("connect", url=server.agents_url, codec=codec, first=0, count=PUSHING_AGENTS, keepalives=False)
        push(server, agents, codec, PUSHING_AGENTS * CHECKS)
        done = push(server, agents, codec, events)
    yield from _as_pushed(done, codec)


def _with_many_sessions(server: Server, count: int) -> Iterator[Figure]:
    """The same rate from many agents."""
    with player() as agents:
        agents.ask("connect", url=server.agents_url, codec="json", first=0, count=count, keepalives=False)
        push(server, agents, "json", count)
        yield from _as_pushed(push(server, agents, "json", EVENTS_LONG, checks=1), f"json, {count:,} agents")


def _with_many_stored(server: Server, count: int) -> Iterator[Figure]:
    """The same rate with many events stored, first of a few of them and then of all in turn."""
    with player() as agents:
        agents.ask("connect", url=server.agents_url, codec="json", first=0, count=PUSHING_AGENTS, keepalives=False)
        push(server, agents, "json", count, checks=count // PUSHING_AGENTS)
        few = push(server, agents, "json", EVENTS_LONG)
        yield from _as_pushed(few, f"json, {count:,} events stored")
        of_all = push(server, agents, "json", EVENTS_LONG, checks=count // PUSHING_AGENTS)
        yield from _as_pushed(of_all, f"json, {count:,} events stored, all in turn")


def _with_many_checks(server: Server, count: int) -> Iterator[Figure]:
    """The same rate with many published checks, and the cost of these checks alone."""
    with player() as agents:
        with clients() as senders:
            to = Target(server.api_url, Api(server.api_url).token)
            senders.send(to, "PUT published check", connections=16, pool=count, requests=count)
        time.sleep(SETTLE_S)
        cpu_at = server.cpu_s()
        time.sleep(IDLE_S)
        idle = (server.cpu_s() - cpu_at) / IDLE_S * 100
        yield Figure(f"CPU to schedule {count:,} checks once a minute", "% of a core", idle)
        agents.ask("connect", url=server.agents_url, codec="json", first=0, count=PUSHING_AGENTS, keepalives=False)
        yield from _as_pushed(push(server, agents, "json", EVENTS_LONG), f"json, {count:,} checks published")


def _as_pushed(done: Pushed, how: str) -> Iterator[Figure]:
    yield Figure(f"durable events from agents, {how}", "events/s", done.rate_per_s, MORE)
    yield Figure(f"CPU for 1,000 events, {how}", "CPU ms", done.cpu_s / done.events * 1e6)
    if done.database_cpu_s is None:
        yield Figure(f"written for an event, {how}", "bytes", done.written_bytes / done.events)
    else:
        took_ms = done.database_cpu_s / done.events * 1e6
        yield Figure(f"CPU of the database server for 1,000 events, {how}", "CPU ms", took_ms)


def push(server: Server, agents: Player, codec: str, events: int, checks: int = CHECKS) -> Pushed:
    """Send events from connected agents as fast as the server accepts them, until all are processed."""
    before, cpu_before, written_before = events_processed(server.api_url), server.cpu_s(), server.written_bytes()
    database_before = server.database.cpu_s() if server.database else 0.0
    started = time.perf_counter()
    agents.begin("push", codec=codec, checks=checks, events=events)
    while events_processed(server.api_url) < before + events:
        if time.perf_counter() - started > PATIENCE_S:
            raise RuntimeError(f"{events} events were not processed within {PATIENCE_S:g} s")
        time.sleep(POLL_S)
    seconds, cpu_s = time.perf_counter() - started, server.cpu_s() - cpu_before
    database_cpu_s = server.database.cpu_s() - database_before if server.database else None
    done = Pushed(events, seconds, cpu_s, server.written_bytes() - written_before, database_cpu_s)
    agents.finish()
    return done


def latency(server: Server, probes: int, rate_per_s: int = 1000) -> Iterator[Figure]:
    """The latency from a frame to its readable event, while other agents send events at a fixed rate."""
    with player() as agents:
        agents.ask("connect", url=server.agents_url, codec="json", first=0, count=PUSHING_AGENTS, keepalives=False)
        seconds = probes / 50 + 1
        agents.begin("push", codec="json", checks=CHECKS, events=int(rate_per_s * seconds), rate_per_s=rate_per_s)
        times = [one * 1000 for one in probed_s(server, probes)]
        agents.finish()
    for of_100 in (50, 99):
        name = f"frame to readable at {rate_per_s:,} events/s, p{of_100}"
        yield Figure(name, "ms", quantile(times, of_100))


def probed_s(server: Server, probes: int, pause_s: float = 0.02) -> list[float]:
    """The latencies of several events from the frame to the API."""
    api, agent = Api(server.api_url), connected_agent(server.agents_url, "json", "bench-probe")
    template, path = (
        EventTemplate("json", "bench-probe", "probe"),
        "/api/core/v2/namespaces/default/events/bench-probe/probe",
    )
    first, times = int(time.time()) % 500_000_000, []
    for number in range(probes):
        event_id = str(uuid.uuid4())
        frame = template.frame(int(time.time()), first + number, event_id)
        started = time.perf_counter()
        agent.sendall(frame)
        while not _shows(api, path, event_id, started):
            pass
        times.append(time.perf_counter() - started)
        time.sleep(pause_s)
    agent.close()
    return times[1:]


def _shows(api: Api, path: str, event_id: str, started: float) -> bool:
    if time.perf_counter() - started > PATIENCE_S:
        raise RuntimeError("an event did not become readable")
    try:
        return event_id.encode() in api.get(path)
    except RuntimeError:  # not there yet
        return False


def _idle(server: Server, count: int) -> Iterator[Figure]:
    """The cost of connecting agents, and of idle ones."""
    at, cpu_at = server.memory_mib(), server.cpu_s()
    with player() as agents:
        spent_s = agents.ask(
            "connect", url=server.agents_url, codec="json", first=20_000, count=count, keepalives=True
        )["seconds"]
        time.sleep(SETTLE_S)
        cpu_s, memory = server.cpu_s() - cpu_at, server.memory_mib() - at
        yield Figure(f"connect {count:,} agents", "s", spent_s)
        yield Figure(f"CPU to connect and register one of {count:,} agents", "CPU ms", cpu_s / count * 1000)
        yield Figure(f"memory of one of {count:,} idle agents", "KiB", memory / count * 1024)
        yield Figure(f"memory with {count:,} idle agents", "MiB", at + memory)
        beat_s = BEAT_S * max(1, count // 1000) ** 0.5
        agents.ask("beat", codec="json", interval_s=beat_s)
        cpu_at = server.cpu_s()
        time.sleep(IDLE_S)
        keepalives = count * IDLE_S / beat_s
        yield Figure(
            f"CPU for a keepalive of {count:,} agents", "CPU ms", (server.cpu_s() - cpu_at) / keepalives * 1000
        )
    time.sleep(SETTLE_S)
