"""Splits label and field selectors into tokens.

Source: docs, "API overview", response filtering; spec of the selector grammar.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from sensu.rules.selectors.faults import SelectorFault


class Word(Enum):
    """The type of a token; the value is its name in messages."""

    IDENTIFIER = "a name"
    STRING = "a quoted string"
    BOOLEAN = "true or false"
    EQUAL = "=="
    NOT_EQUAL = "!="
    IN = "in"
    NOT_IN = "notin"
    MATCHES = "matches"
    AND = "&&"
    OPEN = "["
    CLOSE = "]"
    COMMA = ","
    END = "the end"


@dataclass(frozen=True, slots=True)
class SelectorToken:
    """A token: its type, its text without quotes, and the position of its first character (from 1)."""

    word: Word
    text: str
    position: int


_SIGNS = {"==": Word.EQUAL, "!=": Word.NOT_EQUAL, "&&": Word.AND}
_SINGLE_SIGNS = {"[": Word.OPEN, "]": Word.CLOSE, ",": Word.COMMA}
_OPERATOR_WORDS = {"in": Word.IN, "notin": Word.NOT_IN, "matches": Word.MATCHES}
_BOOLEANS = ("true", "false")
_QUOTES = "'\""
_RUN = re.compile(r"[^\s\[\]!&,=\"']+")
"""A name: everything up to a character that ends it, including `=`, so that `a==b` needs no spaces."""
_SEGMENT = r"[A-Za-z_][A-Za-z0-9_/]*"
_IDENTIFIER = re.compile(rf"{_SEGMENT}(?:\.{_SEGMENT})*")


def tokens(text: str) -> Iterator[SelectorToken]:
    """The tokens of a selector, ending with the end token; raises SelectorFault for an invalid character."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token, at = _next(text, at)
        yield token
    yield SelectorToken(Word.END, "", len(text) + 1)


def _next(text: str, at: int) -> tuple[SelectorToken, int]:
    character, pair = text[at], text[at : at + 2]
    if pair in _SIGNS:
        return SelectorToken(_SIGNS[pair], pair, at + 1), at + 2
    if character in _SINGLE_SIGNS:
        return SelectorToken(_SINGLE_SIGNS[character], character, at + 1), at + 1
    if character in _QUOTES:
        return _quoted(text, at)
    run = _RUN.match(text, at)
    if run is None:
        hint = ": use == or != to compare two values" if character == "=" else ""
        raise SelectorFault(at + 1, f"unexpected {character}{hint}")
    return _named(run.group(), at), run.end()


def _quoted(text: str, at: int) -> tuple[SelectorToken, int]:
    """A quoted string; either quote closes it, and there are no escapes."""
    for end in range(at + 1, len(text)):
        if text[end] in _QUOTES:
            return SelectorToken(Word.STRING, text[at + 1 : end], at + 1), end + 1
    raise SelectorFault(at + 1, "the quoted string is not terminated")


def _named(run: str, at: int) -> SelectorToken:
    word = _OPERATOR_WORDS.get(run.lower())
    if word is not None:
        return SelectorToken(word, run, at + 1)
    if run in _BOOLEANS:
        return SelectorToken(Word.BOOLEAN, run, at + 1)
    name = _IDENTIFIER.match(run)
    if name is None or name.end() != len(run):
        raise _bad_name(run, at, name.end() if name else 0)
    return SelectorToken(Word.IDENTIFIER, run, at + 1)


def _bad_name(run: str, at: int, parsed: int) -> SelectorFault:
    return SelectorFault(at + parsed + 1, f"unexpected {run[parsed]} in {run}: put the string in quotes")
