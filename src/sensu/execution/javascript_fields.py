"""Determines the fields of its variable that an expression can use, so that others need not be encoded."""

from functools import lru_cache

from sensu.execution.es5_syntax import REST, ScriptToken, words_of
from sensu.rules.expression_scope import FieldPath

PARTS = frozenset({"check", "entity"})
"""Fields whose own fields are distinguished."""
CHARACTERS_MAX = 4_000
"""Longer expressions get all fields: reading them would block the loop."""
_REMEMBERED_MAX = 1_000
_SEES_ALL = frozenset({"this", "eval", "Function", "with", "constructor", "__proto__", "prototype"})
"""Words by which a script may use its variable under another name."""
_OF_EVERY_OBJECT = frozenset(
    {"hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf"}
)


@lru_cache(_REMEMBERED_MAX)
def fields_of(expression: str, variable: str) -> frozenset[FieldPath] | None:
    """The fields that an expression uses, those in `PARTS` with a second name; None if it may use any field."""
    if len(expression) > CHARACTERS_MAX:
        return None
    words = words_of(expression)
    if words and words[-1].kind == REST:
        return None
    if any(word.text in _SEES_ALL or "\\" in word.text for word in words if word.kind == "word"):
        return None
    paths: set[FieldPath] = set()
    for at, word in enumerate(words):
        if word.text != variable or word.kind != "word" or _text(words, at - 1) == ".":
            continue
        path = _path(words, at)
        if path is None:
            return None
        paths.add(path)
    return frozenset(paths)


def _path(words: list[ScriptToken], at: int) -> FieldPath | None:
    """The field after the variable at `at`, or None if the variable is used by itself."""
    name = _name_behind(words, at)
    if name is None:
        return None
    inner = _name_behind(words, at + 2) if name in PARTS else None
    return (name,) if inner is None else (name, inner)


def _name_behind(words: list[ScriptToken], at: int) -> str | None:
    """The `name` of `.name` after a word."""
    if _text(words, at + 1) != "." or at + 2 >= len(words) or words[at + 2].kind != "word":
        return None
    name = words[at + 2].text
    return None if name in _OF_EVERY_OBJECT else name


def _text(words: list[ScriptToken], at: int) -> str:
    return words[at].text if 0 <= at < len(words) else ""
