"""Copies the write-ahead log into the database beside the writer, so that commits need not wait for it.

While commits never pause, a log that is copied is still not started anew, and would grow for ever: then, with little
left to copy, the writer is asked to restart it. Where copying cannot keep up, the writer has to help.
"""

import logging
import queue
import sqlite3
import threading
from pathlib import Path

from sensu.log import fields
from sensu.store.sqlite.connection import Durability, explain, open_writer
from sensu.store.sqlite.damage import Damage

logger = logging.getLogger(__name__)

CHECKPOINTS_PER_LOG = 4
OUTGROWN = 4
"""A log of so many times its bound, because copying beside the writer is too slow, makes commits wait."""


class Checkpoints:
    """A thread that keeps the write-ahead log below about `wal_bytes_max`, together with the writer.

    The writer calls `logged` after each group, and `restart` when `restart_wanted`.
    """

    def __init__(
        self, path: Path, durability: Durability, wal_bytes_max: int, damage: Damage, writers: int = 1
    ) -> None:
        """So many `writers`, of which each sees only what it writes itself, share the log."""
        self.restart_wanted = False
        self._path, self._wal_bytes_max, self._damage = path, wal_bytes_max, damage
        self._copied_every_bytes = wal_bytes_max // CHECKPOINTS_PER_LOG // writers
        self._connection = open_writer(path, durability, wal_bytes_max)
        self._page_bytes: int = self._connection.execute("PRAGMA page_size").fetchone()[0]
        self._logged_bytes = self._since_restart_bytes = 0
        self._outgrown_bytes = OUTGROWN * wal_bytes_max // writers
        self._busy = False
        self._wakes: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-checkpoints", daemon=True)
        self._thread.start()

    def logged(self, size: int) -> None:
        """So many more bytes were written to the log, about."""
        self._logged_bytes += size
        self._since_restart_bytes += size
        if self._since_restart_bytes >= self._outgrown_bytes:
            self.restart_wanted = True
        if self._logged_bytes >= self._copied_every_bytes and not self._busy:
            self._logged_bytes = 0
            self._busy = True
            self._wakes.put(True)

    def restart(self, writer: sqlite3.Connection) -> None:
        """Start the log again from its beginning; the writer calls this between two groups.

        If another checkpoint or a reader is in the way, the next attempt follows soon, and not after a whole log more.
        """
        self.restart_wanted = False
        busy, _, _ = writer.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        self._since_restart_bytes = self._outgrown_bytes - self._copied_every_bytes if busy else 0

    def close(self) -> None:
        """Let a checkpoint under way finish, and end."""
        self._wakes.put(False)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while self._wakes.get():
            try:
                _, pages, _ = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if pages * self._page_bytes > self._wal_bytes_max // 2:
                    self.restart_wanted = True
            except sqlite3.Error as err:
                self._damage.note(err)
                logger.warning("a checkpoint failed", extra=fields(reason=explain(self._path, err)))
            self._busy = False
