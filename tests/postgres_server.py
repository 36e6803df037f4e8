"""The PostgreSQL server of tests.

Each test gets a schema of its own, so that databases need not be created. Tests that end leave their schemas to later
ones: emptying the tables of a schema takes a tenth of the time of creating them.
"""

import functools
import subprocess
import tempfile
from pathlib import Path

import pytest

from sensu.store.postgres.schema import SCHEMA_VERSION, migrations
from sensu.testing import postgres_server
from sensu.testing.postgres_server import folder_of_binaries, guard


class Server(postgres_server.Server):
    """A PostgreSQL server whose schemas are used by one test after the other."""

    def __init__(self, folder: Path, settings: tuple[str, ...] = postgres_server.SETTINGS) -> None:
        super().__init__(folder, settings)
        self._template = ""
        self._idle: list[str] = []
        self._in_use: list[str] = []

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


_EMPTIED = """
DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = '{template}' LOOP
        IF pg_total_relation_size(format('{schema}.%I', each)::regclass) > 500000 THEN
            EXECUTE format('TRUNCATE {schema}.%I', each);  -- which takes longer with small tables
        ELSE
            EXECUTE format('DELETE FROM {schema}.%I', each);
        END IF;
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
