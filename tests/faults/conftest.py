"""Backends of these tests use a PostgreSQL database where the variable TEST_STORE says `postgres`."""

import pytest

from tests import postgres_server
from tests.stores import ON_POSTGRES


@pytest.fixture(autouse=True)
def _database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new database for each test."""
    if ON_POSTGRES:
        server = postgres_server.shared()
        monkeypatch.setenv("SENSU_BACKEND_STORE", server.url(database=server.new_database()))
