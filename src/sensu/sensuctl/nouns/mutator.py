"""`sensuctl mutator …`."""

from collections.abc import Sequence
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import INVALID_ARGUMENTS, CommandFailed
from sensu.sensuctl.forms import Field, asked_metadata, from_answers, from_flags
from sensu.sensuctl.kind import MUTATOR
from sensu.sensuctl.resource_commands import (
    checked,
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

FIELDS = (
    Field("type", "Type:", "choice", choices=("pipe", "javascript"), default="pipe"),
    Field("command", "Command:"),
    Field("eval", "Eval:"),
    Field("timeout", "Timeout:", "number"),
    Field("env_vars", "Environment variables:", "list"),
    Field("runtime_assets", "Runtime Assets:", "list"),
)
COLUMNS = (
    Column("Name", name_of, key=True),
    Column("Command", lambda mutator: mutator.get("command", "")),
    Column("Environment Variables", lambda mutator: joined(mutator.get("env_vars")), key=True),
    Column("Timeout", lambda mutator: str(mutator.get("timeout", 0))),
    Column("Assets", lambda mutator: joined(mutator.get("runtime_assets"))),
)


def details(mutator: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `mutator info`."""
    return (
        ("Name", name_of(mutator)),
        ("Command", mutator.get("command", "")),
        ("Timeout", str(mutator.get("timeout", 0))),
        ("Namespace", namespace_of(mutator)),
        ("Runtime Assets", joined(mutator.get("runtime_assets"), ", ")),
    )


def list_mutators(context: Context) -> None:
    """`sensuctl mutator list`."""
    list_resources(context, MUTATOR, COLUMNS)


def show_mutator(context: Context) -> None:
    """`sensuctl mutator info NAME`."""
    show_resource(context, MUTATOR, name_of, details)


def delete_mutator(context: Context) -> None:
    """`sensuctl mutator delete NAME`."""
    delete_resource(context, MUTATOR)


def create_mutator(context: Context) -> None:
    """`sensuctl mutator create NAME`.

    Source: recorded sensuctl session mutator.
    """
    name = first_word(context)
    if context.flag("interactive"):
        metadata = asked_metadata(context, "Mutator Name:", name)
        create_resource(context, MUTATOR, {**from_answers(context, FIELDS), "metadata": metadata})
        return
    mutator = {**from_flags(context, FIELDS), "metadata": metadata_of(context, name)}
    try:
        checked(MUTATOR, mutator)
    except CommandFailed as err:
        raise CommandFailed(INVALID_ARGUMENTS) from err
    create_resource(context, MUTATOR, mutator)


def update_mutator(context: Context) -> None:
    """`sensuctl mutator update NAME`."""
    mutator = get_resource(context, MUTATOR)
    replace_resource(context, MUTATOR, {**mutator, **from_answers(context, FIELDS, mutator)})
    context.print("Updated")
