"""The metrics of the agent, as `/metrics` shows them.

Source: docs, "Agent metrics"; recorded scenario agent-local/api, case metrics.
"""

import time
from collections import Counter
from collections.abc import Callable

CHECKS_NAMED_MAX = 20
_HELP = {
    "sensu_go_agent_messages_received": "The total number of messages received by type",
    "sensu_go_agent_messages_sent": "The total number of messages sent by type",
    "sensu_go_agent_messages_dropped": "The total number of messages dropped by type",
    "sensu_go_agent_new_connections": "The total number of new connections",
    "sensu_go_agent_websocket_errors": "The total number of errors on connections to backends",
    "sensu_go_agent_check_requests_dropped": "The total number of check requests that were not run, by reason",
    "sensu_agent_metric_lines_refused": "The total number of lines of check output that broke their metric format",
    "sensu_agent_privileges_refused": "The total number of check results that report refused privileges, by check",
    "sensu_agent_events_lost": "The total number of events that were given up before they were sent, by reason",
}


class AgentCounters:
    """All counters of one agent process."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._values: Counter[tuple[str, str, str]] = Counter()
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {}

    def received(self, message_type: str) -> None:
        """Count a message from the backend."""
        self._values["sensu_go_agent_messages_received", "type", _known(message_type)] += 1

    def sent(self, message_type: str) -> None:
        """Count a message to the backend."""
        self._values["sensu_go_agent_messages_sent", "type", message_type] += 1

    def dropped(self, message_type: str) -> None:
        """Count a message that was dropped."""
        self._values["sensu_go_agent_messages_dropped", "type", message_type] += 1

    def lost(self, reason: str, events: int) -> None:
        """Count accepted events that were dropped because of `size`, `age`, `memory` or `damage`."""
        self._values["sensu_agent_events_lost", "reason", reason] += events
        self._values["sensu_go_agent_messages_dropped", "type", "event"] += events

    def metric_lines_refused(self, metric_format: str, lines: int) -> None:
        """Count lines of check output without metric points because they do not match the format."""
        self._values["sensu_agent_metric_lines_refused", "format", metric_format] += lines

    def privileges_refused(self, check: str) -> None:
        """Count a result that says "no new privileges"; checks beyond a number share one value."""
        name = "sensu_agent_privileges_refused"
        known = {value for (counter, _, value) in self._values if counter == name}
        self._values[name, "check", check if check in known or len(known) < CHECKS_NAMED_MAX else "others"] += 1

    def observe(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Add a gauge; `value` is called for each scrape."""
        self._gauges[name] = (text, value)

    def connected(self) -> None:
        """Count a new session."""
        self._values["sensu_go_agent_new_connections", "", ""] += 1

    def connection_failed(self) -> None:
        """Count a failed attempt to connect."""
        self._values["sensu_go_agent_websocket_errors", "", ""] += 1

    def request_dropped(self, reason: str) -> None:
        """Count a check request that was not run."""
        self._values["sensu_go_agent_check_requests_dropped", "reason", reason] += 1

    def value(self, name: str, label: str = "") -> int:
        """The value of a counter for one label value."""
        return sum(count for (known, _, value), count in self._values.items() if (known, value) == (name, label))

    def exposition(self) -> str:
        """All metrics in the Prometheus text format."""
        lines = []
        for name, text in _HELP.items():
            lines += [f"# HELP {name} {text}", f"# TYPE {name} counter"]
            for (known, label, value), count in sorted(self._values.items()):
                if known == name:
                    labels = f'{{{label}="{value}"}}' if label else ""
                    lines.append(f"{name}{labels} {count}")
            if name in ("sensu_go_agent_new_connections", "sensu_go_agent_websocket_errors"):
                lines += [] if self.value(name) else [f"{name} 0"]
        for name, (help_text, current) in self._gauges.items():
            lines += [f"# HELP {name} {help_text}", f"# TYPE {name} gauge", f"{name} {current()}"]
        lines += ["# HELP sensu_go_build_info Build info", "# TYPE sensu_go_build_info gauge"]
        lines.append(f'sensu_go_build_info{{edition="community",version="{self._version}"}} 1')
        lines += ["# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds."]
        lines += ["# TYPE process_cpu_seconds_total counter", f"process_cpu_seconds_total {time.process_time():.2f}"]
        return "\n".join(lines) + "\n"


def _known(message_type: str) -> str:
    """The label value of a message type; unknown types share one value, so the number of values is bounded."""
    return message_type if message_type in ("entity_config", "check_request", "ack") else "unknown"
