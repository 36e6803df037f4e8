"""The reference of sensuctl as a page of the documentation; `python -m sensu.sensuctl.reference` writes it.

It says what `--help` says, so that neither can be wrong alone.
"""

import sys
from collections.abc import Iterator, Sequence

from sensu.flags import Flag
from sensu.sensuctl.command import Command, Group
from sensu.sensuctl.configuration import GLOBAL_FLAGS
from sensu.sensuctl.tree.contents import TREE
from sensu.sensuctl.usage import default_of, value_of

HEAD = """\
# sensuctl, command by command

This page is made by `make docs` from what `sensuctl COMMAND --help` shows. See [sensuctl](README.md) for how the
commands work together.

Flags may stand anywhere on the line, as `--name value` or `--name=value`; flags that are true or false take a value
only with `=`. Lists are comma-separated, and flags that take several values may be repeated.

## Flags of every command

Each may also be given as a variable: `--api-url` as `SENSU_API_URL`. A flag counts before the variable, the variable
before the file.
"""


def reference() -> str:
    """The page in Markdown."""
    lines = [HEAD, *_flag_lines(GLOBAL_FLAGS)]
    for name, found in sorted(TREE.items()):
        lines += ["", f"## {name}", ""]
        if isinstance(found, Command):
            lines += _command_lines(found)
            continue
        lines.append(f"{found.summary}: {_verbs(found)}.")
        for command in found.commands:
            lines += ["", f"### {name} {command.name}", "", *_command_lines(command)]
    return "\n".join(lines) + "\n"


def _verbs(group: Group) -> str:
    links = (f"[{command.name}](#{group.name}-{command.name})" for command in group.commands)
    return ", ".join(links)


def _command_lines(command: Command) -> Iterator[str]:
    yield f"{command.summary[:1].upper()}{command.summary[1:]}."
    yield ""
    yield "```"
    yield f"sensuctl {command.usage}"
    yield "```"
    if command.example:
        yield ""
        yield "For example:"
        yield ""
        yield "```"
        yield command.example
        yield "```"
    if any(not flag.hidden for flag in command.flags):
        yield ""
        yield from _flag_lines(command.flags)


def _flag_lines(flags: Sequence[Flag]) -> Iterator[str]:
    yield "| flag | |"
    yield "| --- | --- |"
    for flag in flags:
        if not flag.hidden:
            required = " (required)" if flag.required else ""
            shown = f"{flag.shown} {value_of(flag)}".rstrip()
            yield f"| `{shown}` | {flag.help.replace('|', chr(92) + '|')}{required}{default_of(flag)} |"


if __name__ == "__main__":
    sys.stdout.write(reference())
