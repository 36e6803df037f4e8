"""Records that the database was found damaged, until a check of the whole database finds no problem.

Damage is noticed only by requests that read the damaged page, so that reading one row proves nothing. Checks run in a
separate thread, at most once every `CHECK_EVERY_S`, when the health of the backend is requested.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sensu.clock import Clock, SystemClock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.store.sqlite.connection import explain, open_reader

logger = logging.getLogger(__name__)

CHECK_EVERY_S = 60.0
CHECK_ANSWERS_WITHIN_S = 1.0
"""How long the request that starts a check waits for the result; a longer check is reported by later requests."""
SIGNS = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR")


class Damage:
    """The last sign of damage that was noticed in any part of the store; `note` can be called from any thread."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path, self._clock = path, clock or SystemClock()
        self._noted = ""
        self._check: asyncio.Task[None] | None = None
        self._checking: sqlite3.Connection | None = None
        self._checked_at: float | None = None

    def note(self, err: BaseException) -> None:
        """Record an error of the driver if it is a sign of damage."""
        if getattr(err, "sqlite_errorname", "").startswith(SIGNS) and isinstance(err, Exception):
            self._noted = explain(self._path, err)

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Convert errors of the driver to StoreError, and record those that are signs of damage."""
        try:
            yield
        except (sqlite3.Error, OSError) as err:
            self.note(err)
            raise StoreError(explain(self._path, err)) from err

    async def problem(self) -> str:
        """The problem, empty if none is known; after a sign of damage, the database is checked from time to time."""
        if not self._noted:
            return ""
        due = self._checked_at is None or self._clock.monotonic() - self._checked_at >= CHECK_EVERY_S
        if self._check is None and due:
            self._check = asyncio.get_running_loop().create_task(self._look())
        if self._check is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._check), CHECK_ANSWERS_WITHIN_S)
        return self._noted

    async def _look(self) -> None:
        before = self._noted
        try:
            found = await asyncio.to_thread(self._quick_check)
            if found == "ok" and self._noted == before:
                self._noted = ""
                logger.warning("a check of the database found no damage", extra=fields(before=before))
            elif found != "ok":
                self._noted = f"the database {self._path} is damaged: {found}"
        except StoreError as err:
            self._noted = str(err)
        finally:
            self._checked_at, self._check = self._clock.monotonic(), None

    def _quick_check(self) -> str:
        with self.noted():
            connection = self._checking = open_reader(self._path)
            try:
                return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            finally:
                self._checking = None
                connection.close()

    async def close(self) -> None:
        """Stop a running check."""
        check = self._check
        if check is not None:
            if self._checking is not None:
                self._checking.interrupt()
            await check
