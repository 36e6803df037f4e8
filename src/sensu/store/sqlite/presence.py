"""Whether the files of the open database are still the ones at its path.

A database that is deleted, moved away or replaced while it is open goes on taking commits that nobody finds afterwards.
So the writer looks before it acknowledges a group of commits. Mostly that is one system call: while the folder is the
same and nothing in it was added, renamed or removed, the files in it are the same.
"""

import os
from pathlib import Path

from sensu.clock import Clock, SystemClock
from sensu.errors import StoreError

Identity = tuple[int, int]
SETTLED_S = 0.1
"""A folder that changed less than this ago may change again without another modification time."""
LOOK_EVERY_S = 1.0
"""How often all files are looked at in any case; a link in the folder may lead to a file elsewhere."""


class DatabaseMoved(StoreError):
    """The files of the database are no longer those that were opened."""


class Presence:
    """Compares what lies at the path of a database with what was opened there."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.gone = False
        """Whether the last look failed."""
        self._clock = clock or SystemClock()
        self._path, self._folder = path, str(path.parent)
        self._folder_seen, self._looked_at = (0, 0, 0), 0.0
        self._files = (str(path), f"{path}-wal", f"{path}-shm")
        self._opened: list[tuple[str, Identity]] = []

    def note(self) -> None:
        """Remember the files as they are now, with the database open; raises DatabaseMoved."""
        try:
            self._opened = [(file, identity_of(file)) for file in self._files]
        except OSError as err:
            raise moved(self._path) from err

    def require(self) -> None:
        """Return when all files are where they were; raises DatabaseMoved."""
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


def identity_of(file: str | Path) -> Identity:
    """What tells a file from every other that exists at the same time; raises OSError."""
    found = os.stat(file)  # noqa: PTH116 - a Path would cost as much as the call
    return found.st_dev, found.st_ino


def moved(path: Path) -> DatabaseMoved:
    """What is wrong and what helps."""
    return DatabaseMoved(
        f"the database {path} was moved away, replaced or deleted while in use:"
        " stop the backend, put the database back, then start the backend"
    )
