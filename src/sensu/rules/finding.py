"""Finds names by a part of them, the best matches first."""

import re
from collections.abc import Iterable
from heapq import nsmallest
from typing import NamedTuple

_WORD_ENDS = re.compile(r"[^a-z0-9]")
EXACT, BEGINS, BEGINS_A_PART, CONTAINS = range(4)


class NamedThing(NamedTuple):
    """Something with a name: the place of its kind in the order of kinds, its namespace and its name."""

    kind: int
    namespace: str
    name: str


def rank(name: str, word: str) -> int | None:
    """How well a name matches a word in lower case (smaller is better); None if it does not contain it."""
    lower = name.lower()
    at = lower.find(word)
    if at < 0:
        return None
    if lower == word:
        return EXACT
    if at == 0:
        return BEGINS
    while at > 0:
        if _WORD_ENDS.match(lower[at - 1]):
            return BEGINS_A_PART
        at = lower.find(word, at + 1)
    return CONTAINS


def best(names: Iterable[NamedThing], word: str, limit: int) -> list[NamedThing]:
    """The best `limit` of the names that match; of those that match alike, the shorter ones."""
    lower = word.lower()
    ranked = ((found, len(one.name), one) for one in names if (found := rank(one.name, lower)) is not None)
    return [one for *_, one in nsmallest(limit, ranked)]
