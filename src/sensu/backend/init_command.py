"""The command `sensu-backend init`: prompts for missing values, changes the database, and reports what it did.

If a backend has the database open, the change is made by that backend.
"""

import asyncio
import contextlib
import getpass
import http.client
import logging
import os
import shlex
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from sensu.backend.initialise import (
    Administrator,
    InitAction,
    InitOrder,
    InitOutcome,
    administrator_in,
    administrator_of,
    carry_out,
    is_initialised,
    order_of,
)
from sensu.backend.membership import Duty, Ownership
from sensu.backend.operator_socket import OperatorSocket, ask
from sensu.backend.settings import BackendSettings, InitSettings
from sensu.clock import Clock
from sensu.errors import ConfigurationError, SensuError, StoreInUse
from sensu.log import fields
from sensu.store.contract import Store
from sensu.store.database_url import has_password, target_of
from sensu.store.sqlite.store import DATABASE

log = logging.getLogger("sensu.backend")

EXIT_ALREADY_INITIALISED = 3
ALREADY = "already initialized"
POLL_S = 0.2
PROBE_S = 1.0

Opened = Callable[[BackendSettings], AbstractAsyncContextManager[Store]]


def run_init(settings: InitSettings, opened: Opened, clock: Clock) -> int:
    """Run the command and return its exit status; raises SensuError."""
    action = InitAction.RESET if settings.reset_admin else InitAction.INITIALISE
    administrator = _asked(settings)
    _require_no_other_backend(settings)
    outcome, running = asyncio.run(_Attempts(settings, opened, clock, action, administrator).run())
    if outcome is InitOutcome.NOT_INITIALISED:
        raise ConfigurationError("the database is not initialised: run sensu-backend init without --reset-admin")
    if outcome is InitOutcome.ALREADY_INITIALISED:
        print(ALREADY, file=sys.stderr)
        return 0 if settings.ignore_already_initialized else EXIT_ALREADY_INITIALISED
    print(_report(settings, action, administrator, running))
    return 0


def _asked(settings: InitSettings) -> Administrator:
    """The administrator, from settings or prompts; raises ConfigurationError. Nothing has been changed before."""
    username, password = settings.cluster_admin_username, settings.cluster_admin_password
    key = settings.cluster_admin_api_key
    may_ask = sys.stdin is not None and sys.stdin.isatty()
    if settings.interactive or (settings.reset_admin and may_ask and not (username and password)):
        username = _answer("Cluster Admin Username", username)
        password = _secret("Cluster Admin Password")
        if _secret("Retype Cluster Admin Password") != password:
            raise ConfigurationError("password confirmation doesn't match the password")
        key = _answer("Cluster Admin API Key", key)
    return administrator_of(username, password, key)


def _answer(question: str, default: str) -> str:
    shown = f"{question} ({default}): " if default else f"{question}: "
    return _read(lambda: _line(shown)).strip() or default


def _secret(question: str) -> str:
    """Prompt for a secret; without a terminal, read a line of standard input."""
    if sys.stdin is not None and sys.stdin.isatty():
        return _read(lambda: getpass.getpass(f"{question}: "))
    return _read(lambda: _line(f"{question}: "))


def _line(shown: str) -> str:
    """The line that is typed after a prompt, also an empty one; raises EOFError at the end of the input.

    `input` would do, but it misses a Ctrl-C that comes between its prompt and its wait for the line.
    """
    print(shown, end="", flush=True)
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise EOFError
    return line


def _read(read: Callable[[], str]) -> str:
    try:
        return read()
    except (EOFError, RuntimeError, OSError, UnicodeDecodeError) as err:
        print(file=sys.stderr)
        raise ConfigurationError("standard input ended before all values were given") from err


