"""The commands of the program `sensu-backend`."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeVar

from sensu import open_files
from sensu.backend.init_command import run_init
from sensu.backend.move_command import (
    MigrateSettings,
    StorePlaceSettings,
    file_and_flags,
    run_backup,
    run_migrate,
    run_restore,
)
from sensu.backend.process import Backend, opened_store
from sensu.backend.settings import (
    BACKEND_NAMES,
    ENVIRONMENT_PREFIX,
    INIT_NAMES,
    RETIRED_FLAGS,
    UPGRADE_RETIRED_FLAGS,
    BackendSettings,
    CommandSettings,
    InitSettings,
    check,
    check_log_level,
)
from sensu.backend.workers.context import WorkerContext
from sensu.backend.workers.membership import joined
from sensu.backend.workers.supervisor import Supervisor
from sensu.clock import SystemClock
from sensu.errors import ConfigurationError, SensuError
from sensu.log import configure
from sensu.rules.spelling import did_you_mean
from sensu.settings import HelpText, load
from sensu.store.database_url import has_password
from sensu.tls import require_fips
from sensu.version import COMPATIBLE_VERSION, VERSION

log = logging.getLogger("sensu.backend")

EXIT_INTERRUPTED = 130
COMMANDS = ("backup", "doctor", "help", "init", "migrate", "restore", "start", "upgrade", "version")
USAGE = """The backend of Sensu in Python: schedules checks, processes events, and serves the API.

Usage:
  sensu-backend COMMAND [flags]

Commands:
  backup    write everything in the database to a file, also while backends run
  doctor    find out why something does not work, and what helps
  init      initialise the database: create the first administrator
  migrate   copy a database from SQLite to PostgreSQL, or back
  restore   restore a backup to an empty database
  start     start the backend
  upgrade   update the database to this version (done by start too)
  version   show the version

Use "sensu-backend COMMAND --help" for the flags of a command.
"""


def main() -> None:
    """Run the program and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit status of the program for a command line."""
    return _status_of(lambda: _obey(arguments))


def _obey(arguments: Sequence[str]) -> int:
    command, words = (arguments[0], arguments[1:]) if arguments else ("help", [])
    try:
        match command:
            case "start":
                return start(words)
            case "init":
                return init(words)
            case "upgrade":
                return upgrade(words)
            case "migrate":
                return run_migrate(_loaded(MigrateSettings, words, "migrate"), SystemClock())
            case "backup" | "restore":
                return _with_file(command, words)
            case "doctor":
                from sensu.backend.doctor import doctor  # noqa: PLC0415 - only this command

                _refuse_passwords(words)
                return doctor(words, os.environ, sys.stdout, SystemClock())
            case "version":
                print(f"sensu-backend version {VERSION}, compatible with {COMPATIBLE_VERSION}")
            case "help" | "-h" | "--help":
                print(USAGE, end="")
            case _:
                meant = did_you_mean(command, COMMANDS)
                raise ConfigurationError(f'unknown command "{command}" for "sensu-backend"{meant}')
    except HelpText as asked:
        print(asked, end="")
    return 0


def _status_of(program: Callable[[], int]) -> int:
    """Run a command and return the exit status; expected errors are reported in one line."""
    try:
        return program()
    except SensuError as err:
        return _failed(err)
    except ExceptionGroup as group:
        expected = group.subgroup(SensuError)
        if expected is None:
            raise
        return _failed(expected)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return EXIT_INTERRUPTED


def _failed(err: Exception) -> int:
    """Report an error in one line, the first one of a group; returns the exit status."""
    while isinstance(err, ExceptionGroup):
        err = err.exceptions[0]
    print(f"sensu-backend: {err}", file=sys.stderr)
    return 1


S = TypeVar("S", bound=BackendSettings)
C = TypeVar("C", bound=CommandSettings)


def _settings(shape: type[S], words: Sequence[str], command: str, retired: frozenset[str] = RETIRED_FLAGS) -> S:
    """Load the settings of a command that opens the store as a backend; settings that are ignored are logged."""
    found = _loaded(shape, words, command, retired, INIT_NAMES)
    check(found)
    return found


def _loaded(
    shape: type[C],
    words: Sequence[str],
    command: str,
    retired: frozenset[str] = frozenset(),
    elsewhere: frozenset[str] = BACKEND_NAMES,
) -> C:
    """Load the settings of a command and configure logging; settings that are ignored are logged."""
    _refuse_passwords(words)
    remarks: list[str] = []
    found = load(
        shape,
        words,
        os.environ,
        prefix=ENVIRONMENT_PREFIX,
        usage=f"sensu-backend {command}",
        retired=retired,
        elsewhere=elsewhere,
        remark=remarks.append,
    )
    configure(check_log_level(found.log_level))
    for line in remarks:
        log.warning(line)
    return found


def _refuse_passwords(words: Sequence[str]) -> None:
    """Refuse a password in a URL on the command line, which every user of the host can read."""
    for name, value in pairwise([*(part for word in words for part in word.split("=", 1)), ""]):
        if name in ("--store", "--from", "--to") and has_password(value):
            variable = f"{ENVIRONMENT_PREFIX}_{name.removeprefix('--').upper()}"
            raise ConfigurationError(
                f"the URL of {name} must not have a password, because other users can read command lines: use a"
                f" password file (~/.pgpass, PGPASSFILE), PGPASSWORD, or the whole URL in {variable}"
            )


def init(words: Sequence[str]) -> int:
    """Initialise the database, or restore an administrator."""
    settings = _settings(InitSettings, words, "init")
    return run_init(settings, opened_store, SystemClock())


def upgrade(words: Sequence[str]) -> int:
    """Update the database to this version, as `start` does."""
    settings = _settings(BackendSettings, words, "upgrade", UPGRADE_RETIRED_FLAGS)

    async def work() -> None:
        async with opened_store(settings):
            pass

    asyncio.run(work())
    print("The database is up to date.")
    return 0


def _with_file(command: str, words: Sequence[str]) -> int:
    """Write or restore a backup."""
    path, flags = file_and_flags(words, command)
    settings = _loaded(StorePlaceSettings, flags, f"{command} FILE")
    run = run_backup if command == "backup" else run_restore
    return run(path, settings, SystemClock())


def start(words: Sequence[str]) -> int:
    """Run a backend until it is stopped by a signal."""
    settings = _settings(BackendSettings, words, "start")
    if settings.require_fips:
        require_fips()
    open_files.raise_limit()
    if settings.workers > 1:
        return Supervisor(settings, _work, SystemClock()).run()
    return _serve(Backend(settings, SystemClock()))


def _work(settings: BackendSettings, context: WorkerContext) -> int:
    """Run as one of several workers; returns the exit status."""
    join = partial(joined, context)
    return _status_of(lambda: _serve(Backend(settings, SystemClock(), context.sharing, join)))


def _serve(backend: Backend) -> int:
    try:
        import uvloop  # noqa: PLC0415 - missing on some platforms
    except ImportError:
        asyncio.run(backend.run_until_signal())
    else:
        uvloop.run(backend.run_until_signal())
    return 0


if __name__ == "__main__":
    main()
