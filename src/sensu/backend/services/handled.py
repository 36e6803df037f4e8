"""What handling an event came to."""

from sensu.backend.ports import RecordedTraces
from sensu.rules.event_row import ListedBody, handled_of
from sensu.store.values import EventKey


class Handled:
    """Says in a word what became of the workflows of an event; the one place that does."""

    def __init__(self, traces: RecordedTraces) -> None:
        self._traces = traces

    def of(self, key: EventKey, body: ListedBody) -> str:
        """One of the words of `rules/event_row.py`."""
        return handled_of(body, self._traces.of(key))
