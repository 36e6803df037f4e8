"""`sensuctl hook …`."""

from collections.abc import Sequence
from typing import Any

from sensu.flags import Flag
from sensu.resources.kinds import HOOK
from sensu.sensuctl.declare import INTERACTIVE, creation, deletion, info, listing, update
from sensu.sensuctl.forms import FormField
from sensu.sensuctl.resource_commands import Noun, name_of, namespace_of
from sensu.sensuctl.table import Column

FIELDS = (
    FormField("command", "Command:"),
    FormField("timeout", "Timeout:", "number", default=60),
    FormField("stdin", "Stdin:", "bool", default=False),
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


NOUN = Noun(HOOK, COLUMNS, details, FIELDS, question="Hook Name:")
COMMANDS = (
    creation(
        "hook",
        "process_tree --command 'ps aux' --timeout 10",
        Flag("command", short="c", required=True, help="command to run"),
        INTERACTIVE,
        Flag("stdin", "bool", default=False, short="s", help="pass the event on standard input"),
        Flag("timeout", short="t", default="60", help="seconds after which the command is stopped"),
    ),
    deletion("hook"),
    info("hook", "[ID]"),
    listing("hook"),
    update("hook"),
)
