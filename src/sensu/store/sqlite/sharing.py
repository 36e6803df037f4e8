"""Coordinates processes that share a database: a lock for writing, and counters in shared memory.

The memory is mapped before the processes are forked and lost with the last of them; nothing in it survives a restart.
Allocated numbers (revisions, row ids) are set before the commit that uses them, so that a process that dies in between
leaves a gap and never a duplicate. The last id of the change log is set after the commit: a process that reads a
greater one than it knows has changes to read. Only the holder of the lock writes, except for each process's own part.
"""

import contextlib
import mmap
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from sensu.errors import StoreError
from sensu.rules.share import SLOTS, Share, slot_of
from sensu.store.pending import Pending
from sensu.store.sqlite.connection import Durability, open_writer, plain_errors
from sensu.store.sqlite.folder_lock import FolderLock
from sensu.store.sqlite.history import Ends
from sensu.store.sqlite.presence import FileIdentity, identity_of, moved
from sensu.store.sqlite.schema import migrate, migrations
from sensu.store.sqlite.statements import Row, log_row, trim_log_row
from sensu.store.values import DeleteEvent, DeliveriesSize, Key, MarkSilenced, NoteHandling, PutEvent

try:
    import fcntl
except ImportError:  # pragma: no cover - backends run on Unix; elsewhere a backend is one process
    fcntl = None  # type: ignore[assignment]

TURNS = "sensu.turns"
"""The lock file for writing; the lock is released when the process dies."""

CHANGE_LOG_MAX = 100_000
"""The number of changes that are kept for processes that have not read them yet."""
CHANGE_LOG_SLACK = 1_000

_REVISION, _EVENT_ID, _RESULT, _CHANGE, _LOG_GIVEN, _LOG_STORED, _FIRST_REVISION, _EVENTS_SHARED, _OWED = range(9)
_BYTES = 8 * (_OWED + 2 * SLOTS)


class SharedCounters:
    """Counters in shared memory."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _BYTES)
        self._words = memoryview(self._memory).cast("q")

    def begin(self, revision: int, event_id: int, ends: Ends) -> None:
        """Initialise the counters from the database."""
        words = self._words
        words[_REVISION] = words[_FIRST_REVISION] = revision
        words[_EVENT_ID] = event_id
        words[_RESULT], words[_CHANGE] = ends.positions

    @property
    def revision(self) -> int:
        """The greatest allocated revision."""
        return self._words[_REVISION]

    @property
    def event_id(self) -> int:
        """The greatest allocated row id of an event."""
        return self._words[_EVENT_ID]

    @property
    def ends(self) -> tuple[int, int]:
        """The newest allocated positions of both history logs."""
        return self._words[_RESULT], self._words[_CHANGE]

    @property
    def log_given(self) -> int:
        """The greatest allocated id of the change log."""
        return self._words[_LOG_GIVEN]

    @property
    def log_stored(self) -> int:
        """The greatest committed id of the change log."""
        return self._words[_LOG_STORED]

    @property
    def first_revision(self) -> int:
        """The revision before the first entry of the change log."""
        return self._words[_FIRST_REVISION]

    @property
    def events_shared(self) -> bool:
        """Whether the change log includes events."""
        return self._words[_EVENTS_SHARED] == 1

    def share_events(self) -> None:
        """Include events in the change log from the next write on."""
        self._words[_EVENTS_SHARED] = 1

    def give_out(self, revision: int, event_id: int, ends: tuple[int, int], log: int) -> None:
        """Allocate numbers; called before the commit that uses them."""
        words = self._words
        words[_REVISION], words[_EVENT_ID] = revision, event_id
        words[_RESULT], words[_CHANGE] = ends
        words[_LOG_GIVEN] = log

    def stored(self, log: int) -> None:
        """Set the committed end of the change log."""
        self._words[_LOG_STORED] = log

    def catch_up(self) -> None:
        """Make the others read the log, in case a process died before it could report its commit."""
        self._words[_LOG_STORED] = self._words[_LOG_GIVEN]

    def owe(self, member: int, size: DeliveriesSize) -> None:
        """Set the size of a member's pending deliveries."""
        self._words[_OWED + 2 * member] = size.count
        self._words[_OWED + 2 * member + 1] = size.bytes

    def owed(self, members: int) -> DeliveriesSize:
        """The size of the pending deliveries of all members."""
        numbers = self._words[_OWED : _OWED + 2 * members].tolist()
        return DeliveriesSize(sum(numbers[0::2]), sum(numbers[1::2]))


class Numbers:
    """The writer's counters: the newest revision, the row id of the newest event, the ends of the histories."""

    ends: Ends

    def __init__(self) -> None:
        self.revision = self.event_id = 0


