"""`sensuctl __complete WORDS…`: the names that may follow on a command line, asked for by the scripts of shells.

Whatever goes wrong, there are no names: a shell has no place for messages.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from sensu.errors import SensuError
from sensu.flags import Flag, HelpAsked, parse
from sensu.sensuctl.command import Command, Group
from sensu.sensuctl.configuration import GLOBAL_FLAGS, load
from sensu.sensuctl.kind import EVENT, NAMED, NAMESPACE, Kind
from sensu.sensuctl.names import checks_of_entity, names_of
from sensu.sensuctl.session import Session
from sensu.sensuctl.tree import TREE
from sensu.sensuctl.type_names import kind_named

TIMEOUT_S = 1.0
NAMES_MAX = 500
NAMESPACE_FLAG = "namespace"
"""What to ask for in the place of words, where the name of a namespace is wanted."""
_KINDS = {"silenced": "silenced", "api-key": "apikeys", "filter": "filters"}
_UNNAMED_VERBS = ("create", "list", "outdated", "add", "hash-password")


def write_names(words: Sequence[str], environment: Mapping[str, str], stdout: TextIO) -> int:
    """Write the names that may follow the words, one a line; those of namespaces after `--namespace` alone."""
    with contextlib.suppress(SensuError, HelpAsked, OSError, ValueError):
        for name in _names(words, environment):
            stdout.write(name + "\n")
    return 0


def _names(words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    asks_namespace = bool(words) and words[-1] == f"--{NAMESPACE_FLAG}"
    parsed = parse([*_flags_of(words), *GLOBAL_FLAGS], words[:-1] if asks_namespace else words)
    known = {flag.name for flag in GLOBAL_FLAGS}
    settings = {name: value for name, value in parsed.values.items() if name in known}
    configuration = load({**settings, "timeout": TIMEOUT_S}, environment)
    session = Session(configuration)
    if asks_namespace:
        return names_of(session, NAMESPACE, "", NAMES_MAX)
    kind, given = _wanted(parsed.words)
    if kind is None or len(given) > (1 if kind == EVENT else 0):
        return []
    if given:
        return checks_of_entity(session, configuration.namespace, given[0], NAMES_MAX)
    return names_of(session, kind, configuration.namespace, NAMES_MAX)


def _flags_of(words: Sequence[str]) -> Iterator[Flag]:
    """The flags of the command that the words name, but for those of every command."""
    known = {flag.name for flag in GLOBAL_FLAGS}
    for word in words:
        found = TREE.get(word)
        commands = found.commands if isinstance(found, Group) else (found,) if isinstance(found, Command) else ()
        named = [command for command in commands if command.name in words]
        for command in named[:1]:
            yield from (flag for flag in command.flags if flag.name not in known)
        if commands:
            return


def _wanted(words: Sequence[str]) -> tuple[Kind | None, list[str]]:
    """The kind whose name comes next, and the names that stand there already."""
    if words[:1] == ["edit"] and len(words) > 1:
        return kind_named(words[1]), list(words[2:])
    found = TREE.get(words[0]) if words else None
    if not isinstance(found, Group) or len(words) < 2 or words[1] in _UNNAMED_VERBS:
        return None, []
    segment = _KINDS.get(found.name) or found.name.replace("-", "") + "s"
    segment = {"entitys": "entities"}.get(segment, segment)
    return next((kind for kind in NAMED if kind.segment == segment), None), list(words[2:])
