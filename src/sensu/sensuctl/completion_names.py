"""`sensuctl __complete WORDS…`: the names that may follow on a command line, for the completion scripts of shells.

If a request fails or takes too long, no names are written, because a shell cannot show messages.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from sensu.errors import SensuError
from sensu.flags import Flag, HelpAsked, parse
from sensu.resources.kinds import EVENT, NAMESPACE, USER, Kind, by_noun
from sensu.sensuctl.command import Command, Group
from sensu.sensuctl.configuration import GLOBAL_FLAGS, load
from sensu.sensuctl.names import checks_of_entity, names_of
from sensu.sensuctl.session import APISession
from sensu.sensuctl.tree.contents import TREE
from sensu.sensuctl.type_names import kind_named

TIMEOUT_S = 1.0
"""The maximum time to wait for names."""
NAMES_MAX = 500
NAMESPACE_FLAG = "--namespace"
"""The last word if the name of a namespace is to be completed."""
_UNNAMED = ("create", "list", "outdated", "add", "hash-password")
"""Verbs whose words are not names of existing resources."""


def write_names(words: Sequence[str], environment: Mapping[str, str], stdout: TextIO) -> int:
    """Write the names that may follow the words, one a line."""
    found: list[str] = []

    def ask() -> None:
        with contextlib.suppress(SensuError, HelpAsked, OSError, ValueError):
            found.extend(_names(words, environment))

    asking = threading.Thread(target=ask, daemon=True)  # a look-up of the host's name cannot be interrupted
    asking.start()
    asking.join(TIMEOUT_S)
    if not asking.is_alive():
        stdout.writelines(f"{name}\n" for name in found)
    return 0


def kind_wanted(noun: str, verb: str) -> Kind | None:
    """The kind whose name a command takes first, None if it takes none."""
    if noun == "api-key":
        return USER if verb == "grant" else None
    kind = by_noun(noun)
    found = TREE.get(noun)
    commands = found.commands if isinstance(found, Group) else ()
    takes_words = any(command.name == verb and command.words[1] for command in commands)
    return kind if takes_words and verb not in _UNNAMED else None


def _names(words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    asks_namespace = list(words[-1:]) == [NAMESPACE_FLAG]
    parsed = parse([*_flags_of(words), *GLOBAL_FLAGS], words[:-1] if asks_namespace else words)
    known = {flag.name for flag in GLOBAL_FLAGS}
    settings = {name: value for name, value in parsed.values.items() if name in known}
    configuration = load({**settings, "timeout": TIMEOUT_S}, environment)
    if asks_namespace:
        return names_of(APISession(configuration), NAMESPACE, "", NAMES_MAX)
    kind, given = _place(parsed.words)
    if kind is None or len(given) > (1 if kind == EVENT else 0):
        return []
    if given:
        return checks_of_entity(APISession(configuration), configuration.namespace, given[0], NAMES_MAX)
    return names_of(APISession(configuration), kind, configuration.namespace, NAMES_MAX)


def _place(words: Sequence[str]) -> tuple[Kind | None, list[str]]:
    """The kind whose name comes next, and the names given already."""
    if words[:1] == ["edit"] and len(words) > 1:
        return kind_named(words[1]), list(words[2:])
    return (kind_wanted(words[0], words[1]), list(words[2:])) if len(words) > 1 else (None, [])


def _flags_of(words: Sequence[str]) -> Iterator[Flag]:
    """The flags of the command, without the global flags."""
    known = {flag.name for flag in GLOBAL_FLAGS}
    found = next((TREE[word] for word in words if word in TREE), None)
    commands = found.commands if isinstance(found, Group) else (found,) if isinstance(found, Command) else ()
    command = next((command for command in commands if command is found or command.name in words), None)
    yield from (flag for flag in (command.flags if command else ()) if flag.name not in known)
