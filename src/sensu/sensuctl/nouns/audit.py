"""`sensuctl audit list`: who changed what and who logged in.

Source: docs/api.md, "Audit log".
"""

from typing import Any

from sensu.resources.kinds import Kind
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.output import show_table, show_value
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.resource_commands import go_time, selected
from sensu.sensuctl.table import Column

AUDIT = Kind("AuditRecord", "audit", namespaced=False, api_version="sensu/v1")
PAGE_SIZE = 500


def _what(record: Any) -> str:
    """`CheckConfig default/http`, or the user of a log-in."""
    place = "/".join(str(record[part]) for part in ("namespace", "name") if record.get(part))
    return f"{record.get('type') or ''} {place}".strip()


def _fields(record: Any) -> str:
    """The fields that an update changed."""
    from sensu.sensuctl.comparison import differing_fields  # noqa: PLC0415 - only for updates

    if record.get("action") != "update":
        return ""
    fields = differing_fields(record.get("before") or {}, record.get("after") or {})
    return ", ".join(fields or ["secrets"] if record.get("secrets_changed") else fields)


COLUMNS = (
    Column("At", lambda record: go_time(int(record.get("at") or 0)), spare=1, whole=True),
    Column("Username", lambda record: record.get("username", ""), key=True),
    Column("Address", lambda record: record.get("address", ""), spare=2, whole=True),
    Column("Via", lambda record: record.get("via", ""), spare=3),
    Column("Action", lambda record: record.get("action", ""), whole=True),
    Column("Resource", _what),
    Column("Fields", _fields),
)


def list_audit(context: Context) -> None:
    """`sensuctl audit list`: the newest entries first, at most --last."""
    last = int(context.flag("last"))
    if last < 0:
        raise CommandFailed("--last must not be below 0")
    records: list[Any] = []
    for page in context.session.pages(resource_path(AUDIT, ""), selected(context), min(last, PAGE_SIZE) or PAGE_SIZE):
        records += page.items
        if last and len(records) >= last:
            break
    records = records[: last or None]
    if not show_value(context, records):
        show_table(context, COLUMNS, records)
