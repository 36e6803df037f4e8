"""`sensuctl license …`: the license of Sensu Go, which nothing here needs."""

from sensu.sensuctl.command import Command
from sensu.sensuctl.declare import FORMAT

COMMANDS = (
    Command(
        "info",
        "license info [flags]",
        "Show the stored license and the number of entities (no license is needed)",
        "nouns.license:show_license",
        (FORMAT,),
        example="sensuctl license info",
    ),
)
