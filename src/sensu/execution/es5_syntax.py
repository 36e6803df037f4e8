"""Finds syntax newer than ECMAScript 5 in expressions: accepted expressions run on every Sensu backend."""

import re
from dataclasses import dataclass

_BLANK = re.compile(r"(?:\s|//[^\n\r\u2028\u2029]*|/\*.*?\*/)+", re.DOTALL)
_WORD = re.compile(r"[\w$\\]+")
_TEXT = re.compile(r"""'(?:[^'\\\n\r]|\\.)*'|"(?:[^"\\\n\r]|\\.)*\"""", re.DOTALL)
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_REGEX = re.compile(r"/(?![*/])(?:[^\\/\[\n\r]|\\[^\n\r]|\[(?:[^\]\\\n\r]|\\[^\n\r])*\])+/(\w*)")
_SIGN = re.compile(r"=>|\.\.\.|\*\*|\?\?|\?\.(?!\d)|>>>=?|[=!]==?|[-+&|<>]{2}|[-+*/%&|^<>]=|[^\w\s]")
_RESERVED = frozenset({"class", "const", "enum", "export", "extends", "import", "super"})
_KEYWORDS = frozenset(
    {
        *("break", "case", "catch", "continue", "debugger", "default", "delete", "do", "else", "false", "finally"),
        *("for", "function", "if", "in", "instanceof", "new", "null", "return", "switch", "this", "throw", "true"),
        *("try", "typeof", "var", "void", "while", "with"),
    }
)
_NEW_SIGNS = frozenset({"=>", "...", "**", "??", "?.", "`", "@", "#"})
_BEFORE_REGEX = frozenset(
    {"return", "typeof", "case", "in", "instanceof", "delete", "void", "throw", "new", "else", "do"}
)
_HAVE_HEADS = frozenset({"if", "while", "for", "with"})
_BEFORE_BLOCK = frozenset({";", "{", "}", ")", "else", "do", "try", "finally"})
_REGEX_FLAGS = frozenset("gim")


@dataclass(frozen=True, slots=True)
class ScriptToken:
    """A token of a script: a word, number, string, regular expression or sign (`kind`), and its position."""

    kind: str
    text: str
    position: int


REST = "rest"
UNENDED_MAX = 20
"""How many unterminated regular expressions are skipped before the rest of a script is not read."""


def newer_syntax(source: str) -> str | None:
    """A message with the place of the first syntax that ES5 does not have; None if there is none.

    This is not a full parser: it does not find shorthand object literals and trailing commas of calls.
    """
    words = words_of(source)
    for at, word in enumerate(words):
        complaint = _complaint(words, at, word)
        if complaint:
            return placed(source, word.position, complaint)
    return None


def unexpected(source: str, line: int, column: int) -> str | None:
    """How an error message names the unexpected token at a place, counted from 1."""
    position = sum(len(text) for text in source.splitlines(keepends=True)[: line - 1]) + column - 1
    word = next((word for word in words_of(source) if word.position == position), None)
    if word is None:
        return "Unexpected end of input" if position >= len(source.rstrip()) else None
    if word.kind in ("number", "text"):
        return "Unexpected number" if word.kind == "number" else "Unexpected string"
    is_name = word.kind == "word" and word.text not in _KEYWORDS
    return "Unexpected identifier" if is_name else f"Unexpected token {word.text}"


def words_of(source: str) -> list[ScriptToken]:
    """The tokens of a script, without white space and comments.

    A part that cannot be read in linear time (an unterminated comment, many unterminated regular expressions) becomes
    one token of the kind `REST`; valid scripts do not have it.
    """
    words: list[ScriptToken] = []
    reading = _Reading()
    at = unended = 0
    while at < len(source):
        blank = _BLANK.match(source, at)
        if blank:
            at = blank.end()
            continue
        word = _word(source, at, reading.regex_may_follow)
        unended += reading.regex_may_follow and word.kind == "sign" and word.text[0] == "/"
        if source.startswith("/*", at) or unended > UNENDED_MAX:
            words.append(ScriptToken(REST, source[at:], at))
            break
        reading.take(word)
        words.append(word)
        at += len(word.text)
    return words


