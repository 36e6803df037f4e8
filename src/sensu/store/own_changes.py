"""The listeners of a store, and the change feed of a process that has its store to itself."""

import logging
from collections.abc import Callable, Sequence

from sensu.store.contract import ChangeListener
from sensu.store.pending import Pending
from sensu.store.values import Change

logger = logging.getLogger(__name__)


class Listeners:
    """The listeners of a store."""

    def __init__(self) -> None:
        self._listeners: list[ChangeListener] = []

    def add(self, listener: ChangeListener) -> Callable[[], None]:
        """Call `listener` with the changes of each commit; returns a function to stop it."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def call(self, changes: Sequence[Change]) -> None:
        """Call all listeners; an error of one is logged."""
        for listener in tuple(self._listeners):
            try:
                listener(changes)
            except Exception:
                logger.exception("a listener to changes failed")


class OwnChanges:
    """The feed of a single process: listeners are called before `commit` returns, and there are no other changes."""

    events_included = False

    def __init__(self, listeners: Listeners) -> None:
        self._listeners = listeners
        self.revision = 0

    def begin(self, reader: object, revision: int) -> None:
        """Start from the state of the database."""
        self.revision = revision

    def committed(self, group: Sequence[Pending]) -> None:
        """Call listeners with the commits."""
        for pending in group:
            if pending.changes:
                self.revision = pending.changes[-1].revision
                self._listeners.call(pending.changes)

    async def caught_up(self) -> None:
        """Return at once."""

    def include_events(self) -> None:
        """Events are always reported."""

    def announce_with(self, announce: Callable[[], None]) -> None:
        """No other process reads."""