class Sole:
    """The use of a database by a single process: the counters stay in the writer, and no changes are logged."""

    share = Share()

    def __init__(self, folder: Path) -> None:
        self._lock = FolderLock(folder)

    def open(self) -> None:
        """Lock the folder; raises StoreError."""
        self._lock.take()

    def close(self) -> None:
        """Release the folder."""
        self._lock.release()

    def require_database(self, path: Path) -> None:
        """Accept any database."""

    def wait(self) -> None:
        """No other process writes."""

    def turn(self) -> contextlib.AbstractContextManager[None]:
        """No lock is needed."""
        return contextlib.nullcontext()

    def catch_up(self) -> None:
        """No other process reads."""

    def take_over(self, numbers: Numbers, commits: Sequence[Pending]) -> range:
        """No other process changes the counters."""
        return range(0)

    def log_rows(self, commits: Sequence[Pending], revision: int, numbers: Numbers) -> Sequence[Row]:
        """No other process reads a log."""
        return ()

    def stored(self) -> None:
        """No other process reads."""

    def total_owed(self, own: DeliveriesSize) -> DeliveriesSize:
        """The pending deliveries of this process are all."""
        return own

    def report_owed(self, own: DeliveriesSize) -> None:
        """No other process needs it."""


class Sharing:
    """The use of a database by one of several processes; each needs its own descriptor of the lock file."""

    def __init__(self, folder: Path, counters: SharedCounters, share: Share, database: FileIdentity) -> None:
        self.counters, self.share = counters, share
        self._database = database
        self._path = folder / TURNS
        self._descriptor = -1
        self._log_known = self._log_trimmed = 0

    def open(self) -> None:
        """Open the lock file; the folder was locked before this process started. Raises StoreError."""
        with plain_errors(self._path):
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def require_database(self, path: Path) -> None:
        """Return if the database is still the one that all members were started with; raises DatabaseMoved."""
        try:
            same = identity_of(path) == self._database
        except OSError:
            same = False
        if not same:
            raise moved(path)

    def close(self) -> None:
        """Close the lock file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def wait(self) -> None:
        """Take the lock for the next `turn`, which releases it and reports errors."""
        with contextlib.suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the lock for writing; waits for the others."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def catch_up(self) -> None:
        """Make the others read the log, in case a process died before it could report its commit."""
        self.counters.catch_up()

    def take_over(self, numbers: Numbers, commits: Sequence[Pending]) -> range:
        """Continue from the counters of the last writer; returns the numbers that others have used in the log since.

        Raises ValueError for an event of an entity that another process owns.
        """
        counters = self.counters
        numbers.revision, numbers.event_id, numbers.ends.positions = counters.revision, counters.event_id, counters.ends
        for pending in commits:
            for write in pending.writes:
                if isinstance(write, PutEvent | MarkSilenced | NoteHandling | DeleteEvent) and not self.share.owns(
                    slot_of(write.key.namespace, write.key.entity)
                ):
                    raise ValueError(f"the event {write.key} is written by another process")
        written = range(self._log_known + 1, counters.log_given + 1)
        self._log_known = counters.log_given
        return written

    def log_rows(self, commits: Sequence[Pending], revision: int, numbers: Numbers) -> Sequence[Row]:
        """The rows for changes that other processes must read; allocates all numbers that the group uses."""
        log, rows = self._log_known, list[Row]()
        events_too = self.counters.events_shared
        for pending in commits:
            first = log + 1
            for change in pending.changes:
                if events_too or isinstance(change.key, Key):
                    log += 1
                    rows.append(log_row(log, change))
            pending.logged = range(first, log + 1)
        if log - self._log_trimmed >= CHANGE_LOG_MAX + CHANGE_LOG_SLACK:
            self._log_trimmed = log - CHANGE_LOG_MAX
            rows.append(trim_log_row(self._log_trimmed))
        self.counters.give_out(revision, numbers.event_id, numbers.ends.positions, log)
        self._log_known = log
        return rows

    def stored(self) -> None:
        """Called when the rows of `log_rows` are committed."""
        self.counters.stored(self._log_known)

    def total_owed(self, own: DeliveriesSize) -> DeliveriesSize:
        """The size of the pending deliveries of all processes."""
        return self.counters.owed(self.share.members)

    def report_owed(self, own: DeliveriesSize) -> None:
        """Report the size of this process's pending deliveries to the others."""
        self.counters.owe(self.share.member, own)


Use = Sole | Sharing


class SharedDatabase:
    """A database for several processes: its folder is locked, its schema is up to date, and its counters are set.

    Processes that are forked afterwards inherit it.
    """

    def __init__(self, folder: Path, durability: Durability, wal_bytes_max: int) -> None:
        self._folder, self._durability, self._wal_bytes_max = folder, durability, wal_bytes_max
        self._lock = FolderLock(folder)
        self._counters = SharedCounters()
        self._database: FileIdentity = (0, 0)

    def open(self, path: Path) -> None:
        """Lock the folder until the last process that inherits this ends; raises StoreError."""
        if fcntl is None:
            raise StoreError("several workers require a system with file locks")
        self._lock.take()
        try:
            with plain_errors(path):
                connection = open_writer(path, self._durability, self._wal_bytes_max)
                try:
                    migrate(connection, path, migrations())
                    self._begin(connection)
                    self._database = identity_of(path)
                finally:
                    connection.close()
        except BaseException:
            self._lock.release()
            raise

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Clear the change log: processes that start now read the tables."""
        connection.execute("DELETE FROM change_log")
        found = connection.execute("SELECT value FROM ceilings WHERE name = 'revision'").fetchone()
        event_id = connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
        self._counters.begin(0 if found is None else found[0], event_id, Ends(connection))

    def close(self) -> None:
        """Release the folder."""
        self._lock.release()

    def sharing(self, share: Share) -> Sharing:
        """A member's use of the database."""
        return Sharing(self._folder, self._counters, share, self._database)
