"""How to use sensuctl and each of its commands, in words."""

from collections.abc import Sequence

from sensu.flags import Flag
from sensu.sensuctl.command import Command, Group
from sensu.sensuctl.configuration import GLOBAL_FLAGS
from sensu.sensuctl.tree import TREE


def group_help(group: Command | Group | None) -> str:
    """What there is under a noun, or under sensuctl."""
    if isinstance(group, Command):
        return command_help(group)
    if group is None:
        lines = ["sensuctl controls Sensu instances", "", "Usage:\tsensuctl COMMAND", "", "Commands:"]
        entries = [(name, found.summary) for name, found in sorted(TREE.items())]
        more = "sensuctl COMMAND --help"
    else:
        lines = [group.summary, "", f"Usage:\tsensuctl {group.name} COMMAND", "", "Commands:"]
        entries = [(command.name, command.summary) for command in group.commands]
        more = f"sensuctl {group.name} COMMAND --help"
    width = max((len(name) for name, _ in entries), default=0)
    lines += [f"  {name.ljust(width)}  {summary}" for name, summary in entries]
    lines += ["", *_flag_lines("Global Flags", GLOBAL_FLAGS), "", f'Use "{more}" for more about a command.']
    return "\n".join(lines) + "\n"


def command_help(command: Command) -> str:
    """How to use a command, with an example."""
    lines = [command.summary, "", f"Usage:\tsensuctl {command.usage}"]
    if command.example:
        lines += ["", "Example:", *(f"  {line}" for line in command.example.splitlines())]
    own = {flag.name for flag in command.flags}
    shared = [flag for flag in GLOBAL_FLAGS if flag.name not in own]
    for title, flags in (("Flags", command.flags), ("Global Flags", shared)):
        shown = _flag_lines(title, flags)
        lines += ["", *shown] if shown else []
    return "\n".join(lines) + "\n"


def _flag_lines(title: str, flags: Sequence[Flag]) -> list[str]:
    visible = [(f"{flag.shown} {value_of(flag)}".rstrip(), flag) for flag in flags if not flag.hidden]
    if not visible:
        return []
    width = max(len(left) for left, _ in visible)
    return [f"{title}:", *(f"  {left.ljust(width)}  {flag.help}{default_of(flag)}" for left, flag in visible)]


def value_of(flag: Flag) -> str:
    """The kind of value that a flag takes, empty for one that is true or false."""
    return "" if flag.kind == "bool" else flag.kind


def default_of(flag: Flag) -> str:
    """` (default …)`, empty where the default is nothing worth telling."""
    if flag.default in (None, "", False, 0, ()):
        return ""
    if flag.kind == "duration":
        return f" (default {flag.default:g}s)"
    return f" (default {str(flag.default).lower() if flag.kind == 'bool' else flag.default})"
