"""Builds the environment variables of commands.

Source: docs, "Checks reference", env_vars and assets; recorded scenario agent-exec, cases env, secrets and asset.
"""

from collections.abc import Iterable, Mapping

PREPENDED = frozenset({"PATH", "CPATH", "LD_LIBRARY_PATH"})
"""Lists of folders: values of later sources are prepended to existing ones."""

Variables = Iterable[tuple[str, str]]


def merged(base: Mapping[str, str], *sources: Variables) -> dict[str, str]:
    """The base with the variables of all sources; later sources override earlier ones, or are prepended.

    If a source has a name twice, the last one applies.
    """
    result = dict(base)
    for source in sources:
        for name, value in dict(source).items():
            result[name] = f"{value}:{result.get(name, '')}" if name in PREPENDED else value
    return result


def pairs(assignments: Iterable[str] | None) -> list[tuple[str, str]]:
    """The name and value of each `NAME=value`; other strings are ignored."""
    split = (assignment.partition("=") for assignment in assignments or ())
    return [(name, value) for name, equals, value in split if name and equals]
