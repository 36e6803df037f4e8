"""The help of sensuctl and of each command."""

import os
from collections.abc import Sequence
from typing import TextIO

from sensu.flags import Flag
from sensu.sensuctl.command import Command, Group
from sensu.sensuctl.configuration import GLOBAL_FLAGS
from sensu.sensuctl.tree.contents import SECTIONS

WIDTH_MIN = 40


def width_of(stream: TextIO) -> int:
    """The width of a stream's terminal, 0 if it is not a terminal."""
    if not stream.isatty():
        return 0
    try:
        return max(WIDTH_MIN, os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):
        return 80


def group_help(group: Command | Group | None, width: int = 0) -> str:
    """The help of a noun, or of sensuctl, wrapped to a width if it is not 0."""
    if isinstance(group, Command):
        return command_help(group, width)
    if group is None:
        lines = ["sensuctl manages Sensu: checks, entities, events, handlers, users and access.", ""]
        lines += ["Usage:\tsensuctl COMMAND"]
        sections = [(title, [*summaries.items()]) for title, summaries in SECTIONS.items()]
        more = "sensuctl COMMAND --help"
    else:
        lines = [group.summary, "", f"Usage:\tsensuctl {group.name} COMMAND"]
        sections = [("Commands", [(command.name, command.summary) for command in group.commands])]
        more = f"sensuctl {group.name} COMMAND --help"
    left = max((len(name) for _, entries in sections for name, _ in entries), default=0)
    for title, entries in sections:
        lines += ["", f"{title}:", *(line for name, text in entries for line in _entry(name, left, text, width))]
    lines += [
        "",
        *_flag_lines("Global Flags", GLOBAL_FLAGS, width),
        "",
        f'Use "{more}" for more information about a command.',
    ]
    return "\n".join(lines) + "\n"


def command_help(command: Command, width: int = 0) -> str:
    """The help of a command, wrapped to a width if it is not 0."""
    lines = [*_wrapped(f"{command.summary}.", width, ""), "", f"Usage:\tsensuctl {command.usage}"]
    if command.example:
        lines += ["", "Example:", *(f"  {line}" for line in command.example.splitlines())]
    own = {flag.name for flag in command.flags}
    shared = [flag for flag in GLOBAL_FLAGS if flag.name not in own]
    for title, flags in (("Flags", command.flags), ("Global Flags", shared)):
        shown = _flag_lines(title, flags, width)
        lines += ["", *shown] if shown else []
    return "\n".join(lines) + "\n"


def _flag_lines(title: str, flags: Sequence[Flag], width: int) -> list[str]:
    visible = [(f"{flag.shown} {value_of(flag)}".rstrip(), flag) for flag in flags if not flag.hidden]
    if not visible:
        return []
    left = max(len(shown) for shown, _ in visible)
    texts = [(shown, f"{flag.help}{default_of(flag)}") for shown, flag in visible]
    return [f"{title}:", *(line for shown, text in texts for line in _entry(shown, left, text, width))]


def _entry(name: str, left: int, text: str, width: int) -> list[str]:
    """A name and its description, wrapped if it is long."""
    indent = " " * (left + 4)
    first, *rest = _wrapped(text, width, indent) or [""]
    return [f"  {name.ljust(left)}  {first.lstrip()}", *rest]


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    if not width:
        return [indent + text]
    import textwrap  # noqa: PLC0415 - only at a terminal

    room = max(width - 1, len(indent) + WIDTH_MIN // 2)
    return textwrap.wrap(text, room, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def value_of(flag: Flag) -> str:
    """The kind of value that a flag takes, empty for a boolean flag."""
    return "" if flag.kind == "bool" else flag.kind


def default_of(flag: Flag) -> str:
    """` (default …)`, empty for an empty default."""
    if flag.default in (None, "", False, 0, ()):
        return ""
    if flag.kind == "duration":
        return f" (default {flag.default:g}s)"
    return f" (default {str(flag.default).lower() if flag.kind == 'bool' else flag.default})"
