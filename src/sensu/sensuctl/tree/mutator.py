"""`sensuctl mutator …`."""

from collections.abc import Sequence
from typing import Any

from sensu.flags import Flag
from sensu.resources.kinds import MUTATOR
from sensu.sensuctl.declare import (
    ENV_VARS,
    INTERACTIVE,
    RUNTIME_ASSETS,
    creation,
    deletion,
    info,
    listing,
    update,
)
from sensu.sensuctl.failure import INVALID_ARGUMENTS, CommandFailed
from sensu.sensuctl.forms import FormField
from sensu.sensuctl.resource_commands import Noun, joined, name_of, namespace_of
from sensu.sensuctl.table import Column

FIELDS = (
    FormField("type", "Type:", "choice", choices=("pipe", "javascript"), default="pipe"),
    FormField("command", "Command:"),
    FormField("eval", "Eval:"),
    FormField("timeout", "Timeout:", "number"),
    FormField("env_vars", "Environment variables:", "list"),
    FormField("runtime_assets", "Runtime Assets:", "list"),
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


def refusal(_: str) -> CommandFailed:
    """The error for flags that describe no valid mutator.

    Source: recorded sensuctl session mutator.
    """
    return CommandFailed(INVALID_ARGUMENTS)


NOUN = Noun(MUTATOR, COLUMNS, details, FIELDS, question="Mutator Name:", refusal=refusal)
COMMANDS = (
    creation(
        "mutator",
        "shorten --command 'jq .check' --timeout 5",
        Flag("command", short="c", required=True, help="command that reads the event and writes the changed event"),
        ENV_VARS,
        Flag("eval", help="JavaScript of a mutator of type javascript"),
        INTERACTIVE,
        RUNTIME_ASSETS,
        Flag("timeout", short="t", help="seconds after which the command is stopped"),
        Flag("type", default="pipe", help='"pipe" or "javascript"'),
    ),
    deletion("mutator"),
    info("mutator"),
    listing("mutator"),
    update("mutator"),
)
