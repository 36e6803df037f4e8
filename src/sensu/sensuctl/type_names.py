"""The names by which people call types of resources: `checks`, `CheckConfig`, `check_config`, `core/v2.CheckConfig`.

Source: recorded sensuctl sessions (describe-type, dump, edit, create-errors).
"""

from sensu.resources.kind import CORE_V2
from sensu.resources.kinds import ALL_KINDS, AS_RUN, EVERY_KIND, Kind, kind_called
from sensu.rules.spelling import did_you_mean
from sensu.sensuctl.failure import CommandFailed

ALL = "all"
NAMED = tuple(kind for kind in EVERY_KIND if kind.short_name and kind not in AS_RUN)
"""The kinds that their short name means."""


def kind_named(word: str) -> Kind:
    """The kind that a word on the command line names; raises CommandFailed."""
    found = kind_called(word)
    if found is None:
        known = [kind.short_name for kind in NAMED]
        known += [kind.type for kind in EVERY_KIND if kind.api_version == CORE_V2]
        known += [kind.qualified_name for kind in EVERY_KIND if kind not in AS_RUN]
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
