"""`sensuctl filter …`."""

from collections.abc import Sequence
from typing import Any

from sensu.flags import Flag
from sensu.resources.kinds import EVENT_FILTER
from sensu.sensuctl.declare import (
    FORMAT,
    INTERACTIVE,
    ONE_AT_MOST,
    change,
    creation,
    deletion,
    info,
    listing,
    update,
)
from sensu.sensuctl.forms import FormField
from sensu.sensuctl.resource_commands import Noun, joined, name_of, namespace_of
from sensu.sensuctl.table import Column

ALLOW = "allow"
FIELDS = (
    FormField("action", "Action:", "choice", choices=(ALLOW, "deny"), default=ALLOW),
    FormField("expressions", "Expressions (comma separated list):", "list"),
    FormField("runtime_assets", "Runtime Assets:", "list", asked_only=True),
)


def _expressions(event_filter: Any) -> str:
    """The expressions joined as the action combines them."""
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


NOUN = Noun(EVENT_FILTER, COLUMNS, details, FIELDS, question="Filter Name:")
COMMANDS = (
    creation(
        "filter",
        "hourly --action allow --expressions 'event.check.occurrences == 1'",
        Flag("action", short="a", required=True, help='what to do with matching events: "allow" or "deny"'),
        Flag("expressions", short="s", required=True, help="comma-separated JavaScript expressions"),
        INTERACTIVE,
    ),
    deletion("filter"),
    info("filter"),
    listing("filter"),
    change(
        "filter",
        "test",
        "nouns.explain:test_filter",
        "[NAME]",
        ONE_AT_MOST,
        "Test whether an event passes a filter, and why; nothing is sent or stored",
        "hourly --entity server-1 --check disk",
        Flag("check", short="c", help="check of the stored event to test with"),
        Flag("entity", short="e", help="entity of the stored event to test with"),
        Flag("event", help="file with an event to test with"),
        Flag("file", short="f", help="file with a filter to test instead of a stored one"),
        FORMAT,
    ),
    update("filter"),
)
