"""`sensuctl config …`."""

from sensu.sensuctl.command import Command
from sensu.sensuctl.declare import ANY, FORMAT, ONE


def _setting(name: str, example: str) -> Command:
    usage = f"config set-{name} [{name.upper()}] [flags]"
    return Command(
        f"set-{name}",
        usage,
        f"Save another {name}",
        f"nouns.config:set_{name}",
        words=ONE,
        configured=False,
        example=f"sensuctl config set-{name} {example}",
    )


COMMANDS = (
    _setting("format", "json"),
    _setting("namespace", "production"),
    _setting("timeout", "30s"),
    Command(
        "view",
        "config view [flags]",
        "Show the configuration",
        "nouns.config:view",
        (FORMAT,),
        ANY,
        configured=False,
        example="sensuctl config view --format json",
    ),
)
