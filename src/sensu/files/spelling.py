"""Suggestions for mistyped words."""

from collections.abc import Iterable

EDITS_MAX = 2
LETTERS_MIN = 4
"""Shorter words are within two edits of too many others."""
KNOWN_MAX = 10_000


def similar(word: str, known: Iterable[str]) -> list[str]:
    """The known words that begin with a word or are a few letters from it."""
    return [name for name in known if name.startswith(word) or edits(word, name) <= EDITS_MAX]


def nearest(word: str, known: Iterable[str]) -> str:
    """The most similar known word, empty if none is similar."""
    if len(word) < LETTERS_MIN:
        return ""
    lower = word.lower()
    lengths = ((abs(len(name) - len(word)), name) for name in known)
    near = [(edits(lower, name.lower()), length, name) for length, name in lengths if length <= EDITS_MAX]
    count, _, found = min(near, default=(EDITS_MAX + 1, 0, ""))
    return found if count <= min(EDITS_MAX, len(word) // 3) and found != word else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "check"?`, empty if no known word is similar."""
    found = nearest(word, known)
    return f'; did you mean "{found}"?' if found else ""


def edits(one: str, other: str) -> int:
    """The number of letters to change, add or remove to turn one word into the other."""
    row = list(range(len(other) + 1))
    for letter in one:
        previous, row = row, [row[0] + 1]
        for at, its in enumerate(other):
            row.append(min(previous[at + 1] + 1, row[at] + 1, previous[at] + (letter != its)))
    return row[-1]
