"""Ensures that only one backend at a time uses a state folder."""

import os
from pathlib import Path

from sensu.errors import StoreError, StoreInUse

try:
    import fcntl
except ImportError:  # pragma: no cover - backends run on Unix; elsewhere the database's own locks must do
    fcntl = None  # type: ignore[assignment]


class FolderLock:
    """The lock on a state folder, held until `release` or the end of the process, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "sensu.lock"
        self._descriptor = -1

    def take(self) -> None:
        """Lock the folder, which is created if necessary; raises StoreError if it is in use or unusable."""
        folder = self._path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as err:
            raise StoreError(f"the state folder {folder} cannot be used: {err.strerror}") from err
        try:
            self._lock()
        except OSError as err:
            holder = os.pread(self._descriptor, 20, 0).decode(errors="replace").strip()
            self.release()
            who = f" (process {holder})" if holder else ""
            raise StoreInUse(f"the state folder {folder} is in use by another backend{who}") from err

    def _lock(self) -> None:
        if fcntl is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Release the lock."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
