"""The change feeds of a store in SQLite (`contract.ChangeFeed`)."""

import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from sensu.errors import StoreError
from sensu.log import fields
from sensu.store.own_changes import Listeners, OwnChanges
from sensu.store.pending import Pending
from sensu.store.sqlite.reader import Reader
from sensu.store.sqlite.sharing import CHANGE_LOG_MAX, Sharing, Use
from sensu.store.values import EventKey

logger = logging.getLogger(__name__)

UNREAD_MAX = CHANGE_LOG_MAX // 2
"""With more unread changes, some could be dropped from the log before they are read."""


class Feed(Protocol):
    """A feed as its store uses it, which is also a `contract.ChangeFeed`."""

    def begin(self, reader: Reader, revision: int) -> None:
        """Start from the state of the database, whose last writer allocated `revision`."""
        ...

    def committed(self, group: Sequence[Pending]) -> None:
        """Call listeners with the commits of this process."""
        ...

    async def caught_up(self) -> None: ...  # noqa: D102
    def include_events(self) -> None: ...  # noqa: D102
    @property
    def events_included(self) -> bool: ...  # noqa: D102
    @property
    def revision(self) -> int: ...  # noqa: D102
    def announce_with(self, announce: Callable[[], None]) -> None: ...  # noqa: D102


class LoggedChanges:
    """The feed of one of several processes: changes to resources have the order of the change log.

    Those of other processes are read from the log. A commit of this process is read from there only if others have
    written before it and that was not read yet.
    """

    def __init__(self, listeners: Listeners, sharing: Sharing) -> None:
        self._listeners, self._sharing = listeners, sharing
        self._counters = sharing.counters
        self._read_to = 0
        self._revision = 0
        self._announce: Callable[[], None] = lambda: None
        self._reader: Reader | None = None

    def begin(self, reader: Reader, revision: int) -> None:
        """Start here: reads of the database from now on include the change log up to this point."""
        self._reader, self._read_to = reader, self._counters.log_stored
        self._revision = reader.revision_logged(self._read_to) or self._counters.first_revision

    def committed(self, group: Sequence[Pending]) -> None:
        """Call listeners with own commits, then with what others have written, and announce the log to others."""
        unread = self._counters.log_stored != self._read_to
        for pending in group:
            self._pass_on(pending)
        try:
            self._read()
        except StoreError as err:
            logger.error("could not read the change log", extra=fields(error=str(err)))
        if unread or any(pending.logged for pending in group):
            self._announce()

    def _pass_on(self, pending: Pending) -> None:
        """Call listeners with a commit whose turn it is, otherwise only with its changes that are not in the log."""
        changes = pending.changes
        if pending.logged and pending.logged.start == self._read_to + 1:
            self._read_to, self._revision = pending.logged[-1], changes[-1].revision
        elif len(pending.logged) == len(changes):
            return
        else:
            changes = [change for change in changes if isinstance(change.key, EventKey)]
        self._listeners.call(changes)

    async def caught_up(self) -> None:
        """Return when listeners have been called with all commits; raises StoreError if there are too many."""
        self._read()

    def _read(self) -> None:
        stored = self._counters.log_stored
        if stored == self._read_to or self._reader is None:
            return
        if stored - self._read_to > UNREAD_MAX:
            raise StoreError(f"{stored - self._read_to} changes of other workers were not read in time")
        while self._read_to < stored:
            changes, covered = self._reader.changes_logged(self._read_to)
            self._read_to = max(covered, stored if not changes else 0)
            for revision, commit in groupby(changes, attrgetter("revision")):
                self._revision = revision
                self._listeners.call(list(commit))

    def include_events(self) -> None:
        """Include events in the log."""
        self._counters.share_events()

    @property
    def events_included(self) -> bool:
        """Whether events are in the log."""
        return self._counters.events_shared

    @property
    def revision(self) -> int:
        """The revision up to which listeners have received every change."""
        return self._revision

    def announce_with(self, announce: Callable[[], None]) -> None:
        """Call `announce` after a commit that others should read."""
        self._announce = announce


def feed_of(use: Use, listeners: Listeners) -> Feed:
    """The feed for a use of a database."""
    return LoggedChanges(listeners, use) if isinstance(use, Sharing) else OwnChanges(listeners)
