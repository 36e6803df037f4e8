"""Opens connections to the database file of a store, and explains the driver's errors."""

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from sensu.errors import StoreError

BUSY_TIMEOUT_S = 5.0
READ_CACHE_KIB = 16 * 1024
WRITE_CACHE_KIB = 32 * 1024
STATEMENTS_KEPT = 64


class Durability(Enum):
    """What a commit survives: a power loss, or only the end of the process (including kill -9)."""

    FULL = "full"
    NORMAL = "normal"


def open_writer(path: Path, durability: Durability, wal_bytes_max: int) -> sqlite3.Connection:
    """A connection for writing. A missing file is created, readable only by its owner.

    A write-ahead log larger than `wal_bytes_max` shrinks to it when it is restarted. Commits never run checkpoints.
    """
    with plain_errors(path):
        _make_file(path)
        connection = _connect(path)
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute(f"PRAGMA synchronous = {durability.name}")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute(f"PRAGMA journal_size_limit = {wal_bytes_max}").fetchone()
            connection.execute(f"PRAGMA cache_size = -{WRITE_CACHE_KIB}")
        except BaseException:
            connection.close()
            raise
    return connection


def _make_file(path: Path) -> None:
    """Create the file if it is missing; raises OSError.

    An existing file is never opened here: closing it would release the locks of all connections of this process, and
    the next program that closes the database would remove the write-ahead log that they use.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def open_reader(path: Path) -> sqlite3.Connection:
    """A read-only connection."""
    with plain_errors(path):
        connection = _connect(path)
        connection.execute("PRAGMA query_only = ON")
        connection.execute(f"PRAGMA cache_size = -{READ_CACHE_KIB}")
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_KEPT,
    )


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Convert errors of the driver and the file system to StoreError."""
    try:
        yield
    except (sqlite3.Error, OSError) as err:
        raise StoreError(explain(path, err)) from err


def explain(path: Path, err: Exception) -> str:
    """The problem with the database in one sentence."""
    if isinstance(err, OSError):
        return f"the database {path} cannot be opened: {err.strerror}"
    name = getattr(err, "sqlite_errorname", "")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"the database {path} is damaged: {err}"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"the database {path} is in use by another program"
    if name.startswith("SQLITE_FULL"):
        return f"the disk that holds the database {path} is full"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return f"the database {path} cannot be written: {err}"
    return f"the database {path} failed: {err}"
