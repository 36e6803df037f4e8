"""`sensuctl tessen …`: the setting for usage reports, which are never sent."""

from sensu.sensuctl.command import Command
from sensu.sensuctl.declare import FORMAT, NONE, SKIP_CONFIRM, change

COMMANDS = (
    Command(
        "info",
        "tessen info [flags]",
        "Show whether usage reporting is enabled (nothing is ever sent)",
        "nouns.tessen:show_tessen",
        (FORMAT,),
        example="sensuctl tessen info",
    ),
    change("tessen", "opt-in", "nouns.tessen:opt_in", "", NONE, "Set opt-out to false", ""),
    change(
        "tessen",
        "opt-out",
        "nouns.tessen:opt_out",
        "",
        NONE,
        "Set opt-out to true",
        "--skip-confirm",
        SKIP_CONFIRM,
    ),
)
