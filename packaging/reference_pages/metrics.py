"""The metrics of the backend and of the agent, from what both of them show at `/metrics`."""

import re
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from reference_pages.markdown import code, prose, table

from sensu.agent.counters import AgentCounters
from sensu.backend.metrics import BackendMetrics

HEAD = """# Metrics

Backend and agent show their metrics in the text format of Prometheus, without credentials. This page is generated from
the code. [Metrics of the backend](../metrics.md#metrics-of-the-backend) says how they are counted, and which families
of Sensu Go have no counterpart.
"""
_BACKEND = """## Backend

`GET /metrics` on port 8080. The families whose names begin with `sensu_go_` have the names and units of Sensu Go. A
summary has the quantiles 0.5, 0.9 and 0.99, and the series `_sum` and `_count`.
"""
_PROCESS = "## Process of the backend\n\nThe usual families of Python programs.\n"
_AGENT = """## Agent

`GET http://127.0.0.1:3031/metrics` on the agent's host.
"""
_FAMILY = re.compile(r"^# HELP (\S+) (.*)\n# TYPE \1 (\S+)$", re.MULTILINE)


def page() -> str:
    """The page in Markdown."""
    registry = CollectorRegistry()
    ours = {family.name: family for family in BackendMetrics(registry).families}
    of_process = ("process_", "python_")
    process = [each for each in _families(generate_latest(registry).decode()) if each[0].startswith(of_process)]
    counters = AgentCounters("")
    backend = [
        (code(name), family.kind, ", ".join(map(code, family.labels)), prose(f"{family.about}."))
        for name, family in sorted(ours.items())
    ]
    head = ("metric", "type", "meaning")
    return "\n".join(
        [
            HEAD,
            _BACKEND,
            table(("metric", "type", "labels", "meaning"), backend),
            _PROCESS,
            table(head, [(code(name), kind, prose(about)) for name, about, kind in process]),
            _AGENT,
            table(head, [(code(name), kind, prose(about)) for name, about, kind in _families(counters.exposition())]),
        ]
    )


def _families(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, help and type of each family in a text."""
    for name, about, kind in _FAMILY.findall(text):
        yield name, about.rstrip(".") + ".", kind
