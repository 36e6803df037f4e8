"""The environment that a command runs in.

Source: docs, "Checks reference", env_vars and assets; recorded scenario agent-exec, cases env, secrets and asset.
"""

from collections.abc import Iterable, Mapping

PREPENDED = frozenset({"PATH", "CPATH", "LD_LIBRARY_PATH"})
"""Lists of folders: a later source goes in front of what is there already."""

Variables = Iterable[tuple[str, str]]


def merged(base: Mapping[str, str], *sources: Variables) -> dict[str, str]:
    """The base with the variables of each source over it; later sources win, or go in front.

    Of a name that a source holds twice the last counts.
    """
    result = dict(base)
    for source in sources:
        for name, value in dict(source).items():
            result[name] = f"{value}:{result.get(name, '')}" if name in PREPENDED else value
    return result


def pairs(assignments: Iterable[str] | None) -> list[tuple[str, str]]:
    """Name and value of each `NAME=value`; what is none is left out."""
    split = (assignment.partition("=") for assignment in assignments or ())
    return [(name, value) for name, equals, value in split if name and equals]
