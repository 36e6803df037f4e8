"""The counters of agentd.

Source: docs, "Metrics API"; the names are those that users scrape already.
"""

from collections.abc import Callable, Mapping

from sensu.backend.metrics import BackendMetrics
from sensu.resources.event import Event

ERRORS_MAX = 64
"""Maximum different errors that are counted separately; further ones are counted as `other`."""
_MS = 1_000.0


class Counts:
    """Counts sessions, messages and handshakes of agents."""

    def __init__(self, metrics: BackendMetrics, sessions_by_namespace: Callable[[], Mapping[str, int]]) -> None:
        """`sessions_by_namespace` is called each time the metrics are collected."""
        self._sizes, self._upgrade = metrics.agent_event_bytes, metrics.websocket_upgrade
        self._session_errors, self._websocket_errors = metrics.session_errors, metrics.websocket_errors
        self._errors: set[str] = set()
        metrics.agent_sessions.follow(
            lambda: {(namespace,): float(count) for namespace, count in sessions_by_namespace().items()}
        )

    def event_bytes(self, event: Event, size: int) -> None:
        """Count an accepted event and its size."""
        kind = "check" if event.metrics is None else "metrics" if event.check is None else "check+metrics"
        self._sizes.observe(size, (kind,))

    def session_error(self, error: str) -> None:
        """Count a refused message, or a session that was ended because of an error."""
        if error in self._errors or len(self._errors) < ERRORS_MAX:
            self._errors.add(error)
        else:
            error = "other"
        self._session_errors.add(1, (error,))

    def handshake_refused(self, status: int) -> None:
        """Count a refused handshake by status."""
        self._websocket_errors.add(1, ("upgrade", str(status)))

    def upgraded(self, seconds: float) -> None:
        """Count an accepted handshake and its duration."""
        self._upgrade.observe(seconds * _MS)
