"""The commands `sensu-backend migrate`, `backup` and `restore`: everything of a database, copied and compared."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sensu.backend.databases import DatabasePlace, contents_of, own_database, place_of
from sensu.backend.settings import BackendSettings, CommandSettings
from sensu.clock import Clock
from sensu.errors import ConfigurationError, StoreError
from sensu.settings import option
from sensu.store.moving.backup_file import Backup, BackupWriter
from sensu.store.moving.copying import Compared, compare, copy
from sensu.store.moving.tables import Contents, Database, Table
from sensu.version import VERSION

EXIT_DIFFERENT = 1
_STEP_ROWS = 10_000
"""How often the number of rows is shown."""


@dataclass(frozen=True)
class StorePlaceSettings(CommandSettings):
    """Where the database of a backend is."""

    state_dir: str = option("directory of the database", BackendSettings.state_dir, short="d")
    store: str = option("URL of a PostgreSQL database, postgresql://… (default: a file in the state directory)", "")

    @property
    def place(self) -> DatabasePlace:
        """The place of the database; raises ConfigurationError."""
        return place_of(self.store, "--store") if self.store else DatabasePlace(folder=Path(self.state_dir))


@dataclass(frozen=True)
class MigrateSettings(CommandSettings):
    """The settings of `sensu-backend migrate`."""

    from_: str = option("database to copy: postgresql://… or sqlite:STATE-DIRECTORY", "")
    to: str = option("empty database to copy it to: postgresql://… or sqlite:STATE-DIRECTORY", "")
    verify_only: bool = option("copy nothing, only compare the two databases", False)


class CopyReport:
    """Tells how far the work is: a line for each table, and at a terminal also the number of rows so far."""

    def __init__(self, deed: str) -> None:
        self._deed = deed
        self._table: Table | None = None
        self._rows = self._shown = 0
        self._live = sys.stderr.isatty()

    def __call__(self, table: Table, rows: int) -> None:
        """Note how many rows of a table are done."""
        if table is not self._table:
            self.end()
            self._table, self._shown = table, 0
        self._rows = rows
        if self._live and rows - self._shown >= _STEP_ROWS:
            self._shown = rows
            sys.stderr.write(f"\r{self._deed} {table.name.replace('_', ' ')}: {rows:,}")
            sys.stderr.flush()

    def end(self) -> None:
        """The last table is done."""
        if self._live and self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        if self._table is not None and self._rows:
            print(f"{self._deed} {self._rows:>12,}  {self._table.name.replace('_', ' ')}", flush=True)
        self._table = None


def run_migrate(settings: MigrateSettings, clock: Clock) -> int:
    """Copy a database to another one and compare them; returns the exit status. Raises SensuError."""
    for name, value in (("--from", settings.from_), ("--to", settings.to)):
        if not value:
            raise ConfigurationError(f"{name} is required: the URL of a database, postgresql://… or sqlite:DIRECTORY")
    source, target = place_of(settings.from_, "--from"), place_of(settings.to, "--to")
    if (source.url, source.folder) == (target.url, target.folder):
        raise ConfigurationError("--from and --to are the same database")
    return asyncio.run(_migrate(source, target, clock, settings.verify_only))


async def _migrate(source: DatabasePlace, target: DatabasePlace, clock: Clock, verify_only: bool) -> int:
    begun = clock.monotonic()
    async with own_database(source, clock, may_be_new=False) as old:
        await _require_source(old)
        async with own_database(target, clock, may_be_new=not verify_only) as new:
            print(f"from  {old.shown}\nto    {new.shown}", flush=True)
            if not verify_only:
                await _copy(old, new)
            same = await _compared(old, new)
            await old.require_unchanged()
            if not same:
                return EXIT_DIFFERENT
            if not verify_only:
                await new.complete()
    if not verify_only:
        print(
            f"The database was copied in {clock.monotonic() - begun:.1f} s. The one that it was copied from is"
            " unchanged: start backends with the new one only."
        )
    return 0


async def _require_source(source: Database) -> None:
    if await source.is_incomplete():
        raise StoreError(
            f"the database {source.shown} is incomplete, because a copy to it was not finished: it cannot be the source"
        )
    if not await source.used_tables():
        raise StoreError(f"the database {source.shown} is empty: there is nothing to copy")


async def _copy(source: Contents, target: Database) -> None:
    if not await target.is_incomplete():
        used = await target.used_tables()
        if used:
            raise StoreError(f"the database {target.shown} is not empty (it has {', '.join(used)}): use an empty one")
    await target.begin()
    lines = CopyReport("copied")
    await copy(source, target, lines)
    lines.end()


async def _compared(source: Contents, target: Database) -> bool:
    """Whether two databases have the same rows; prints what differs."""
    lines = CopyReport("compared")
    found: Compared = await compare(source, target, lines)
    lines.end()
    wrong = await target.wrong_counts()
    if not found.differing and not wrong:
        print(f"All {found.rows:,} rows are the same.")
        return True
    for line in found.first:
        print(f"  {line}")
    for name in wrong:
        print(f"  {name}: does not agree with the rows that it counts")
    print(f"{found.differing:,} of {found.rows:,} rows differ. Do not use {target.shown}.")
    return False


def run_backup(path: Path, settings: StorePlaceSettings, clock: Clock) -> int:
    """Write a backup, also while backends run; returns the exit status. Raises SensuError."""
    return asyncio.run(_backup(path, settings.place, clock))


async def _backup(path: Path, place: DatabasePlace, clock: Clock) -> int:
    async with contents_of(place) as source:
        if await source.is_incomplete():
            raise StoreError(f"the database {source.shown} is incomplete: there is nothing to back up")
        writer = BackupWriter(path, source.numbering, source.shown, VERSION, clock.now())
        lines = CopyReport("saved")
        try:
            writer.open()
            await copy(source, writer, lines)
        finally:
            writer.close()
        lines.end()
    backup = Backup(path)
    backup.open()
    backup.close()
    print(f"The backup {path} has {sum(backup.index.rows.values()):,} rows.")
    return 0


def run_restore(path: Path, settings: StorePlaceSettings, clock: Clock) -> int:
    """Copy a backup to an empty database and compare them; returns the exit status. Raises SensuError."""
    return asyncio.run(_restore(path, settings.place, clock))


async def _restore(path: Path, place: DatabasePlace, clock: Clock) -> int:
    backup = Backup(path)
    try:
        backup.open()
        async with own_database(place, clock, may_be_new=True) as new:
            print(f"from  {backup.shown}\nto    {new.shown}", flush=True)
            await _copy(backup, new)
            if not await _compared(backup, new):
                return EXIT_DIFFERENT
            await new.complete()
    finally:
        backup.close()
    print("The backup is restored. Deliveries that were pending when it was made will be made again.")
    return 0


def file_and_flags(words: Sequence[str], command: str) -> tuple[Path, Sequence[str]]:
    """Split a command line that begins with a file from its flags; raises ConfigurationError."""
    if words and (not words[0].startswith("-") or {"-h", "--help"} & set(words)):
        return Path(words[0]), words[0 if words[0].startswith("-") else 1 :]
    raise ConfigurationError(f"sensu-backend {command} FILE: the file is required, before all flags")
