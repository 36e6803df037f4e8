"""Suggestions for mistyped words."""

from collections.abc import Iterable

EDITS_MAX = 2
LETTERS_MIN = 4
"""Shorter words are within two edits of too many others."""
KNOWN_MAX = 10_000


def similar(word: str, known: Iterable[str]) -> list[str]:
    """The known words that begin with a word or are a few letters from it."""
    return [name for name in known if name.startswith(word) or edits(word, name) <= EDITS_MAX]


def nearest(word: str, known: Iterable[str], letters_min: int = LETTERS_MIN, edits_max: int = EDITS_MAX) -> str:
    """The most similar known word, empty if none is similar; words with fewer than `letters_min` letters have none."""
    if len(word) < letters_min:
        return ""
    lower = word.lower()
    lengths = ((abs(len(name) - len(word)), name) for name in known)
    near = [(edits(lower, name.lower()), length, name) for length, name in lengths if length <= edits_max]
    count, _, found = min(near, default=(edits_max + 1, 0, ""))
    return found if count <= min(edits_max, max(len(word), LETTERS_MIN) // 3) and found != word else ""


def did_you_mean(word: str, known: Iterable[str], letters_min: int = LETTERS_MIN) -> str:
    """`; did you mean "check"?`, empty if no known word is similar."""
    found = nearest(word, known, letters_min)
    return f'; did you mean "{found}"?' if found else ""


def edits(one: str, other: str) -> int:
    """The number of letters to change, add, remove or exchange with the next one to turn one word into the other."""
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for place, letter in enumerate(one):
        above, before, row = before, row, [row[0] + 1]
        for at, its in enumerate(other):
            least = min(before[at + 1] + 1, row[at] + 1, before[at] + (letter != its))
            if at and place and letter == other[at - 1] and its == one[place - 1]:
                least = min(least, above[at - 1] + 1)
            row.append(least)
    return row[-1]
