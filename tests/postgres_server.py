"""A PostgreSQL server for tests, started by hand in a temporary folder with a Unix socket and no port.

Each test gets a schema of its own, so that databases need not be created. Tests that end leave their schemas to later
ones: emptying the tables of a schema takes a tenth of the time of creating them.
"""

import functools
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sensu.store.postgres.schema import SCHEMA_VERSION, migrations

BINARIES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=64MB",
    "max_connections=200",
    "logging_collector=off",
)
_numbers = itertools.count(1)


def folder_of_binaries() -> Path | None:
    """The folder with `initdb` and `pg_ctl`, None if no PostgreSQL server is installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = [folder for pattern in BINARIES for folder in Path("/").glob(pattern[1:])]
    return max((folder for folder in folders if (folder / "initdb").exists()), default=None)


class Server:
    """A PostgreSQL server in `folder`, which must be short because the path of a socket is limited."""

    def __init__(self, folder: Path, settings: tuple[str, ...] = SETTINGS) -> None:
        binaries = folder_of_binaries()
        assert binaries is not None
        self.binaries, self.folder, self._settings = binaries, folder, settings
        self._data = folder / "data"
        self._template = ""
        self._idle: list[str] = []
        self._in_use: list[str] = []
        self.user = "postgres" if os.geteuid() == 0 else None
        """Who runs the server, because it refuses to run as root."""

    def create(self) -> None:
        """Make the files of the server."""
        self.folder.mkdir(exist_ok=True)
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")

    def start(self) -> None:
        """Start, and return when connections are accepted."""
        options = " ".join(f"-c {setting}" for setting in (*self._settings, f"unix_socket_directories={self.folder}"))
        self._run("pg_ctl", "-D", self._data, "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop, and return when the server has ended."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop")

    def url(self, schema: str = "public", database: str = "postgres") -> str:
        """The URL of a database, in which tables are found in a schema."""
        return f"postgresql://postgres@/{database}?host={self.folder}&search_path={schema}"

    def execute(self, sql: str) -> str:
        """Run statements as the administrator; returns what psql prints."""
        return self._run("psql", "-h", self.folder, "-U", "postgres", "-X", "-q", "-A", "-t", "-c", sql)

    def new_schema(self) -> str:
        """The URL of an empty schema that nobody uses."""
        name = f"t{os.getpid()}_{next(_numbers)}"
        self.execute(f"CREATE SCHEMA {name}")
        return self.url(name)

    def tables(self) -> str:
        """The URL of a schema with the tables of a new database, which nobody else uses until `release`."""
        if self._idle:
            schema = self._idle.pop()
            self._shell.run(_EMPTIED.format(schema=schema, template=self._template))
        else:
            schema = self._migrated()
            self._template = self._template or self._migrated()
        self._in_use.append(schema)
        return self.url(schema)

    def release(self) -> None:
        """Nobody uses the schemas of `tables` any more."""
        self._idle += self._in_use
        self._in_use.clear()

    def _migrated(self) -> str:
        url = self.new_schema()
        schema = url.partition("search_path=")[2]
        scripts = [migration.sql for _, migration in sorted(migrations().items())]
        version = f"INSERT INTO schema_version (version, needs_at_least) VALUES ({len(scripts)}, {len(scripts)})"
        self._shell.run(
            ";".join((f"SET search_path = {schema}", SCHEMA_VERSION, *scripts, version, "RESET search_path"))
        )
        return schema

    @functools.cached_property
    def _shell(self) -> "_Shell":
        command = [str(self.binaries / "psql"), "-h", str(self.folder), "-U", "postgres", "-X", "-q", "-A", "-t"]
        return _Shell([*command, "-v", "ON_ERROR_STOP=1"], self.user)

    def new_database(self, template: str = "template1") -> str:
        """The name of a new database with the content of another one, which must not be in use."""
        name = f"d{os.getpid()}_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _run(self, program: str, *arguments: object) -> str:
        command = [str(self.binaries / program), *map(str, arguments)]
        with tempfile.TemporaryFile() as output:  # the server keeps a pipe open
            done = subprocess.run(
                command, stdout=output, stderr=output, cwd="/", check=False, user=self.user, timeout=90
            )
            output.seek(0)
            printed = output.read().decode()
        assert done.returncode == 0, f"{command}: {printed}"
        return printed.strip()


_EMPTIED = """
DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = '{template}' LOOP
        EXECUTE format('DELETE FROM {schema}.%I', each);
        EXECUTE format('INSERT INTO {schema}.%I OVERRIDING SYSTEM VALUE SELECT * FROM {template}.%I', each, each);
    END LOOP;
    FOR each IN SELECT sequencename FROM pg_sequences WHERE schemaname = '{schema}' LOOP
        EXECUTE format('ALTER SEQUENCE {schema}.%I RESTART', each);
    END LOOP;
END $$
"""


class _Shell:
    """A psql that runs statements one after the other, because starting one takes longer than most statements."""

    def __init__(self, command: list[str], user: str | None) -> None:
        self._psql = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            user=user,
            text=True,
        )

    def run(self, sql: str) -> None:
        """Run statements, and return when they are done."""
        assert self._psql.stdin is not None
        assert self._psql.stdout is not None
        self._psql.stdin.write(f"{sql};\n\\echo done\n")
        self._psql.stdin.flush()
        printed: list[str] = []
        for line in self._psql.stdout:
            if line == "done\n":
                return
            printed.append(line)
        raise AssertionError(f"{sql}: {''.join(printed)}")


GUARD = """
import shutil, subprocess, sys
pg_ctl, folder = sys.argv[1:]
sys.stdin.read()
subprocess.run([pg_ctl, "-D", folder + "/data", "-m", "immediate", "stop"], cwd="/", user=USER, capture_output=True)
shutil.rmtree(folder, ignore_errors=True)
"""
"""Stops the server when the process that started it has ended in whatever way, because then its pipe is closed."""


@functools.cache
def shared() -> Server:
    """The server of this process, which runs until the process ends; skips the test if none is installed."""
    require()
    server = Server(Path(tempfile.mkdtemp(prefix="sensu-pg-")))
    server.create()
    guard(server)
    server.start()
    return server


def require() -> None:
    """Skip the test if no PostgreSQL server is installed."""
    if folder_of_binaries() is None:
        pytest.skip("no PostgreSQL server is installed (on Debian: apt-get install postgresql)")


def guard(server: Server) -> None:
    """Stop the server and remove its files when this process has ended."""
    script = GUARD.replace("USER", repr(server.user))
    command = [sys.executable, "-c", script, str(server.binaries / "pg_ctl"), str(server.folder)]
    subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
