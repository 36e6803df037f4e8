"""`sensuctl audit …`."""

from sensu.flags import Flag
from sensu.sensuctl.command import Command
from sensu.sensuctl.declare import FIELD_SELECTOR, FORMAT

COMMANDS = (
    Command(
        "list",
        "audit list [flags]",
        "List who changed what and who logged in, newest first",
        "nouns.audit:list_audit",
        (
            FIELD_SELECTOR,
            FORMAT,
            Flag("last", "int", default=100, help="number of entries to list (0: all)"),
        ),
        example="sensuctl audit list --last 20 --field-selector 'audit.username == alice'",
    ),
)
