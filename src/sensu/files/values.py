"""The values in a file of many YAML or JSON documents, each with the line on which it starts.

Files may come from untrusted sources: excessive aliases and nesting are refused before they take memory.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from sensu.errors import InvalidResource

_SEPARATOR = re.compile(
    r"^(?:---+(?:[ \t]*(?:\#.*)?|[ \t]+(?P<content>[^\s\#].*))|\.\.\.[ \t]*(?:\#.*)?)\r?$", re.MULTILINE
)
"""A separator of documents; a document may begin on the same line."""
_DIRECTIVE = re.compile(r"^%[A-Z]+ .*$", re.MULTILINE)
ALIASED_NODES_MAX = 100_000
"""The maximum number of values that aliases may repeat in a file."""
NESTING_MAX = 100
"""The maximum nesting depth; resources have at most ten levels."""
_UNCHECKED_NESTING = 1000
"""The maximum depth that the YAML library's recursion supports."""
_UNCHECKED_CHARACTERS = 100_000
TOO_DEEP = f"nested more than {NESTING_MAX} levels deep"


class ParseError(InvalidResource):
    """A document that is not valid YAML or JSON; `line` and `column` count from 1."""

    def __init__(self, message: str, problem: str, line: int, column: int = 1) -> None:
        super().__init__(message)
        self.problem, self.line, self.column = problem, line, column


class ParsedDocument(NamedTuple):
    """A document as a value: the line on which it starts, and its `text`, which begins in `text_line`."""

    line: int
    value: Any
    text: str
    text_line: int


def values_of(text: str) -> Iterator[tuple[int, Any]]:
    """Every document as a value, with the line on which it starts; see `parsed_of`."""
    return ((one.line, one.value) for one in parsed_of(text))


def parsed_of(text: str) -> Iterator[ParsedDocument]:
    """Every document; raises ParseError if one cannot be parsed.

    Documents that consist only of comments or directives are skipped.
    """
    start, line, aliased = 0, 1, _AliasCount()
    for match in [*_SEPARATOR.finditer(text), None]:
        end = match.start() if match is not None else len(text)
        chunk = _DIRECTIVE.sub("", text[start:end])
        if chunk.strip("\r\n") and not _only_comments(chunk):
            yield from _chunk_values(chunk, line, aliased)
        if match is None:
            return
        following = match.start("content") if match["content"] else match.end()
        line += text.count("\n", start, following)
        start = following


def _only_comments(chunk: str) -> bool:
    lines = [line.strip() for line in chunk.splitlines()]
    return any(lines) and all(not line or line.startswith("#") for line in lines)


def _chunk_values(chunk: str, line: int, aliased: "_AliasCount") -> Iterator[ParsedDocument]:
    first_line = line + chunk[: len(chunk) - len(chunk.lstrip())].count("\n")
    if chunk.lstrip()[:1] not in ("{", "["):
        yield ParsedDocument(first_line, _yaml_value(chunk, line, aliased), chunk, line)
        return
    try:
        found = list(_json_values(chunk, line))
    except InvalidResource:
        try:
            found = [ParsedDocument(first_line, _yaml_value(chunk, line, aliased), chunk, line)]  # YAML has braces, too
        except InvalidResource:
            found = []
        if not found:
            raise
    yield from found


def _json_values(chunk: str, line: int) -> Iterator[ParsedDocument]:
    decoder, at, counted = json.JSONDecoder(), 0, 0
    while at < len(chunk):
        if chunk[at].isspace():
            at += 1
            continue
        line, counted = line + chunk.count("\n", counted, at), at
        try:
            value, end = decoder.raw_decode(chunk, at)
        except json.JSONDecodeError as err:
            wrong_line = line + chunk.count("\n", counted, err.pos)
            why = f"not valid JSON: {err.msg}"
            message = f"error parsing resources: line {wrong_line}: {why}"
            raise ParseError(message, why, wrong_line, err.colno) from err
        except RecursionError as err:
            raise ParseError(f"error parsing resources: line {line}: {TOO_DEEP}", TOO_DEEP, line) from err
        if _depth(value, NESTING_MAX) > NESTING_MAX:
            raise ParseError(f"error parsing resources: line {line}: {TOO_DEEP}", TOO_DEEP, line)
        column = at - (chunk.rfind("\n", 0, at) + 1)
        yield ParsedDocument(line, value, " " * column + chunk[at:end], line)
        at = end


def _yaml_value(chunk: str, line: int, aliased: "_AliasCount") -> Any:
    import yaml  # noqa: PLC0415 - JSON files do not need it

    from sensu.files.yaml_text import Loader, nesting  # noqa: PLC0415

    marks = sum(map(chunk.count, "[{")) + chunk.count("- ") + chunk.count("? ")
    try:
        if max(marks, len(chunk) // 100) > _UNCHECKED_NESTING and nesting(chunk, NESTING_MAX) > NESTING_MAX:
            raise ValueError(TOO_DEEP)
        value = yaml.load(chunk, Loader=Loader)  # noqa: S506 - a safe loader
        aliased.add(value)
        return _json_keys(value)
    except yaml.YAMLError as err:
        mark, why = getattr(err, "problem_mark", None), str(getattr(err, "problem", err))
        at, column = (line + mark.line, mark.column + 1) if mark is not None else (line, 1)
        raise ParseError(f"error parsing resources: yaml: line {at}: {why}", why, at, column) from err
    except RecursionError as err:
        message = f"error parsing resources: yaml: document of line {line}: {TOO_DEEP}"
        raise ParseError(message, TOO_DEEP, line) from err
    except ValueError as err:
        message = f"error parsing resources: yaml: document of line {line}: {err}"
        raise ParseError(message, str(err), line) from err


class _AliasCount:
    """Counts the values that aliases repeat."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, value: Any) -> None:
        """Count the values of a document; raises ValueError if there are too many or a value contains itself."""
        sizes: dict[int, int] = {}
        whole = _size(value, sizes, [], 0)
        self._count += whole - _size_once(value, set())
        if self._count > ALIASED_NODES_MAX:
            raise ValueError(f"its aliases repeat more than {ALIASED_NODES_MAX} values")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _size(value: Any, sizes: dict[int, int], open_: list[int], depth: int) -> int:
    """The number of values in a value, with repetitions."""
    children = _children(value)
    if not children:
        return 1
    key = id(value)
    if key in sizes:
        return sizes[key]
    if key in open_:
        raise ValueError("an alias is inside the value that it repeats")
    if depth > NESTING_MAX:
        raise ValueError(TOO_DEEP)
    open_.append(key)
    sizes[key] = 1 + sum(_size(child, sizes, open_, depth + 1) for child in children)
    open_.pop()
    return sizes[key]


def _size_once(value: Any, seen: set[int]) -> int:
    """The number of values in a value, without repetitions."""
    children = _children(value)
    if not children:
        return 1
    if id(value) in seen:
        return 0
    seen.add(id(value))
    return 1 + sum(_size_once(child, seen) for child in children)


def _depth(value: Any, limit: int) -> int:
    """The nesting depth of a value; more than the limit for anything deeper."""
    level, found = [value], 0
    while level and found <= limit:
        level = [child for one in level for child in _children(one)]
        found += bool(level)
    return found


def _json_keys(value: Any) -> Any:
    """A YAML value with the keys of its objects as texts, as JSON needs them."""
    if isinstance(value, dict):
        return {_json_key(key): _json_keys(item) for key, item in value.items()}
    return [_json_keys(item) for item in value] if isinstance(value, list) else value


def _json_key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return "null" if key is None else str(key)
