"""Evaluates common filter expressions without a JavaScript engine, with the same results as the engine.

The subset: paths of the variable (`event.check.status`, `labels['region']`), literals, comparisons, arithmetic,
`&&`, `||`, `!`, `?:`, `typeof`, `indexOf`, `hasOwnProperty` and Sensu's functions of time. Everything else,
including unusual values met during evaluation, is left to the engine.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sensu.rules.filters import ExpressionError
from sensu.rules.native_values import (
    BINARY,
    FUNCTIONS,
    UNDEFINED,
    Thrown,
    Unsure,
    has_own_property,
    index_of,
    loosely_equal,
    member,
    negated,
    strictly_equal,
    to_number,
    truthy,
    type_name,
)

Evaluate = Callable[[Any, float], Any]
"""Returns the value for a value of the variable and the time."""

CHARACTERS_MAX, TOKENS_MAX, DEPTH_MAX = 4_000, 400, 40
"""Longer and deeper expressions are left to the engine."""
_REMEMBERED_MAX = 10_000

_TOKEN = re.compile(
    r"(?P<blank>[ \t\n\r\v\f]+)"
    r"|(?P<number>(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w$.]))"
    r"|(?P<name>[A-Za-z_$][A-Za-z0-9_$]*(?![^\x00-\x7f]|\\))"
    r"""|(?P<text>'(?:[^'\\\n\r\u2028\u2029]|\\[\\'"/nrt])*'|"(?:[^"\\\n\r\u2028\u2029]|\\[\\'"/nrt])*")"""
    r"|(?P<sign>===|!==|==|!=|<=|>=|&&|\|\||\+\+|--|<<|>>|[-+*/%<>!?:()\[\].,;])"
)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_CONSTANTS = {"true": True, "false": False, "null": None, "undefined": UNDEFINED} | {
    "NaN": float("nan"),
    "Infinity": float("inf"),
}
_OF_EVERY_OBJECT = frozenset(
    {"constructor", "toString", "toLocaleString", "valueOf", "hasOwnProperty", "isPrototypeOf"}
    | {"propertyIsEnumerable", "__proto__", "toJSON"}
)
_METHODS = {"indexOf": index_of, "hasOwnProperty": has_own_property}
_LEVELS = (("==", "!=", "===", "!=="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))


@dataclass(frozen=True, slots=True)
class Native:
    """An expression that needs no engine; `weight` estimates its cost by the number of its tokens."""

    weight: int
    _evaluate: Evaluate

    def evaluate(self, value: Any, now: float) -> bool | ExpressionError | None:
        """The result for a value of the variable, a JSON object; None if the engine is needed."""
        try:
            return truthy(self._evaluate(value, now))
        except Thrown as thrown:
            return ExpressionError(str(thrown))
        except Unsure:
            return None


@lru_cache(_REMEMBERED_MAX)
def native(expression: str, variable: str) -> Native | None:
    """Parse an expression over `variable`; None if it needs the engine."""
    if len(expression) > CHARACTERS_MAX:
        return None
    try:
        tokens = _tokens(expression)
        return Native(len(tokens), _Reader(tokens, variable).whole())
    except _NotNative:
        return None


