"""Copies the write-ahead log into the database in a thread of its own, so that commits need not wait for it.

SQLite does not restart a copied log while commits never pause, so that it would grow without limit. Therefore the
writer is asked to restart it when little is left to copy. If copying is too slow, the writer has to help.
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
"""When the log exceeds this multiple of its limit because copying is too slow, commits wait."""


class Checkpoints:
    """A thread that keeps the write-ahead log below about `wal_bytes_max`, together with the writer.

    The writer calls `logged` after each group, and `restart` when `restart_wanted`.
    """

    def __init__(
        self, path: Path, durability: Durability, wal_bytes_max: int, damage: Damage, writers: int = 1
    ) -> None:
        """`writers` is the number of processes that share the log; each knows only the size of its own writes."""
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
        """Report the approximate number of bytes that were written to the log."""
        self._logged_bytes += size
        self._since_restart_bytes += size
        if self._since_restart_bytes >= self._outgrown_bytes:
            self.restart_wanted = True
        if self._logged_bytes >= self._copied_every_bytes and not self._busy:
            self._logged_bytes = 0
            self._busy = True
            self._wakes.put(True)

    def restart(self, writer: sqlite3.Connection) -> None:
        """Restart the log from its beginning; called by the writer between two groups.

        If another checkpoint or a reader prevents it, the next attempt follows soon instead of a whole log later.
        """
        self.restart_wanted = False
        busy, _, _ = writer.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        self._since_restart_bytes = self._outgrown_bytes - self._copied_every_bytes if busy else 0

    def close(self) -> None:
        """Wait for a running checkpoint, and stop."""
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
