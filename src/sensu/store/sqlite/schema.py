"""Migrates a database to the schema of this version with numbered migrations."""

import sqlite3
from importlib.resources import files
from pathlib import Path

from sensu.errors import StoreError


def migrations() -> dict[int, str]:
    """The SQL of every migration by its number."""
    folder = files("sensu.store.sqlite") / "migrations"
    found: dict[int, str] = {}
    for script in (entry for entry in folder.iterdir() if entry.name.endswith(".sql")):
        number = int(script.name.partition("_")[0])
        if number in found:
            raise StoreError(f"two migrations have the number {number}")
        found[number] = script.read_text()
    return found


def migrate(connection: sqlite3.Connection, path: Path, known: dict[int, str]) -> None:
    """Apply the missing `known` migrations, each in a transaction; raises StoreError if the schema is newer."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    newest = max(known)
    if version > newest:
        raise StoreError(
            f"the database {path} has schema version {version}, written by a newer version of this program"
            f" (this one knows up to {newest})"
        )
    for number in sorted(known):
        if number > version:
            _apply(connection, number, known[number])


def _apply(connection: sqlite3.Connection, number: int, script: str) -> None:
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
