"""Go's regular expressions in JavaScript: translates the literals of scripts, and rejects invalid ones."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import quickjs

from sensu.execution.es5_syntax import ScriptToken, placed, words_of
from sensu.execution.go_regexp_translator import TRANSLATOR

EXPRESSIONS_REMEMBERED_MAX = 1_000
SCRIPTS_REMEMBERED_MAX = 8
"""How many translated scripts are cached, short and long ones; the least recently used are dropped."""
_SHORT_CHARACTERS_MAX = 16_384

_ANSWERING_TEXT = "(make => { const go = make(RegExp, Reflect.apply); return (p, f) => JSON.stringify(go(p, f)) })"
_TAKE_PATTERNS = frozenset({"match", "search"})
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_VARIABLES = frozenset({"event", "entity"})


@dataclass(frozen=True, slots=True)
class RegexpFault:
    """Why a regular expression is rejected, in Go's wording, and its position in the script."""

    message: str
    position: int


class _Translator:
    """Translates patterns in a separate engine, which is created for the first pattern."""

    def __init__(self) -> None:
        self._context: Any = None
        self._translate: Any = None

    def __call__(self, pattern: str, flags: str, position: int) -> tuple[str, str] | RegexpFault:
        if self._context is None:
            self._context = quickjs.Context()
            self._translate = self._context.eval(f"{_ANSWERING_TEXT}({TRANSLATOR})")
        made = json.loads(self._translate(pattern, flags))
        if "fault" in made:
            return RegexpFault(f"Invalid regular expression: {made['fault']}", position + made["at"])
        return made["source"], made["flags"]


def translated(source: str) -> str | RegexpFault:
    """The script with each literal `/pattern/flags` translated from Go to ECMAScript; or the first fault."""
    return _short(source) if len(source) <= _SHORT_CHARACTERS_MAX else _long(source)


def _translated(source: str) -> str | RegexpFault:
    literals = [word for word in words_of(source) if word.kind == "regex"]
    translate, parts, end = _Translator(), [], 0
    for word in literals:
        pattern, flags = _parts(word)
        made = translate(pattern, flags, word.position + 1)
        if isinstance(made, RegexpFault):
            return made
        parts += [source[end : word.position], f"/{made[0]}/{made[1]}"]
        end = word.position + len(word.text)
    return "".join([*parts, source[end:]])


_short = lru_cache(EXPRESSIONS_REMEMBERED_MAX)(_translated)
_long = lru_cache(SCRIPTS_REMEMBERED_MAX)(_translated)


def for_engine(source: str) -> str:
    """The script as the engine runs it; if a literal is rejected, a script that throws the reason."""
    made = translated(source)
    return made if isinstance(made, str) else f"throw new SyntaxError({json.dumps(literal_problem(source))})"


def literal_problem(source: str) -> str | None:
    """The message, with the position, for the first rejected literal of a script."""
    made = translated(source)
    return placed(source, made.position, made.message) if isinstance(made, RegexpFault) else None


def pattern_problem(source: str) -> str | None:
    """The message for the first rejected pattern, including those in strings."""
    problem = literal_problem(source)
    if problem is not None:
        return problem
    translate = _Translator()
    for pattern, flags, position in _pattern_texts(words_of(source)):
        made = translate(pattern, flags, position)
        if isinstance(made, RegexpFault):
            return placed(source, position, made.message)
    return None


def without_patterns(source: str) -> str:
    """The script with harmless patterns of the same length, for a parser that only knows ECMAScript."""
    parts, end = [], 0
    for word in words_of(source):
        if word.kind == "regex":
            flags = word.text.rpartition("/")[2]
            length = len(word.text) - len(flags) - 2
            parts += [source[end : word.position], f"/{'x' * length}/{flags}"]
            end = word.position + len(word.text)
    return "".join([*parts, source[end:]])


def _parts(word: ScriptToken) -> tuple[str, str]:
    pattern, _, flags = word.text[1:].rpartition("/")
    return (_ESCAPED.sub(_unescaped_slash, pattern) if r"\Q" in pattern else pattern), flags


def _unescaped_slash(escape: re.Match[str]) -> str:
    """A slash in a literal cannot be written without a backslash, which within `\\Q…\\E` would count."""
    return "/" if escape[1] == "/" else escape[0]


def _pattern_texts(words: Sequence[ScriptToken]) -> Iterator[tuple[str, str, int]]:
    """The pattern, flags and position of patterns in strings."""
    for at, word in enumerate(words):
        if word.kind != "text" or _text(words, at - 1) != "(" or not _takes_pattern(words, at - 2):
            continue
        if _text(words, at + 1) == ")":
            yield _value(word.text), "", word.position
        elif _text(words, at - 2) == "RegExp" and _text(words, at + 1) == "," and _text(words, at + 3) == ")":
            flags = words[at + 2]
            if flags.kind == "text":
                yield _value(word.text), _value(flags.text), word.position


def _takes_pattern(words: Sequence[ScriptToken], at: int) -> bool:
    """Whether the word at `at` is `RegExp`, or the method `match` or `search` of a string."""
    name = _text(words, at)
    if name == "RegExp":
        return _text(words, at - 1) != "."
    if name not in _TAKE_PATTERNS or _text(words, at - 1) != ".":
        return False
    at -= 2
    while _text(words, at - 1) == "." and words[at].kind == "word":
        at -= 2
    owner = words[at] if at >= 0 else ScriptToken("end", "", 0)
    return owner.kind == "text" or owner.text in (*_VARIABLES, ")", "]")


def _value(literal: str) -> str:
    """The value of a string literal, empty if it is not valid."""
    try:
        return str(quickjs.Context().eval(literal))
    except quickjs.JSException:
        return ""


def _text(words: Sequence[ScriptToken], at: int) -> str:
    return words[at].text if 0 <= at < len(words) else ""