class _Attempts:
    """Tries to execute an order until the database or its backend can be reached."""

    def __init__(
        self, settings: InitSettings, opened: Opened, clock: Clock, action: InitAction, administrator: Administrator
    ) -> None:
        self._settings, self._opened, self._clock = settings, opened, clock
        self._action, self._administrator = action, administrator
        self._hashed: InitOrder | None = None

    @property
    def _order(self) -> InitOrder:
        if self._hashed is None:
            self._hashed = order_of(self._action, self._administrator)
        return self._hashed

    async def run(self) -> tuple[InitOutcome, bool]:
        """The outcome, and whether a running backend did it; raises SensuError after the timeout."""
        until = self._clock.monotonic() + self._settings.timeout
        waits = False
        while True:
            try:
                return await self._attempt()
            except SensuError as err:
                patient = self._settings.wait or (isinstance(err, StoreInUse) and self._clock.monotonic() < until)
                if not patient:
                    raise
                if self._settings.wait and not waits:
                    waits = True
                    print(f"sensu-backend: waiting: {err}", file=sys.stderr)
            await self._clock.sleep(POLL_S)

    async def _attempt(self) -> tuple[InitOutcome, bool]:
        try:
            async with self._opened(self._settings) as store:
                if self._action is InitAction.INITIALISE and await is_initialised(store):
                    return InitOutcome.ALREADY_INITIALISED, False
                outcome = await carry_out(store, self._order, self._clock.now())
            give_to_owner(Path(self._settings.state_dir))
            return outcome, False
        except StoreInUse as busy:
            answer = await ask(Path(self._settings.state_dir), self._order)
            if answer is None:
                raise StoreInUse(f"{busy}, which does not answer: try again, or stop that backend first") from busy
            return answer, True


def give_to_owner(folder: Path) -> None:
    """Give the files that root created in a folder to the folder's owner."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        for file in folder.glob("sensu.*"):
            os.chown(file, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _require_no_other_backend(settings: InitSettings) -> None:
    """Refuse to create a database in the default folder while a backend uses another one; raises ConfigurationError."""
    folder = Path(settings.state_dir)
    if settings.store or settings.state_dir != BackendSettings.state_dir or (folder / DATABASE).exists():
        return
    host, port = settings.api_address
    host = {"::": "localhost", "0.0.0.0": "localhost"}.get(host, host)  # noqa: S104 - compared with, not bound to
    if _is_backend(host, port):
        raise ConfigurationError(
            f"a backend is running at {host}:{port}, but {folder} has no database: use the same --state-dir (or"
            " --config-file) as that backend"
        )


def _is_backend(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_S)
    try:
        connection.request("GET", "/version")
        return b"sensu_backend" in connection.getresponse().read(4096)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _report(settings: InitSettings, action: InitAction, administrator: Administrator, running: bool) -> str:
    database = target_of(settings.store).shown if settings.store else Path(settings.state_dir).resolve() / DATABASE
    done = "initialised" if action is InitAction.INITIALISE else "set up an administrator in"
    key = ", with an API key" if administrator.api_key else ""
    by = " (by the running backend)" if running else ""
    lines = [f"{done} {database}{by}: administrator {administrator.username}{key}"]
    name = shlex.quote(administrator.username)
    url = shlex.quote(settings.api_url)
    if not running:
        lines.append(f"next: {command(settings, 'start')}")
    lines.append(f"{'next' if running else 'then'}: sensuctl configure --url {url} --username {name}")
    return "\n".join(lines)


@contextlib.asynccontextmanager
async def opened_to_operators(
    settings: BackendSettings, store: Store, clock: Clock, ownership: Ownership
) -> AsyncIterator[None]:
    """Initialise the database from the environment, or log how to do it; meanwhile `init` can reach this backend."""
    if not ownership.holds(Duty.SERVE_INIT):
        yield
        return
    if not await is_initialised(store):
        administrator = administrator_in(os.environ)
        if administrator is None:
            way = command(settings, "init", "--interactive")
            log.warning(f"the database is not initialised, so no user can log in: run {way}")
        else:
            await carry_out(store, order_of(InitAction.INITIALISE, administrator), clock.now())
            log.info("the database is initialised", extra=fields(administrator=administrator.username))
    operators = OperatorSocket(Path(settings.state_dir), store, clock)
    await operators.open()
    try:
        yield
    finally:
        await operators.close()


def command(settings: BackendSettings, name: str, *flags: str) -> str:
    """A command line with the same configuration, to be pasted."""
    words = ["sensu-backend", name, *flags]
    if settings.config_file != BackendSettings.config_file:
        words += ["--config-file", settings.config_file]
    if settings.store and not has_password(settings.store):
        words += ["--store", settings.store]
    if settings.state_dir != BackendSettings.state_dir:
        words += ["--state-dir", str(Path(settings.state_dir).resolve())]
    return shlex.join(words)
