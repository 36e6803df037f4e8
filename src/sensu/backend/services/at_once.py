"""Limits the number of concurrent requests of a caller."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sensu.backend.auth.identity import Identity


class AtOnce:
    """Counts the concurrent requests of each caller, up to `requests_max`."""

    def __init__(self, requests_max: int) -> None:
        self._max = requests_max
        self._running: Counter[str] = Counter()

    @contextmanager
    def admitted(self, caller: Identity) -> Iterator[bool]:
        """Whether the caller may start another request, which lasts as long as the context."""
        name = caller.username
        if self._running[name] >= self._max:
            yield False
            return
        self._running[name] += 1
        try:
            yield True
        finally:
            self._running[name] -= 1
            if not self._running[name]:
                del self._running[name]
