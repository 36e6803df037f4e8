"""The severities of events, in the order of lists and counters."""

from collections.abc import Collection

CRITICAL, WARNING, UNKNOWN, PASSING = range(4)
"""Severities, the most severe first."""
WORDS = ("critical", "warning", "unknown", "passing")
"""The word for each severity."""
ALL: frozenset[int] = frozenset((CRITICAL, WARNING, UNKNOWN, PASSING))
INCIDENT = "incident"
"""The word for every severity except passing."""

_OF_STATUS = {0: PASSING, 1: WARNING, 2: CRITICAL}


def severity_of(status: int) -> int:
    """The severity of a check's exit status."""
    return _OF_STATUS.get(status, UNKNOWN)


def severities_of(words: Collection[str]) -> frozenset[int] | None:
    """The severities with these names, all of them if none are given; None if a name is unknown."""
    found: set[int] = set()
    for word in words:
        if word == INCIDENT:
            found |= ALL - {PASSING}
        elif word in WORDS:
            found.add(WORDS.index(word))
        else:
            return None
    return frozenset(found) or ALL
