"""`sensuctl config …`."""

from sensu.sensuctl.command import Command
from sensu.sensuctl.declare import ANY, FORMAT, ONE


def _setting(name: str, summary: str, example: str) -> Command:
    usage = f"config set-{name} [{name.upper()}] [flags]"
    return Command(
        f"set-{name}",
        usage,
        summary,
        f"nouns.config:set_{name}",
        words=ONE,
        configured=False,
        example=f"sensuctl config set-{name} {example}",
    )


COMMANDS = (
    _setting("format", "Set the preferred output format", "json"),
    _setting("namespace", "Set the preferred namespace", "production"),
    _setting("timeout", "Set the timeout of requests", "30s"),
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
