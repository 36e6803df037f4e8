"""Parses selectors into requirements, all of which must match.

`operand OP operand [&& …]`; `&&` is optional, and there is no "or". The left operand names a field or label, the right
one is a value. With `in` and `notin`, a single name on the right is the field, and the left operand is a value that the
field's list must or must not contain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sensu.rules.selectors.faults import SelectorFault
from sensu.rules.selectors.lexer import SelectorToken, Word, tokens


class Comparison(Enum):
    """How a requirement compares the value of its key."""

    EQUALS = "equals"
    CONTAINS = "contains"
    HAS_ELEMENT = "has element"
    IS_ONE_OF = "is one of"


@dataclass(frozen=True, slots=True)
class Requirement:
    """The condition on the value of `key`, or its negation (`negated`); a missing key meets no condition."""

    key: str
    comparison: Comparison
    values: tuple[str, ...]
    negated: bool = False


_LEFT = (Word.IDENTIFIER, Word.STRING)
_VALUES = (Word.IDENTIFIER, Word.STRING, Word.BOOLEAN)
_OPERATORS = (Word.EQUAL, Word.NOT_EQUAL, Word.IN, Word.NOT_IN, Word.MATCHES)


def parsed(text: str) -> tuple[Requirement, ...]:
    """Parse a selector; an empty one has no requirements. Raises SelectorFault."""
    return tuple(_Parser(list(tokens(text))).requirements())


class _Parser:
    def __init__(self, found: Sequence[SelectorToken]) -> None:
        self._tokens = found
        self._at = 0

    def requirements(self) -> list[Requirement]:
        found: list[Requirement] = []
        while self._tokens[self._at].word is not Word.END:
            found.append(self._requirement())
            if self._tokens[self._at].word is Word.AND:
                self._at += 1
                if self._tokens[self._at].word is Word.END:
                    raise self._unexpected("a name or a quoted string")
        return found

    def _take(self, words: Sequence[Word], wanted: str) -> SelectorToken:
        token = self._tokens[self._at]
        if token.word not in words:
            raise self._unexpected(wanted)
        self._at += 1
        return token

    def _unexpected(self, wanted: str) -> SelectorFault:
        token = self._tokens[self._at]
        return SelectorFault(token.position, f"expected {wanted}, found {token.text or token.word.value}")

    def _requirement(self) -> Requirement:
        left = self._take(_LEFT, "a name or a quoted string")
        operator = self._take(_OPERATORS, "one of ==, !=, in, notin, matches").word
        if operator in (Word.IN, Word.NOT_IN):
            return self._membership(left.text, negated=operator is Word.NOT_IN)
        value = self._take(_VALUES, "a value").text
        comparison = Comparison.CONTAINS if operator is Word.MATCHES else Comparison.EQUALS
        return Requirement(left.text, comparison, (value,), negated=operator is Word.NOT_EQUAL)

    def _membership(self, left: str, *, negated: bool) -> Requirement:
        right = self._take((Word.IDENTIFIER, Word.OPEN), "a name or a list in [ ]")
        if right.word is Word.IDENTIFIER:
            return Requirement(right.text, Comparison.HAS_ELEMENT, (left,), negated)
        return Requirement(left, Comparison.IS_ONE_OF, tuple(self._elements()), negated)

    def _elements(self) -> list[str]:
        """The values up to the closing bracket; commas between them are optional."""
        values: list[str] = []
        while True:
            token = self._take((*_VALUES, Word.COMMA, Word.CLOSE), "a value or ]")
            if token.word is Word.CLOSE:
                return values
            if token.word is not Word.COMMA:
                values.append(token.text)
