"""The arguments of rule templates: a subset of JSON Schema.

Source: docs, "Rule templates reference" (`arguments` has JSON Schema properties and the names of required ones).
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sensu.resources.rule_template import TemplateArguments

ArgumentProblem = tuple[str, str]
"""The path of a field, and the rule that it breaks."""

DEPTH_MAX = 8
"""How deep schemas of lists and objects may be nested."""
KEYWORDS = (
    *("type", "description", "title", "default", "enum"),
    *("minimum", "maximum", "items", "properties", "required"),
)
_TEXTS = ("description", "title")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list | tuple),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and value == int(value),
    "null": lambda value: value is None,
    "number": _is_number,
    "object": lambda value: isinstance(value, Mapping),
    "string": lambda value: isinstance(value, str),
}


def schema_problems(arguments: TemplateArguments) -> Iterator[ArgumentProblem]:
    """The rules that the arguments of a template break."""
    properties = arguments.properties or {}
    for name, schema in properties.items():
        yield from _schema_problems(f"arguments.properties.{name}", schema, 1)
    for name in arguments.required or ():
        if name not in properties:
            message = f'arguments.required names "{name}", which arguments.properties does not have'
            yield ("arguments.required", message)


def _schema_problems(path: str, schema: Any, depth: int) -> Iterator[ArgumentProblem]:
    if not isinstance(schema, Mapping):
        yield (path, f"{path} must be an object such as {{type: number}}")
        return
    if depth > DEPTH_MAX:
        yield (path, f"{path} is nested too deeply: at most {DEPTH_MAX} levels are allowed")
        return
    for keyword in schema:
        if keyword not in KEYWORDS:
            known = ", ".join(KEYWORDS)
            yield (path, f'{path} has the keyword "{keyword}", which is not supported; these are: {known}')
    yield from _keyword_problems(path, schema)
    if "items" in schema:
        yield from _schema_problems(f"{path}.items", schema["items"], depth + 1)
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        for name, inner in properties.items():
            yield from _schema_problems(f"{path}.properties.{name}", inner, depth + 1)
    elif properties is not None:
        yield (path, f"{path}.properties must be an object")


def _keyword_problems(path: str, schema: Mapping[str, Any]) -> Iterator[ArgumentProblem]:
    for name in _types_of(schema):
        if name not in _TYPES:
            yield (path, f"{path}.type must be one of {', '.join(_TYPES)}, not {_shown(name)}")
            return
    for keyword in _TEXTS:
        if not isinstance(schema.get(keyword) or "", str):
            yield (path, f"{path}.{keyword} must be a string")
    for keyword in ("minimum", "maximum"):
        if schema.get(keyword) is not None and not _is_number(schema[keyword]):
            yield (path, f"{path}.{keyword} must be a number")
            return
    if schema.get("enum") is not None and not isinstance(schema["enum"], list | tuple):
        yield (path, f"{path}.enum must be a list")
        return
    required = schema.get("required")
    if required is not None and not (isinstance(required, list | tuple) and all(isinstance(n, str) for n in required)):
        yield (path, f"{path}.required must be a list of names")
    elif _has_default(schema) and (why := _value_problem(f"{path}.default", schema, schema["default"])) is not None:
        yield (path, why)


def _types_of(schema: Mapping[str, Any]) -> tuple[Any, ...]:
    """The types that a value may have, none if it may have any."""
    found = schema.get("type")
    if found is None:
        return ()
    return tuple(found) if isinstance(found, list | tuple) else (found,)


def _has_default(schema: Mapping[str, Any]) -> bool:
    """Whether a default is set. An empty object is none, unless the value is an object.

    Source: docs, "Rule templates reference" (the built-in template has `default: {}` for flags and lists).
    """
    default = schema.get("default")
    return default is not None and (default != {} or "object" in _types_of(schema))


def given_arguments(template: TemplateArguments, arguments: Mapping[str, Any] | None) -> dict[str, Any] | str:
    """The arguments of a rule with the defaults of its template, or the first problem with them.

    Arguments that the template does not describe are passed on as they are, as in JSON Schema.
    """
    given = dict(arguments or {})
    whole = {"type": "object", "properties": template.properties or {}, "required": template.required}
    for name, schema in (template.properties or {}).items():
        if name not in given and isinstance(schema, Mapping) and _has_default(schema):
            given[name] = schema["default"]
    return _value_problem("", whole, given) or given


def _value_problem(path: str, schema: Mapping[str, Any], value: Any) -> str | None:
    """The first rule of a schema that a value breaks, or None."""
    types = _types_of(schema)
    if types and not any(_TYPES[name](value) for name in types if name in _TYPES):
        return f"{path} must be of the type {' or '.join(map(str, types))}, not {_shown(value)}"
    choices = schema.get("enum")
    if choices is not None and not any(_same(value, one) for one in choices):
        return f"{path} must be one of {', '.join(map(_shown, choices))}, not {_shown(value)}"
    if _is_number(value):
        least, most = schema.get("minimum"), schema.get("maximum")
        if least is not None and value < least:
            return f"{path} must be at least {least}, not {value}"
        if most is not None and value > most:
            return f"{path} must be at most {most}, not {value}"
    return next(_inner_problems(path, schema, value), None)


def _inner_problems(path: str, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    """The problems with the items of a list, or with the values of an object."""
    if isinstance(value, list | tuple) and isinstance(schema.get("items"), Mapping):
        for number, item in enumerate(value):
            yield from filter(None, (_value_problem(f"{path}[{number}]", schema["items"], item),))
    if isinstance(value, Mapping):
        for name in schema.get("required") or ():
            if name not in value:
                yield f"{_below(path, name)} must be set"
        for name, inner in (schema.get("properties") or {}).items():
            if name in value and isinstance(inner, Mapping):
                yield from filter(None, (_value_problem(_below(path, name), inner, value[name]),))


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else f"the argument {name}"


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal in JSON, where true is not 1."""
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def _shown(value: Any) -> str:
    """A value in a message, shortened."""
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
