"""Reads the database of Uptime Kuma, in the form of the backups that version 1 made."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sensu.sensuctl.failure import CommandFailed

MAGIC = b"SQLite format 3\0"
_STATUSES = "accepted_statuscodes_json"
_AS_THEY_ARE = frozenset(
    ("basic_auth_user", "basic_auth_pass", "bearer_token", "dns_resolve_type", "dns_resolve_server")
    + ("docker_container", "ping_count", "system_service_name")
)
"""Columns that backups do not have in camel case."""


def is_database(path: Path) -> bool:
    """Whether a file is an SQLite database; raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def backup_in(path: Path) -> Mapping[str, Any]:
    """The monitors and notifications in a database, which is opened for reading only; raises CommandFailed."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return _content(database)
    except (sqlite3.Error, UnicodeDecodeError) as err:
        raise CommandFailed(f"{path} cannot be read as a database of Uptime Kuma: {err}") from err


def _content(database: sqlite3.Connection) -> Mapping[str, Any]:
    tables = {str(row[0]) for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"monitor", "notification", "monitor_notification"} <= tables:
        raise CommandFailed("this database is not one of Uptime Kuma: it has no monitors")
    chosen: dict[int, dict[str, bool]] = {}
    for row in database.execute("SELECT monitor_id, notification_id FROM monitor_notification"):
        chosen.setdefault(row[0], {})[str(row[1])] = True
    tags: dict[int, list[dict[str, Any]]] = {}
    if {"tag", "monitor_tag"} <= tables:
        query = "SELECT m.monitor_id, t.name, m.value FROM monitor_tag AS m JOIN tag AS t ON t.id = m.tag_id"
        for row in database.execute(query):
            tags.setdefault(row[0], []).append({"name": row[1], "value": row[2]})
    monitors = []
    for row in database.execute("SELECT * FROM monitor ORDER BY id"):
        monitor = dict(_fields(row))
        extra = {"notificationIDList": chosen.get(row["id"], {}), "tags": tags.get(row["id"], [])}
        monitors.append({**monitor, **extra})
    content: dict[str, Any] = {
        "monitorList": monitors,
        "notificationList": [dict(row) for row in database.execute("SELECT * FROM notification ORDER BY id")],
    }
    if "status_page" in tables:
        content["statusPageList"] = [dict(row) for row in database.execute("SELECT title FROM status_page ORDER BY id")]
    if {"maintenance", "monitor_maintenance"} <= tables:
        content["maintenanceList"] = [*_maintenance(database)]
    return content


def _maintenance(database: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    """The maintenance plans with the ids of their monitors."""
    monitors: dict[int, list[int]] = {}
    for row in database.execute("SELECT maintenance_id, monitor_id FROM monitor_maintenance"):
        monitors.setdefault(row[0], []).append(row[1])
    for row in database.execute("SELECT * FROM maintenance ORDER BY id"):
        yield {**dict(row), "monitors": monitors.get(row["id"], [])}


def _fields(row: sqlite3.Row) -> Iterator[tuple[str, Any]]:
    for column in row.keys():  # noqa: SIM118 - a row iterates over its values
        if column == _STATUSES:
            yield _STATUSES.removesuffix("_json"), row[column]
        else:
            camel = re.sub(r"_([a-z])", lambda found: found[1].upper(), column)
            yield column if column in _AS_THEY_ARE else camel, row[column]
