"""A backup: the contents of a database in one file, which can be restored into either engine.

After the first line come pages of rows, each compressed; then the index of the pages, with the SHA-256 of all before
it; last the size of the index. The pages of a table follow each other.
"""

import hashlib
import os
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import zstandard

from sensu.errors import StoreError
from sensu.store.moving.tables import Numbering, Row, Table, UsedNumbers

FIRST_LINE = b"sensu-backend backup 1\n"
_END = b"\nend\n"
_SIZE_BYTES = 8
_READ_BYTES = 1 << 20
_Rows = list[tuple[Any, ...]]


class Index(msgspec.Struct, frozen=True):
    """What a backup contains; `pages` has the places of the pages of each table, `columns` those of the rows."""

    created_at: float
    version: str
    source: str
    numbering: Numbering
    numbers: UsedNumbers
    columns: dict[str, tuple[str, ...]]
    pages: dict[str, list[tuple[int, int]]]
    rows: dict[str, int]
    sha256: str


class BackupWriter:
    """Writes a new backup; until `close`, it has another name."""

    def __init__(self, path: Path, numbering: Numbering, source: str, version: str, now: float) -> None:
        """The rows have the numbering of their source, whose name is only for people."""
        self._path, self._new = path, path.with_name(f"{path.name}.new")
        self.numbering = numbering
        self._about = (now, version, source)
        self._columns: dict[str, tuple[str, ...]] = {}
        self._pages: dict[str, list[tuple[int, int]]] = {}
        self._rows: dict[str, int] = {}
        self._digest = hashlib.sha256()
        self._compressor = zstandard.ZstdCompressor(level=3)
        self._file: BinaryIO | None = None
        self._at = 0

    def open(self) -> None:
        """Create the file, readable only by its owner; raises StoreError."""
        with _plain_errors(self._path):
            self._file = os.fdopen(os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
            self._put(FIRST_LINE)

    def _put(self, data: bytes) -> None:
        assert self._file is not None
        self._file.write(data)
        self._digest.update(data)
        self._at += len(data)

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows; raises StoreError."""
        page = self._compressor.compress(msgspec.msgpack.encode(rows))
        self._columns[table.name] = table.columns
        self._pages.setdefault(table.name, []).append((self._at, len(page)))
        self._rows[table.name] = self._rows.get(table.name, 0) + len(rows)
        with _plain_errors(self._path):
            self._put(page)

    async def finish(self, numbers: UsedNumbers) -> None:
        """Everything is written: add the index, and give the file its name; raises StoreError."""
        contents = (self._columns, self._pages, self._rows)
        index = msgspec.json.encode(Index(*self._about, self.numbering, numbers, *contents, self._digest.hexdigest()))
        with _plain_errors(self._path):
            self._put(index + len(index).to_bytes(_SIZE_BYTES, "big") + _END)
            assert self._file is not None
            self._file.flush()
            os.fsync(self._file.fileno())
            self._new.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)

    def close(self) -> None:
        """Close the file; one that is not finished is deleted."""
        if self._file is not None:
            self._file.close()
            self._new.unlink(missing_ok=True)


class Backup:
    """The contents of a backup."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._index: Index | None = None

    @property
    def shown(self) -> str:
        """The path of the file."""
        return str(self._path)

    @property
    def index(self) -> Index:
        """What the backup contains."""
        if self._index is None:
            raise StoreError("the backup is closed")
        return self._index

    @property
    def numbering(self) -> Numbering:
        """What the ids of its histories are."""
        return self.index.numbering

    def open(self) -> None:
        """Open the file and verify its checksum; raises StoreError."""
        with _plain_errors(self._path):
            self._file = self._path.open("rb")
            if self._file.read(len(FIRST_LINE)) != FIRST_LINE:
                raise StoreError(f"{self._path} is not a backup of sensu-backend")
            self._read_index(self._file)

    def _read_index(self, file: BinaryIO) -> None:
        tail = _SIZE_BYTES + len(_END)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - tail, 0))
        index_size, end = int.from_bytes(file.read(_SIZE_BYTES), "big"), file.read()
        at = size - tail - index_size
        if end != _END or at < len(FIRST_LINE):
            raise StoreError(f"the backup {self._path} is incomplete")
        file.seek(at)
        try:
            self._index = msgspec.json.decode(file.read(index_size), type=Index)
        except (msgspec.DecodeError, UnicodeDecodeError) as err:
            raise self._damaged() from err
        file.seek(0)
        digest = hashlib.sha256()
        while at > 0 and (part := file.read(min(at, _READ_BYTES))):
            digest.update(part)
            at -= len(part)
        if digest.hexdigest() != self._index.sha256:
            raise self._damaged()

    def _damaged(self) -> StoreError:
        return StoreError(f"the backup {self._path} is damaged: its checksum is wrong")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    async def numbers(self) -> UsedNumbers:
        """The greatest numbers in use."""
        return self.index.numbers

    async def rows(self, table: Table) -> AsyncGenerator[Sequence[Row], None]:
        """The rows of a table, in order and in pages; raises StoreError."""
        if self.index.columns.get(table.name, table.columns) != table.columns:
            raise StoreError(
                f"the backup {self._path} was made by version {self.index.version}, with other columns of {table.name}:"
                " restore it with that version"
            )
        assert self._file is not None
        for at, size in self.index.pages.get(table.name, ()):
            with _plain_errors(self._path):
                self._file.seek(at)
                page = zstandard.ZstdDecompressor().decompress(self._file.read(size))
            yield msgspec.msgpack.decode(page, type=_Rows)


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        raise StoreError(f"the backup {path}: {(err.strerror or str(err)).lower()}") from err
    except zstandard.ZstdError as err:
        raise StoreError(f"the backup {path} is damaged: {err}") from err