def _word(source: str, at: int, may_be_regex: bool) -> ScriptToken:
    if may_be_regex and source[at] == "/":
        match = _REGEX.match(source, at)
        if match:
            return ScriptToken("regex", match.group(), at)
    for kind, pattern in (("number", _NUMBER), ("word", _WORD), ("text", _TEXT), ("sign", _SIGN)):
        match = pattern.match(source, at)
        if match:
            return ScriptToken(kind, match.group(), at)
    return ScriptToken("sign", source[at], at)


class _Reading:
    """Whether a `/` at this point starts a regular expression; otherwise it is a division."""

    def __init__(self) -> None:
        self.regex_may_follow = True
        self._last: ScriptToken | None = None
        self._before_last = ""
        self._closings: list[bool] = []
        """For each open bracket, whether it ends a statement rather than an operand."""

    def take(self, word: ScriptToken) -> None:
        """Continue after a word."""
        self.regex_may_follow = self._may_follow(word)
        self._before_last = self._last.text if self._last is not None else ""
        self._last = word

    def _may_follow(self, word: ScriptToken) -> bool:
        if word.kind == "word":
            is_property = self._last is not None and self._last.text == "."
            return word.text in _BEFORE_REGEX and not is_property
        if word.kind != "sign":
            return False
        if word.text in ("(", "{", "["):
            self._closings.append(self._opens_statement(word.text))
        elif word.text in (")", "}", "]"):
            return self._closings.pop() if self._closings else False
        return word.text not in ("++", "--")

    def _opens_statement(self, bracket: str) -> bool:
        """Whether a bracket opens the head of a statement or a block."""
        last = self._last
        if bracket == "(":
            return last is not None and last.text in _HAVE_HEADS and self._before_last != "."
        if bracket == "{":
            return last is None or last.text in _BEFORE_BLOCK
        return False


def _complaint(words: list[ScriptToken], at: int, word: ScriptToken) -> str:
    following = words[at + 1] if at + 1 < len(words) else ScriptToken("end", "", 0)
    if word.kind == REST:
        return "Unexpected token ILLEGAL"
    if word.kind == "sign":
        return f"Unexpected token {word.text}" if word.text in _NEW_SIGNS else ""
    if word.kind == "number":
        glued = following.kind == "word" and following.position == word.position + len(word.text)
        return "Unexpected token ILLEGAL" if glued else ""
    if word.kind == "regex":
        flags = set(word.text.rpartition("/")[2])
        return "Invalid regular expression" if flags - _REGEX_FLAGS else ""
    if word.kind != "word" or _is_property_name(words, at, following):
        return ""
    return _word_complaint(words, at, word, following)


def _is_property_name(words: list[ScriptToken], at: int, following: ScriptToken) -> bool:
    previous = words[at - 1].text if at else ""
    return previous == "." or (following.text == ":" and previous in ("{", ","))


def _word_complaint(words: list[ScriptToken], at: int, word: ScriptToken, following: ScriptToken) -> str:
    if word.text in _RESERVED:
        return "Unexpected reserved word"
    if word.text == "let" and (following.kind == "word" and following.text not in ("in", "instanceof")):
        return "Unexpected identifier"
    if word.text in ("let", "var") and following.text in ("[", "{"):
        return f"Unexpected token {following.text}"
    if word.text == "async" and following.text == "function":
        return "Unexpected token function"
    if word.text == "of" and at and _ends_operand(words[at - 1]):
        return "Unexpected identifier"
    if word.text == "function":
        return _parameters_complaint(words, at + 1)
    return ""


def _ends_operand(word: ScriptToken) -> bool:
    return word.text in ("]", "}") or (word.kind == "word" and word.text not in (*_BEFORE_REGEX, "var"))


def _parameters_complaint(words: list[ScriptToken], at: int) -> str:
    """Parameters are names and commas; generators have a `*`."""
    if at < len(words) and words[at].kind == "word":
        at += 1
    if at >= len(words) or words[at].text != "(":
        return "Unexpected token *" if at < len(words) and words[at].text == "*" else ""
    for word in words[at + 1 :]:
        if word.text == ")":
            return ""
        if word.kind != "word" and word.text != ",":
            return f"Unexpected token {word.text}"
    return ""


def placed(source: str, position: int, complaint: str) -> str:
    """An error message with the line and column of a position, both counted from 1."""
    before = source[:position]
    line, column = before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
    return f"(anonymous): Line {line}:{column} {complaint}"
