"""The writer thread: it takes all waiting commits, checks them and writes them in one transaction.

It uses as few statements and system calls per group as possible: after each, this thread must acquire Python's
interpreter lock again while the event loop is busy.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sensu.errors import StoreError
from sensu.log import fields
from sensu.rules.share import SLOTS
from sensu.store.compression import KINDS, Compression
from sensu.store.group import CommitGroup, asked
from sensu.store.pending import GROUP_WRITES_MAX, Pending, groups_of, halve
from sensu.store.sqlite import statements
from sensu.store.sqlite.checkpoints import Checkpoints
from sensu.store.sqlite.compaction import Compaction
from sensu.store.sqlite.connection import Durability, explain, open_writer
from sensu.store.sqlite.damage import Damage
from sensu.store.sqlite.history import Ends
from sensu.store.sqlite.presence import DatabaseMoved, Presence
from sensu.store.sqlite.schema import migrate, migrations
from sensu.store.sqlite.sharing import Numbers, Use
from sensu.store.values import EventKey, Key, PutEvent

logger = logging.getLogger(__name__)

WAL_BYTES_MAX = 64 * 1024 * 1024
EVENTS_KNOWN_MAX = 200_000
ETAGS_KNOWN_MAX = 20_000
OTHERS_CHANGES_MAX = 1000
"""After more changes by other processes, all etags are forgotten."""
DEAD_LETTERS_MAX = 10_000
DEAD_LETTERS_SLACK = 64
REVISION, DELIVERY = "revision", "delivery"
CEILING_STEPS = {REVISION: 10_000, DELIVERY: 10_000 * SLOTS}
"""Numbers are allocated up to this far beyond the stored ceiling, so that most commits need not write it."""


class Writer:
    """Writes submitted commits; `tell` is called on the loop with each finished group, in order."""

    def __init__(
        self,
        path: Path,
        durability: Durability,
        loop: asyncio.AbstractEventLoop,
        tell: Callable[[Sequence[Pending]], None],
        damage: Damage,
        wal_bytes_max: int,
        use: Use,
    ) -> None:
        """`damage` records errors of the driver; `use` determines whether other processes write too."""
        self.delivery_id_first, self.revision_first = 1, 0
        self._use = use
        self._numbers = Numbers()
        self._path, self._durability, self._wal_bytes_max = path, durability, wal_bytes_max
        self._loop, self._tell = loop, tell
        self._damage, self._presence = damage, Presence(path)
        self._queue: queue.SimpleQueue[Sequence[Pending] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._opened: asyncio.Future[None] = loop.create_future()
        self._closed: asyncio.Future[None] = loop.create_future()
        self._event_ids: dict[EventKey, int] = {}
        self._etags: dict[Key, str | None] = {}
        self._ceilings: dict[str, int] = {}
        self._compression = Compression()
        self._dead_since_trim = 0
        self._failing = self._stopping = False

    async def start(self) -> None:
        """Open the database; raises StoreError."""
        self._thread.start()
        await asyncio.shield(self._opened)

    def submit(self, commits: Sequence[Pending]) -> None:
        """Queue commits to be written in order; never waits."""
        self._queue.put(commits)

    async def stop(self) -> None:
        """Write all submitted commits, then stop."""
        self._queue.put(None)
        await asyncio.shield(self._closed)
        self._thread.join()

    def _on_loop(self, function: Callable[..., Any], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            logger.debug("the event loop ended before the store was closed")

    def _run(self) -> None:
        try:
            self._open()
        except Exception as err:
            self._on_loop(_fail, self._opened, _wrap(self._path, err))
            return
        self._on_loop(_finish, self._opened)
        while not self._stopping:
            for group in groups_of(self._take()):
                self._write_group(group)
                self._on_loop(self._tell, group)
        self._close()
        self._on_loop(_finish, self._closed)

    def _open(self) -> None:
        self._use.require_database(self._path)
        self._connection = open_writer(self._path, self._durability, self._wal_bytes_max)
        self._compaction = Compaction(self._connection)
        try:
            with self._use.turn():
                migrate(self._connection, self._path, migrations())
                self._read_numbers()
                self._look_for_dictionaries(KINDS)
                self._trim_dead_letters()
                self._use.catch_up()
            self._presence.note()
            members = self._use.share.members
            self._checkpoints = Checkpoints(self._path, self._durability, self._wal_bytes_max, self._damage, members)
        except BaseException:
            self._connection.close()
            raise

    def _close(self) -> None:
        self._checkpoints.close()
        try:
            with self._use.turn():
                self._presence.require()
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as err:
            logger.warning("the last checkpoint failed", extra=fields(reason=explain(self._path, err)))
        except DatabaseMoved:
            _leave_open(self._connection)
            return
        self._connection.close()

    def _read_numbers(self) -> None:
        self._ceilings = dict(self._connection.execute("SELECT name, value FROM ceilings").fetchall())
        self._numbers.revision = self.revision_first = self._ceilings.setdefault(REVISION, 0)
        self.delivery_id_first = self._ceilings.setdefault(DELIVERY, 0) + 1
        self._numbers.event_id = self._connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
        self._numbers.ends = Ends(self._connection)

    def _take(self) -> Sequence[Pending]:
        """All waiting commits, at least one, or those submitted before the request to stop.

        What is submitted while other processes write is among them.
        """
        taken: list[Pending] = []
        writes = 0
        batch = self._queue.get()
        if batch:
            self._use.wait()
        try:
            while batch is not None:
                taken.extend(batch)
                writes += sum(len(pending.writes) for pending in batch)
                if writes >= GROUP_WRITES_MAX:
                    return taken
                batch = self._queue.get_nowait()
        except queue.Empty:
            return taken
        self._stopping = True
        return taken

    def _write_group(self, commits: Sequence[Pending]) -> None:
        """Write a group and set the result of every commit; if the statement fails, each commit is tried alone."""
        try:
            with self._use.turn():
                if self._presence.gone:
                    self._presence.require()
                self._write_together(commits)
                self._presence.require()
        except Exception as err:
            self._damage.note(err)
            self._forget()
            if len(commits) == 1 or _medium_failed(err):
                self._fail_all(commits, err)
                return
            for pending in commits:
                self._write_group([pending])

    def _write_together(self, commits: Sequence[Pending]) -> None:
        self._forget_changed(self._use.take_over(self._numbers, commits))
        group = self._judge(commits)
        rows = self._rows(group)
        rows.extend(self._use.log_rows(commits, group.revision, self._numbers))
        if rows:
            statements.write(self._connection, rows)
            self._note_recovery()
            self._keep_bounds(rows, group)
        self._numbers.revision = group.revision
        self._use.stored()

    def _note_recovery(self) -> None:
        if self._failing:
            self._failing = False
            logger.info("commits succeed again")

    def _judge(self, commits: Sequence[Pending]) -> CommitGroup:
        keys, events = asked(pending.writes for pending in commits)
        self._learn_etags(keys)
        events_written = {write.key for p in commits for write in p.writes if type(write) is PutEvent}
        self._learn_events(events | events_written)
        present = {key: key in self._event_ids for key in events}
        group = CommitGroup(self._etags, present, self._in_use, self._numbers.revision)
        for pending in commits:
            pending.result, pending.changes = group.add(pending.writes)
        for name, value in group.states_once.items():
            if not statements.has_state(self._connection, name):
                group.states[name] = value
        return group

    def _forget_changed(self, logged: range) -> None:
        """Forget the etags of resources that other processes have changed, by the numbers of these changes."""
        if len(logged) > OTHERS_CHANGES_MAX:
            self._etags.clear()
        elif logged:
            for key in statements.keys_logged(self._connection, logged.start):
                self._etags.pop(key, None)

    def _learn_etags(self, keys: set[Key]) -> None:
        unknown = [key for key in keys if key not in self._etags]
        if unknown:
            found = statements.find_etags(self._connection, unknown)
            self._etags.update((key, found.get(key)) for key in unknown)

    def _learn_events(self, keys: set[EventKey]) -> None:
        unknown = [key for key in keys if key not in self._event_ids]
        if unknown:
            self._event_ids.update(statements.find_event_ids(self._connection, unknown))

    def _in_use(self, namespace: str, kinds: Sequence[str]) -> bool:
        return statements.namespace_in_use(self._connection, namespace, kinds)

    def _take_event_id(self) -> int:
        self._numbers.event_id += 1
        return self._numbers.event_id

    def _rows(self, group: CommitGroup) -> list[statements.Row]:
        bodies = self._compression.of(group)
        rows = statements.event_rows(group, bodies, self._event_ids, self._take_event_id, self._numbers.ends)
        rows.extend(statements.other_rows(group, bodies))
        rows.extend(statements.dictionary_row(kind, one) for kind, one in self._compression.trained())
        rows.extend(self._ceiling_rows(group))
        if self._failing:
            rows.append(statements.probe_row(group.revision))
        return rows

    def _ceiling_rows(self, group: CommitGroup) -> Iterator[statements.Row]:
        for name, value in ((REVISION, group.revision), (DELIVERY, group.delivery_id_max)):
            if value > self._ceilings[name]:
                self._ceilings[name] = value + CEILING_STEPS[name]
                yield statements.ceiling_row(name, self._ceilings[name])

    def _forget(self) -> None:
        """Undo an unfinished group, in the database and in memory."""
        self._event_ids.clear()
        self._etags.clear()
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._ceilings = {REVISION: 0, DELIVERY: 0} | dict(
                self._connection.execute("SELECT name, value FROM ceilings").fetchall()
            )
        except sqlite3.Error as err:
            logger.warning("rolling back failed", extra=fields(reason=explain(self._path, err)))

    def _fail_all(self, commits: Sequence[Pending], err: Exception) -> None:
        level = logging.DEBUG if self._failing else logging.ERROR
        logger.log(level, "commits failed", extra=fields(reason=str(_wrap(self._path, err)), commits=len(commits)))
        self._failing = self._failing or _medium_failed(err)
        for pending in commits:
            pending.changes, pending.logged = (), range(0)
            pending.result = _wrap(self._path, err)

    def _keep_bounds(self, rows: Sequence[statements.Row], group: CommitGroup) -> None:
        halve(self._event_ids, EVENTS_KNOWN_MAX)
        halve(self._etags, ETAGS_KNOWN_MAX)
        self._dead_since_trim += sum(1 for why in group.settled.values() if why)
        self._checkpoints.logged(statements.bytes_logged(rows))
        try:
            self._look_for_dictionaries(self._compression.unsettled())
            if self._compression.compresses_events and not self._compaction.is_done:
                self._compaction.step(self._compression)
            if self._dead_since_trim >= DEAD_LETTERS_SLACK:
                self._trim_dead_letters()
            if self._checkpoints.restart_wanted:
                self._checkpoints.restart(self._connection)
        except sqlite3.Error as err:
            logger.warning("could not maintain the database", extra=fields(reason=explain(self._path, err)))

    def _look_for_dictionaries(self, kinds: Sequence[str]) -> None:
        for kind in kinds:
            self._compression.look(kind, *statements.newest_dictionary(self._connection, kind))

    def _trim_dead_letters(self) -> None:
        self._dead_since_trim = 0
        self._connection.execute(
            "DELETE FROM deliveries_dead WHERE id <="
            " (SELECT id FROM deliveries_dead ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (DEAD_LETTERS_MAX,),
        )


def _medium_failed(err: Exception) -> bool:
    """Whether the database itself failed, rather than a single write."""
    return isinstance(err, DatabaseMoved) or type(err) in (
        sqlite3.OperationalError,
        sqlite3.DatabaseError,
        sqlite3.InternalError,
    )


def _leave_open(connection: sqlite3.Connection) -> None:
    """Keep a connection open until the process ends: closing it would remove the log of the file now at its path."""
    threading.Thread(target=lambda _: threading.Event().wait(), args=(connection,), daemon=True).start()


def _wrap(path: Path, err: Exception) -> StoreError:
    if isinstance(err, StoreError):
        return err
    wrapped = StoreError(explain(path, err))
    wrapped.__cause__ = err
    return wrapped


def _finish(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _fail(future: "asyncio.Future[None]", err: StoreError) -> None:
    if not future.done():
        future.set_exception(err)
