"""Finds calls of undefined functions in expressions, which would throw at each evaluation."""

from collections.abc import Iterable, Sequence

from sensu.execution.es5_syntax import ScriptToken, words_of
from sensu.rules.spelling import nearest


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GLOBALS = frozenset(
    {"Object", "Function", "Array", "String", "Boolean", "Number", "Date", "RegExp", "eval", "parseInt", "parseFloat"}
    | {"isNaN", "isFinite", "decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "escape", "unescape"}
    | {"Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"}
    | {"hour", "minute", "second", "weekday", "seconds_since"}
)
_METHODS = _names("""
    abs acos apply asin atan atan2 bind call ceil charAt charCodeAt concat cos create debug defineProperties
    defineProperty error every exec exp filter floor forEach freeze fromCharCode getDate getDay getFullYear
    getHours getMilliseconds getMinutes getMonth getOwnPropertyDescriptor getOwnPropertyNames getPrototypeOf
    getSeconds getTime getTimezoneOffset getUTCDate getUTCDay getUTCFullYear getUTCHours getUTCMilliseconds
    getUTCMinutes getUTCMonth getUTCSeconds getYear hasOwnProperty indexOf info isArray isExtensible isFrozen
    isPrototypeOf isSealed join keys lastIndexOf localeCompare log map match max min now parse pop pow
    preventExtensions propertyIsEnumerable push random reduce reduceRight replace reverse round seal search
    setDate setFullYear setHours setMilliseconds setMinutes setMonth setSeconds setTime setUTCDate
    setUTCFullYear setUTCHours setUTCMilliseconds setUTCMinutes setUTCMonth setUTCSeconds setYear shift sin
    slice some sort splice split sqrt stringify substr substring tan test toDateString toExponential toFixed
    toGMTString toISOString toJSON toLocaleDateString toLocaleLowerCase toLocaleString toLocaleTimeString
    toLocaleUpperCase toLowerCase toPrecision toString toTimeString toUTCString toUpperCase trim trimLeft
    trimRight UTC unshift valueOf warn
""")
_INSTEAD = {
    "includes": "indexOf(…) >= 0",
    "startsWith": "indexOf(…) == 0",
    "endsWith": "match(/…$/)",
    "find": "filter(…)[0]",
}
_MAY_NOT_REACH_IT = frozenset({"try", "typeof", "with", "eval", "Function", "this"})
"""Expressions with these words may define functions in ways that are not visible here; they are not checked."""
_NO_FUNCTIONS = frozenset(
    {"if", "while", "for", "switch", "return", "typeof", "case", "in", "instanceof", "delete", "void", "throw", "new"}
    | {"else", "do", "catch", "function", "with"}
)


def missing_function(expression: str, provided: Iterable[str], *, alone: bool) -> tuple[int, str] | None:
    """The position and the message of the first call of an undefined function in a valid expression, or None.

    `provided` are the functions of `sensu`. Unless the expression is `alone`, scripts of assets may define others.
    """
    words = words_of(expression)
    texts = {word.text for word in words if word.kind == "word"}
    functions = frozenset(provided)
    defined = _defined(words)
    if "sensu" in defined:
        return None
    looks_elsewhere = not alone or bool(texts & _MAY_NOT_REACH_IT)
    for at, word in enumerate(words):
        if word.kind != "word" or _text(words, at + 1) != "(" or "\\" in word.text:
            continue
        message = _of_sensu(words, at, functions)
        if message is None and not looks_elsewhere:
            message = _missing(words, at, defined)
        if message:
            return word.position, message
    return None


def _of_sensu(words: Sequence[ScriptToken], at: int, functions: frozenset[str]) -> str | None:
    if _text(words, at - 1) != "." or _text(words, at - 2) != "sensu" or _text(words, at - 3) == ".":
        return None
    name = words[at].text
    if name in functions or name in _METHODS:
        return ""
    return _said(name, sorted(functions), "sensu.")


def _missing(words: Sequence[ScriptToken], at: int, defined: set[str]) -> str | None:
    name, before = words[at].text, _text(words, at - 1)
    if before == "function" or name in _NO_FUNCTIONS or name in defined:
        return None
    if before == ".":
        if name in _METHODS:
            return None
        if name in _INSTEAD:
            return f"{name} is not a function in ECMAScript 5; use {_INSTEAD[name]}"
        return _said(name, _METHODS)
    return None if name in _GLOBALS else _said(name, _GLOBALS)


def _said(name: str, known: Iterable[str], owner: str = "") -> str:
    close = nearest(name, known, edits_max=1)
    return f"the function {owner}{name} does not exist" + (f"; did you mean {owner}{close}?" if close else "")


def _defined(words: Sequence[ScriptToken]) -> set[str]:
    """All names that an expression declares, assigns, or uses as parameters or properties."""
    names: set[str] = set()
    for at, word in enumerate(words):
        following = _text(words, at + 1)
        if word.kind in ("word", "text") and following in (":", "="):
            names.add(word.text.strip("'\""))
        if word.text == "function":
            for inner in words[at + 1 :]:
                if inner.text == ")":
                    break
                names.add(inner.text)
        elif _text(words, at - 1) in ("var", "catch") or _is_accessor(words, at):
            names.add(word.text)
    return names


def _is_accessor(words: Sequence[ScriptToken], at: int) -> bool:
    """Whether the word at `at` names a getter or setter, as in `{get size() { … }}`."""
    return _text(words, at - 1) in ("get", "set") and _text(words, at - 2) in ("{", ",") and _text(words, at + 1) == "("


def _text(words: Sequence[ScriptToken], at: int) -> str:
    return words[at].text if 0 <= at < len(words) else ""
