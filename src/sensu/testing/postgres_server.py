"""A PostgreSQL server for tests and measurements, started by hand in a folder, with a Unix socket and no port."""

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

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
        if binaries is None:
            raise RuntimeError("no PostgreSQL server is installed (on Debian: apt-get install postgresql)")
        self.binaries, self.folder, self._settings = binaries, folder, settings
        self._data = folder / "data"
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

    @property
    def pid(self) -> int:
        """The id of the process whose children serve."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

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

    def new_database(self, template: str = "template1") -> str:
        """The name of a new database with the content of another one, which must not be in use."""
        name = f"d{os.getpid()}_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _run(self, program: str, *arguments: object) -> str:
        command = [str(self.binaries / program), *map(str, arguments)]
        with tempfile.TemporaryFile() as output:  # the server keeps a pipe open
            done = subprocess.run(  # noqa: S603 - a program of PostgreSQL with fixed arguments
                command, stdout=output, stderr=output, cwd="/", check=False, user=self.user, timeout=90
            )
            output.seek(0)
            printed = output.read().decode()
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {printed}")
        return printed.strip()


GUARD = """
import shutil, subprocess, sys
pg_ctl, folder = sys.argv[1:]
sys.stdin.read()
subprocess.run([pg_ctl, "-D", folder + "/data", "-m", "immediate", "stop"], cwd="/", user=USER, capture_output=True)
shutil.rmtree(folder, ignore_errors=True)
"""
"""Stops the server when the process that started it has ended in whatever way, because then its pipe is closed."""


def guard(server: Server) -> None:
    """Stop the server and remove its files when this process has ended."""
    script = GUARD.replace("USER", repr(server.user))
    command = [sys.executable, "-c", script, str(server.binaries / "pg_ctl"), str(server.folder)]
    subprocess.Popen(  # noqa: S603 - the script above
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
