"""Verifies that the files of the open database are still the ones at its path.

A database that is deleted, moved or replaced while it is open continues to accept commits, which are lost afterwards.
Therefore the writer checks the files before it acknowledges a group of commits. Usually that is one system call: if the
folder is the same and nothing in it was added, renamed or removed, the files in it are the same.
"""

import os
from pathlib import Path

from sensu.clock import Clock, SystemClock
from sensu.errors import StoreError

FileIdentity = tuple[int, int]
SETTLED_S = 0.1
"""A folder that was modified within this time may change again with the same modification time."""
LOOK_EVERY_S = 1.0
"""How often all files are checked in any case, because the folder may contain links to files elsewhere."""


class DatabaseMoved(StoreError):
    """The files of the database are not those that were opened."""


class Presence:
    """Compares the files at the path of a database with those that were opened."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.gone = False
        """Whether the last check failed."""
        self._clock = clock or SystemClock()
        self._path, self._folder = path, str(path.parent)
        self._folder_seen, self._looked_at = (0, 0, 0), 0.0
        self._files = (str(path), f"{path}-wal", f"{path}-shm")
        self._opened: list[tuple[str, FileIdentity]] = []

    def note(self) -> None:
        """Record the files of the open database; raises DatabaseMoved."""
        try:
            self._opened = [(file, identity_of(file)) for file in self._files]
        except OSError as err:
            raise moved(self._path) from err

    def require(self) -> None:
        """Return if all files are unchanged; raises DatabaseMoved."""
        try:
            found = os.stat(self._folder)  # noqa: PTH116 - a Path would cost as much as the call
            folder = found.st_dev, found.st_ino, found.st_mtime_ns
            if folder != self._folder_seen or self._clock.monotonic() - self._looked_at >= LOOK_EVERY_S:
                self._look(folder)
        except OSError as err:
            self.gone = True
            raise moved(self._path) from err

    def _look(self, folder: tuple[int, int, int]) -> None:
        self.gone = any(identity_of(file) != identity for file, identity in self._opened)
        if self.gone:
            raise moved(self._path)
        settled = self._clock.now() - folder[2] / 1e9 >= SETTLED_S
        self._folder_seen = folder if settled else (0, 0, 0)
        self._looked_at = self._clock.monotonic()


def identity_of(file: str | Path) -> FileIdentity:
    """A value that distinguishes a file from all others that exist at the same time; raises OSError."""
    found = os.stat(file)  # noqa: PTH116 - a Path would cost as much as the call
    return found.st_dev, found.st_ino


def moved(path: Path) -> DatabaseMoved:
    """The error with its remedy."""
    return DatabaseMoved(
        f"the database {path} was moved, replaced or deleted while in use:"
        " stop the backend, put the database back, then start the backend"
    )
