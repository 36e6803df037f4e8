"""The names by which people call types of resources: `checks`, `CheckConfig`, `check_config`, `core/v2.CheckConfig`.

Source: recorded sensuctl sessions (describe-type, dump, edit, create-errors).
"""

import re

from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.kind import ALL_KINDS, AS_RUN, KINDS, NAMED, NAMED_IN_FULL, OTHERS, Kind
from sensu.sensuctl.spelling import did_you_mean

ALL = "all"

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def api_versions() -> frozenset[str]:
    """The API groups and versions of the types."""
    return frozenset(kind.api_version for kind in (*KINDS, *OTHERS))


def kind_of_type(type_name: str, api_version: str = "") -> Kind | None:
    """The kind of a type's name, as it is or in snake case."""
    for kind in (*KINDS, *OTHERS):
        if type_name in (kind.type, _snake_case(kind.type)) and api_version in ("", kind.api_version):
            return kind
    return None


def kind_named(word: str) -> Kind:
    """The kind that a word on the command line names; raises CommandFailed."""
    for kind in NAMED:
        if word == kind.segment:
            return kind
    api_version, _, type_name = word.rpartition(".")
    found = kind_of_type(type_name, api_version)
    if found is None or (found in NAMED_IN_FULL and not api_version):
        known = [*(kind.segment for kind in NAMED), *(kind.type for kind in (*KINDS, *AS_RUN))]
        known += [kind.qualified_name for kind in (*KINDS, *NAMED_IN_FULL)]
        raise CommandFailed(f"invalid resource type: {word}{did_you_mean(word, known)}")
    return found


def kinds_named(words: str) -> list[Kind]:
    """The kinds of a comma-separated list, each once; `all` are those of ALL_KINDS."""
    if words == ALL:
        return list(ALL_KINDS)
    return list(dict.fromkeys(kind_named(word.strip()) for word in words.split(",")))


def omitted_kinds(words: str) -> list[Kind]:
    """The kinds that `--omit` names; raises CommandFailed."""
    try:
        return kinds_named(words) if words else []
    except CommandFailed as err:
        raise CommandFailed(f"error parsing --omit: {err}") from err


def short_name_of(kind: Kind) -> str:
    """The short name of a kind, empty if it has none."""
    return kind.segment if kind in (*NAMED, *AS_RUN) else ""


def _snake_case(name: str) -> str:
    return _WORD_START.sub("_", name).lower()
