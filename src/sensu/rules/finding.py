"""Finds names by a part of them, the best matches first."""

import re
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import NamedTuple

_WORD_ENDS = re.compile(r"[^a-z0-9]")
WORDS_MAX, CHARACTERS_MAX = 20, 1000
EXACT, BEGINS, BEGINS_A_PART, CONTAINS = range(4)


class NamedThing(NamedTuple):
    """Something with a name: the place of its kind in the order of kinds, its namespace and its name."""

    kind: int
    namespace: str
    name: str


def has_words(name: str, text: str) -> bool:
    """Whether a name contains each word of a text, without regard to case."""
    lower = name.casefold()
    return all(word in lower for word in text.casefold().split())


def word_problem(text: str) -> str:
    """What is wrong with a text of words that names must contain; empty if nothing is."""
    if len(text) > CHARACTERS_MAX:
        return f"word must not have more than {CHARACTERS_MAX} characters"
    return f"word must not have more than {WORDS_MAX} words" if len(text.split()) > WORDS_MAX else ""


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
    """The best `limit` of the names that contain each word; of those that match alike, the shorter ones."""
    words = word.lower().split()
    ranked = ((found, len(one.name), one) for one in names if (found := _rank(one.name, words)) is not None)
    return [one for *_, one in nsmallest(limit, ranked)]


def _rank(name: str, words: Sequence[str]) -> int | None:
    """How well a name matches all words; None if it does not contain one of them."""
    ranks = [found for word in words if (found := rank(name, word)) is not None]
    return sum(ranks) if len(ranks) == len(words) else None
