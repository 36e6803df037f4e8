"""The project's performance targets on a machine with two cores."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.figures import MORE, Figure, written

JSON_RATE, JSON_CPU = "durable events from agents, json", "CPU for 1,000 events, json"


@dataclass(frozen=True)
class Target:
    """A limit for the figure of that name, absolute or relative to another figure."""

    name: str
    bound: float
    of: str = ""


TARGETS = (
    Target(JSON_RATE, 20_000),
    Target(JSON_CPU, 45),
    Target("durable events from agents, protobuf", 16_000),
    Target("CPU for 1,000 events, protobuf", 45),
    *(
        target
        for how in ("100,000 events stored", "5,000 agents", "5,000 checks published")
        for target in (Target(f"{JSON_RATE}, {how}", 0.8, JSON_RATE), Target(f"{JSON_CPU}, {how}", 1.2, JSON_CPU))
    ),
    Target("frame to readable at 1,000 events/s, p50", 1.5),
    Target("frame to readable at 1,000 events/s, p99", 5),
    Target("connect 1,000 agents", 1.2),
    Target("CPU to connect and register one of 1,000 agents", 1.5),
    Target("CPU for a keepalive of 1,000 agents", 0.2),
    Target("memory of one of 1,000 idle agents", 40),
    Target("memory with 10,000 idle agents", 600),
    Target("events through a filter to a tcp handler", 5000),
    Target("events through a filter to a udp handler", 6000),
    Target("events through a filter to a pipe handler", 700),
    Target("PUT event, 16 connections", 5000),
    Target("PUT event, 64 connections", 8000),
    Target("GET event, 16 connections", 20_000),
    Target("list 1,000 events", 6),
    Target("list 10,000 events", 60),
    Target("start to /health 200", 1),
    Target("idle memory", 90),
    Target("idle CPU", 0.3),
    Target("memory after 10,000 events and lists", 200),
    Target("agent: own CPU for a check", 2),
    Target("agent: burst of 300 checks", 500),
    Target("agent: idle memory", 45),
    Target("sensuctl check list", 120),
    *(
        Target(f"100 rows of 100,000 events by {order}, {place}: CPU", 5)
        for order in ("severity", "changed", "name")
        for place in ("first", "in the middle", "last")
    ),
    Target("a word in the names of 100,000 events: CPU", 60),
    Target("overview of 100,000 events, 99 % of the answers within", 10),
    Target("20 service components, 10,000 events that change each 10 s: CPU", 2),
    Target("500 results/s, 100 of them state changes: CPU for 200 browsers that follow", 5),
)


def judged(ours: Sequence[Figure], theirs: Mapping[str, Figure]) -> str:
    """The targets with figures, as Markdown."""
    lines = ["| work | target | figure | unit | reached |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*lines, *_rows({figure.name: figure for figure in ours})])


def _rows(figures: Mapping[str, Figure]) -> Iterator[str]:
    for target in TARGETS:
        figure, other = figures.get(target.name), figures.get(target.of)
        if figure is None or (target.of and other is None):
            continue
        bound = target.bound if other is None else target.bound * other.value
        more = figure.best == MORE
        reached = figure.value >= bound if more else figure.value <= bound
        sign, word = "≥" if more else "≤", "yes" if reached else "**no**"
        yield f"| {figure.name} | {sign} {written(bound)} | {written(figure.value)} | {figure.unit} | {word} |"
