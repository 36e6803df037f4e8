"""`sensuctl describe-type`: the types of resources."""

from typing import Any

from sensu.resources.kinds import EVERY_KIND, Kind
from sensu.sensuctl.command import Context
from sensu.sensuctl.output import show_table, show_value
from sensu.sensuctl.table import Column
from sensu.sensuctl.type_names import ALL, kinds_named

COLUMNS = (
    Column("Fully Qualified Name", lambda row: row["name"], key=True),
    Column("Short Name", lambda row: row["short_name"]),
    Column("API Version", lambda row: row["api_version"]),
    Column("Type", lambda row: row["type"]),
    Column("Namespaced", lambda row: row["namespaced"]),
)


def describe(context: Context) -> None:
    """`sensuctl describe-type TYPES`."""
    rows = [_row(kind) for kind in kinds_named(context.words[0])]
    if not show_value(context, rows):
        show_table(context, COLUMNS, rows)
    if context.words[0] == ALL and context.for_people:
        context.say("not part of 'all':")
        for kind in EVERY_KIND:
            if kind.remark:
                context.say(f"  {kind.qualified_name}: {kind.remark}")


def _row(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.qualified_name,
        "short_name": kind.short_name,
        "api_version": kind.api_version,
        "type": kind.type,
        "namespaced": kind.namespaced,
    }
