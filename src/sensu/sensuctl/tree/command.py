"""`sensuctl command …`: commands that users add to sensuctl."""

from sensu.flags import Flag
from sensu.sensuctl.command import Command
from sensu.sensuctl.declare import FORMAT, SOME, change, deletion

COMMANDS = (
    deletion("command", "[ALIAS]", run="nouns.command_plugin:delete_command"),
    change(
        "command",
        "exec",
        "nouns.command_plugin:execute",
        "[ALIAS] [args]",
        SOME,
        "Run an installed command",
        "ALIAS WORDS -- --flags",
    ),
    change(
        "command",
        "install",
        "nouns.command_plugin:install",
        "[ALIAS] ([NAME]:[VERSION] | --url [ARCHIVE_URL] --checksum [ARCHIVE_CHECKSUM])",
        (1, 2),
        "Install a command from Bonsai or an archive",
        "ALIAS NAMESPACE/NAME:1.0.0",
        Flag("checksum", help="SHA-512 checksum of the archive"),
        Flag("url", help="URL of an archive"),
    ),
    Command(
        "list",
        "command list [flags]",
        "List installed commands",
        "nouns.command_plugin:list_commands",
        (FORMAT,),
        example="sensuctl command list",
    ),
)
