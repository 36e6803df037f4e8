"""`sensuctl hook …`."""

from collections.abc import Sequence
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.forms import Field, asked_metadata, from_answers, from_flags
from sensu.sensuctl.kind import HOOK
from sensu.sensuctl.resource_commands import (
    create_resource,
    delete_resource,
    first_word,
    get_resource,
    list_resources,
    metadata_of,
    name_of,
    namespace_of,
    replace_resource,
    show_resource,
)
from sensu.sensuctl.table import Column

FIELDS = (
    Field("command", "Command:"),
    Field("timeout", "Timeout:", "number", default=60),
    Field("stdin", "Stdin:", "bool", default=False),
)
COLUMNS = (
    Column("Name", name_of, key=True),
    Column("Command", lambda hook: hook.get("command", "")),
    Column("Timeout", lambda hook: hook.get("timeout", 0)),
    Column("Stdin?", lambda hook: bool(hook.get("stdin"))),
)


def details(hook: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `hook info`."""
    return (
        ("Name", name_of(hook)),
        ("Command", hook.get("command", "")),
        ("Timeout", str(hook.get("timeout", 0))),
        ("Stdin?", "true" if hook.get("stdin") else "false"),
        ("Namespace", namespace_of(hook)),
    )


def list_hooks(context: Context) -> None:
    """`sensuctl hook list`."""
    list_resources(context, HOOK, COLUMNS)


def show_hook(context: Context) -> None:
    """`sensuctl hook info NAME`."""
    show_resource(context, HOOK, name_of, details)


def delete_hook(context: Context) -> None:
    """`sensuctl hook delete NAME`."""
    delete_resource(context, HOOK)


def create_hook(context: Context) -> None:
    """`sensuctl hook create NAME`."""
    name = first_word(context)
    if context.flag("interactive"):
        metadata = asked_metadata(context, "Hook Name:", name)
        hook = from_answers(context, FIELDS)
    else:
        metadata = metadata_of(context, name)
        hook = from_flags(context, FIELDS)
    create_resource(context, HOOK, {**hook, "metadata": metadata})


def update_hook(context: Context) -> None:
    """`sensuctl hook update NAME`."""
    hook = get_resource(context, HOOK)
    replace_resource(context, HOOK, {**hook, **from_answers(context, FIELDS, hook)})
    context.print("Updated")