class _NotNative(Exception):
    """The expression is outside the subset."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


_END = _Token("end", "")


def _tokens(expression: str) -> list[_Token]:
    tokens, at = list[_Token](), 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None or match.lastgroup is None or len(tokens) >= TOKENS_MAX:
            raise _NotNative
        at = match.end()
        if match.lastgroup != "blank":
            tokens.append(_Token(match.lastgroup, match.group()))
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    return tokens


class _Reader:
    """Parses tokens by the grammar of ECMAScript 5."""

    def __init__(self, tokens: Sequence[_Token], variable: str) -> None:
        self._tokens, self._variable, self._at, self._depth = tokens, variable, 0, 0

    def whole(self) -> Evaluate:
        """Parse the whole expression; raises _NotNative."""
        found = self._conditional()
        if self._at < len(self._tokens):
            raise _NotNative
        return found

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _take(self, *signs: str) -> str:
        """Consume the next token if it is one of these signs, and return it; otherwise return an empty string."""
        token = self._next
        if token.kind != "sign" or token.text not in signs:
            return ""
        self._at += 1
        return token.text

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise _NotNative

    def _conditional(self) -> Evaluate:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise _NotNative
        found = self._any_of()
        if self._take("?"):
            then = self._conditional()
            self._need(":")
            found = _choice(found, then, self._conditional())
        self._depth -= 1
        return found

    def _any_of(self) -> Evaluate:
        parts = [self._all_of()]
        while self._take("||"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else _first(parts, wanted=True)

    def _all_of(self) -> Evaluate:
        parts = [self._binary(0)]
        while self._take("&&"):
            parts.append(self._binary(0))
        return parts[0] if len(parts) == 1 else _first(parts, wanted=False)

    def _binary(self, level: int) -> Evaluate:
        if level == len(_LEVELS):
            return self._unary()
        left, constant = self._operand(level)
        while sign := self._take(*_LEVELS[level]):
            right, constant = self._operand(level)
            left = _operation(sign, left, right, constant)
        return left

    def _operand(self, level: int) -> tuple[Evaluate, Any]:
        """An operand, and its value if it is a constant string or number."""
        token, before = self._next, self._at
        found = self._binary(level + 1)
        alone = self._at == before + 1 and token.kind in ("text", "number")
        return found, found(None, 0.0) if alone else None

    def _unary(self) -> Evaluate:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise _NotNative
        found = self._prefixed()
        self._depth -= 1
        return found

    def _prefixed(self) -> Evaluate:
        sign = self._take("!", "-", "+")
        if sign:
            return _PREFIXES[sign](self._unary())
        if self._next == _Token("name", "typeof"):
            self._at += 1
            return _typed(self._unary())
        return self._postfixed()

    def _postfixed(self) -> Evaluate:
        found, path = self._primary()
        while sign := self._take(".", "["):
            key = self._name() if sign == "." else self._key()
            method = _METHODS.get(str(key)) if sign == "." and self._next == _Token("sign", "(") else None
            if method is not None:
                found, path = _call(method, found, str(key), self._argument()), None
                continue
            if key in _OF_EVERY_OBJECT:
                raise _NotNative
            path = None if path is None or not isinstance(key, str) else (*path, key)
            found = _path(path) if path is not None else _member(found, key)
        return found

    def _name(self) -> str:
        token = self._next
        if token.kind != "name":
            raise _NotNative
        self._at += 1
        return token.text

    def _key(self) -> str | int:
        token = self._next
        self._at += 1
        self._need("]")
        if token.kind == "text":
            return _text(token.text)
        if token.kind == "number" and token.text.isdigit():
            return int(token.text)
        raise _NotNative

    def _argument(self) -> Evaluate:
        self._need("(")
        found = self._conditional()
        self._need(")")
        return found

    def _primary(self) -> tuple[Evaluate, tuple[str, ...] | None]:
        """A value, and its path if it is based on the variable."""
        if self._take("("):
            found = self._conditional()
            self._need(")")
            return found, None
        if self._take("["):
            return self._list(), None
        token = self._next
        self._at += 1
        if token.kind == "text":
            return _constant(_text(token.text)), None
        if token.kind == "number":
            return _constant(_number(token.text)), None
        if token.kind != "name":
            raise _NotNative
        if token.text == self._variable:
            return _whole, ()
        if token.text in _CONSTANTS:
            return _constant(_CONSTANTS[token.text]), None
        if token.text in FUNCTIONS:
            return _function(FUNCTIONS[token.text], self._argument()), None
        raise _NotNative

    def _list(self) -> Evaluate:
        parts = list[Evaluate]()
        while not self._take("]"):
            if parts:
                self._need(",")
            parts.append(self._conditional())
        return lambda value, now: [part(value, now) for part in parts]


def _text(literal: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), literal[1:-1])


def _number(literal: str) -> float | int:
    return int(literal) if literal.isdigit() and len(literal) <= 15 else float(literal)  # exact so far


def _whole(value: Any, now: float) -> Any:
    return value


def _constant(constant: Any) -> Evaluate:
    return lambda value, now: constant


def _path(names: tuple[str, ...]) -> Evaluate:
    def follow(value: Any, now: float) -> Any:
        for name in names:
            value = member(value, name)
        return value

    return follow


def _member(holder: Evaluate, key: str | int) -> Evaluate:
    return lambda value, now: member(holder(value, now), key)


def _call(method: Callable[[Any, Any], Any], holder: Evaluate, name: str, argument: Evaluate) -> Evaluate:
    def call(value: Any, now: float) -> Any:
        subject = holder(value, now)
        if subject is UNDEFINED or subject is None:
            member(subject, name)  # raises before the argument is evaluated
        return method(subject, argument(value, now))

    return call


def _function(function: Callable[[Any, float], float], argument: Evaluate) -> Evaluate:
    return lambda value, now: function(argument(value, now), now)


def _choice(condition: Evaluate, then: Evaluate, otherwise: Evaluate) -> Evaluate:
    return lambda value, now: (then if truthy(condition(value, now)) else otherwise)(value, now)


def _first(parts: Sequence[Evaluate], *, wanted: bool) -> Evaluate:
    """The first value with the wanted truth, otherwise the last: `||` and `&&`."""
    *firsts, last = parts

    def decide(value: Any, now: float) -> Any:
        for part in firsts:
            found = part(value, now)
            if truthy(found) is wanted:
                return found
        return last(value, now)

    return decide


def _operation(sign: str, left: Evaluate, right: Evaluate, constant: Any) -> Evaluate:
    """A binary operation; optimised for comparisons with a constant, which are nearly all."""
    if sign in ("==", "===") and constant is not None:
        kind, equal = type(constant), loosely_equal if sign == "==" else strictly_equal

        def is_constant(value: Any, now: float) -> bool:
            found = left(value, now)
            return bool(found == constant) if type(found) is kind else equal(found, constant)

        return is_constant
    operate = BINARY[sign]
    return lambda value, now: operate(left(value, now), right(value, now))


def _typed(operand: Evaluate) -> Evaluate:
    return lambda value, now: type_name(operand(value, now))


_PREFIXES: dict[str, Callable[[Evaluate], Evaluate]] = {
    "!": lambda operand: lambda value, now: not truthy(operand(value, now)),
    "-": lambda operand: lambda value, now: negated(operand(value, now)),
    "+": lambda operand: lambda value, now: to_number(operand(value, now)),
}
