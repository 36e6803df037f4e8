"""`sensuctl filter …`."""

from collections.abc import Sequence
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.forms import Field, asked_metadata, from_answers, from_flags
from sensu.sensuctl.kind import EVENT_FILTER
from sensu.sensuctl.resource_commands import (
    create_resource,
    delete_resource,
    first_word,
    get_resource,
    joined,
    list_resources,
    metadata_of,
    name_of,
    namespace_of,
    replace_resource,
    show_resource,
)
from sensu.sensuctl.table import Column

ALLOW = "allow"
FIELDS = (
    Field("action", "Action:", "choice", choices=(ALLOW, "deny"), default=ALLOW),
    Field("expressions", "Expressions (comma separated list):", "list"),
)
ASSETS = Field("runtime_assets", "Runtime Assets:", "list")


def _expressions(event_filter: Any) -> str:
    """The expressions as one, as the action joins them."""
    separator = " && " if event_filter.get("action") == ALLOW else " || "
    return separator.join(f"({expression})" for expression in event_filter.get("expressions") or ())


COLUMNS = (
    Column("Name", name_of, key=True),
    Column("Action", lambda event_filter: event_filter.get("action", "")),
    Column("Expressions", _expressions),
)


def details(event_filter: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `filter info`."""
    return (
        ("Name", name_of(event_filter)),
        ("Namespace", namespace_of(event_filter)),
        ("Action", event_filter.get("action", "")),
        ("Expressions", joined(event_filter.get("expressions"), " && ")),
        ("RuntimeAssets", joined(event_filter.get("runtime_assets"), ", ")),
    )


def list_filters(context: Context) -> None:
    """`sensuctl filter list`."""
    list_resources(context, EVENT_FILTER, COLUMNS)


def show_filter(context: Context) -> None:
    """`sensuctl filter info NAME`."""
    show_resource(context, EVENT_FILTER, name_of, details)


def delete_filter(context: Context) -> None:
    """`sensuctl filter delete NAME`."""
    delete_resource(context, EVENT_FILTER)


def create_filter(context: Context) -> None:
    """`sensuctl filter create NAME`."""
    name = first_word(context)
    if context.flag("interactive"):
        metadata = asked_metadata(context, "Filter Name:", name)
        event_filter = from_answers(context, (*FIELDS, ASSETS))
    else:
        metadata = metadata_of(context, name)
        event_filter = from_flags(context, FIELDS)
    create_resource(context, EVENT_FILTER, {**event_filter, "metadata": metadata})


def update_filter(context: Context) -> None:
    """`sensuctl filter update NAME`."""
    event_filter = get_resource(context, EVENT_FILTER)
    replace_resource(context, EVENT_FILTER, {**event_filter, **from_answers(context, (*FIELDS, ASSETS), event_filter)})
    context.print("Updated")
