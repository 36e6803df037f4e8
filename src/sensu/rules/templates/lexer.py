"""Splits templates into tokens. Source: Go text/template's documentation of actions."""

import re
from dataclasses import dataclass

from sensu.rules.templates.faults import SyntaxFault

LEFT, RIGHT = "{{", "}}"
KEYWORDS = frozenset({"block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"})
TOKENS_MAX = 5_000
"""The maximum number of tokens of a template; literal text between two actions counts as one."""
_BLANK = " \t\r\n"
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9_]*\.?[0-9_]*(?:[eE][+-]?[0-9_]+)?)")
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_CHARACTER = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")
_SYMBOLS = {"(": "(", ")": ")", "|": "|", ",": ",", "=": "="}


@dataclass(frozen=True, slots=True)
class TemplateToken:
    """A token of a template; `kind` is a symbol, a keyword or one of the lower-case names in `lex`."""

    kind: str
    text: str
    position: int
    line: int

    def __str__(self) -> str:
        if self.kind == "eof":
            return "EOF"
        if self.kind in KEYWORDS:
            return f"<{self.text}>"
        return f'"{self.text[:10]}"...' if len(self.text) > 10 else f'"{self.text}"'


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.tokens: list[TemplateToken] = []

    def emit(self, kind: str, text: str, position: int) -> None:
        if len(self.tokens) >= TOKENS_MAX:
            raise SyntaxFault(self.line, f"the template has too many words (at most {TOKENS_MAX})")
        self.tokens.append(TemplateToken(kind, text, position, self.line))

    def run(self) -> list[TemplateToken]:
        while self.at < len(self.text):
            start = self.text.find(LEFT, self.at)
            if start < 0:
                self.literal(self.text[self.at :])
                self.at = len(self.text)
                break
            trims = _trims_left(self.text, start)
            literal = self.text[self.at : start]
            self.literal(literal, trims)
            self.at = start + (4 if trims else 2)
            if self.text.startswith("/*", self.at):
                self.comment()
            else:
                self.action(start)
        self.emit("eof", "", len(self.text))
        return self.tokens

    def literal(self, text: str, trims_end: bool = False) -> None:
        kept = text.rstrip(_BLANK) if trims_end else text
        if kept:
            self.emit("text", kept, self.at)
        self.line += text.count("\n")

    def comment(self) -> None:
        end = self.text.find("*/", self.at)
        if end < 0:
            raise SyntaxFault(self.line, "unclosed comment")
        self.line += self.text.count("\n", self.at, end)
        self.at = end + 2
        if not self.close():
            raise SyntaxFault(self.line, "comment ends before closing delimiter")

    def close(self) -> bool:
        """Consume the end of an action, if it is here; space after a trim marker is skipped."""
        if self.text.startswith(RIGHT, self.at):
            self.at += 2
            return True
        if self.at < len(self.text) and self.text[self.at] in _BLANK and self.text.startswith("-}}", self.at + 1):
            self.line += self.text.count("\n", self.at, self.at + 1)
            self.at += 4
            while self.at < len(self.text) and self.text[self.at] in _BLANK:
                self.line += self.text[self.at] == "\n"
                self.at += 1
            return True
        return False

    def action(self, start: int) -> None:
        opened, depth = self.line, 0
        self.emit("open", LEFT, start)
        while True:
            position = self.at
            if self.close():
                if depth:
                    raise SyntaxFault(self.line, "unclosed left paren")
                self.emit("close", RIGHT, position)
                return
            if self.at >= len(self.text):
                where = "" if opened == self.line else f" started at :{opened}"
                raise SyntaxFault(self.line, f"unclosed action{where}")
            depth += self.word()
            if depth < 0:
                raise SyntaxFault(self.line, "unexpected right paren")

    def word(self) -> int:
        """Consume the next token; returns the change in the depth of parentheses."""
        position, character = self.at, self.text[self.at]
        if character in _BLANK:
            while self.at < len(self.text) and self.text[self.at] in _BLANK:
                if self.text.startswith("-}}", self.at + 1):
                    break
                self.line += self.text[self.at] == "\n"
                self.at += 1
            if self.at > position:
                self.emit("space", " ", position)
        elif character in _SYMBOLS:
            self.at += 1
            self.emit(_SYMBOLS[character], character, position)
            return (character == "(") - (character == ")")
        elif self.text.startswith(":=", self.at):
            self.at += 2
            self.emit(":=", ":=", position)
        elif character in "\"'`":
            self.quoted(character)
        elif character in ".$":
            self.dotted(character)
        elif character in "+-" or character.isdigit():
            self.number()
        else:
            self.name()
        return 0

    def quoted(self, quote: str) -> None:
        position = self.at
        if quote == "`":
            end = self.text.find("`", position + 1)
            if end < 0:
                raise SyntaxFault(self.line, "unterminated raw quoted string")
            self.at = end + 1
            self.emit("raw", self.text[position : self.at], position)
            self.line += self.text.count("\n", position, self.at)
            return
        match = (_QUOTED if quote == '"' else _CHARACTER).match(self.text, position)
        if match is None:
            fault = "unterminated quoted string" if quote == '"' else "unterminated character constant"
            raise SyntaxFault(self.line, fault)
        self.at = match.end()
        self.emit("quoted" if quote == '"' else "character", match.group(), position)

    def dotted(self, sign: str) -> None:
        position = self.at
        if sign == "." and self.text[position + 1 : position + 2].isdigit():
            self.number()
            return
        match = _WORD.match(self.text, position + 1)
        self.at = match.end() if match else position + 1
        kind = "variable" if sign == "$" else ("field" if match else "dot")
        self.emit(kind, self.text[position : self.at], position)
        self.terminated()

    def number(self) -> None:
        position = self.at
        match = _NUMBER.match(self.text, position)
        assert match is not None
        self.at = match.end()
        if self.text[self.at : self.at + 1] == "i" or _WORD.match(self.text, self.at) or match.group() in ("+", "-"):
            raise SyntaxFault(self.line, f'bad number syntax: "{self.text[position : self.at + 1]}"')
        self.emit("number", match.group(), position)

    def name(self) -> None:
        match = _WORD.match(self.text, self.at)
        if match is None:
            raise SyntaxFault(self.line, f"unexpected {_rune(self.text[self.at])} in action")
        position, self.at = self.at, match.end()
        word = match.group()
        self.terminated()
        kind = word if word in KEYWORDS else ("boolean" if word in ("true", "false") else "identifier")
        self.emit("nil" if word == "nil" else kind, word, position)

    def terminated(self) -> None:
        """Require that a name is followed by a character that can follow a name."""
        rest = self.text[self.at : self.at + 1]
        if rest and rest not in _BLANK + ".,|:)(=" and not self.text.startswith(RIGHT, self.at):
            raise SyntaxFault(self.line, f"bad character {_rune(rest)}")


def _trims_left(text: str, start: int) -> bool:
    return text.startswith("-", start + 2) and text[start + 3 : start + 4] in tuple(_BLANK)


def _rune(character: str) -> str:
    return f"U+{ord(character):04X} '{character}'"


def lex(text: str) -> list[TemplateToken]:
    """The tokens of a template, ending with `eof`; raises SyntaxFault.

    Kinds: text, open, close, space, quoted, raw, character, number, boolean, nil, identifier, field, dot, variable,
    eof, the symbols, and the keywords themselves.
    """
    return _Lexer(text).run()
