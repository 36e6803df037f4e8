"""`sensuctl describe-type`: the types of resources."""

from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.kind import NOT_IN_ALL, Kind
from sensu.sensuctl.output import show_table, show_value
from sensu.sensuctl.table import Column
from sensu.sensuctl.type_names import ALL, kinds_named, short_name_of

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
        for kind, reason in NOT_IN_ALL.items():
            context.say(f"  {kind.qualified_name}: {reason}")


def _row(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.qualified_name,
        "short_name": short_name_of(kind),
        "api_version": kind.api_version,
        "type": kind.type,
        "namespaced": kind.namespaced,
    }
