"""Variables in the values of patches and in texts: `Hello, [[ name ]]`.

Source: docs, "Catalog integrations reference", patches attributes.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sensu.errors import InvalidResource

UNIQUE_ID = "unique_id"
"""The variable with eight hexadecimal digits that differ for each installation."""
_VARIABLE = re.compile(r"\[\[([^\[\]]*)\]\]")
MISSING = object()


class CatalogVariables(NamedTuple):
    """The values of variables by name; a known variable without a value has no answer."""

    known: frozenset[str]
    values: Mapping[str, Any]

    def value(self, path: str) -> Any:
        """The value of `name` or `name.part`, MISSING without an answer; raises InvalidResource for unknown names."""
        name, *parts = path.split(".")
        if name not in self.known:
            raise InvalidResource(f"[[{path}]]: the variable {name!r} is unknown")
        found = self.values.get(name, MISSING)
        for part in parts:
            found = found.get(part, MISSING) if isinstance(found, Mapping) else MISSING
        return found

    def has_no(self, path: str) -> bool:
        """Whether a known variable has no value, or not the named part."""
        return self.value(path) is MISSING


class Substituted(NamedTuple):
    """A value with its variables replaced; `missing` are those without an answer."""

    value: Any
    missing: tuple[str, ...] = ()


def substituted(value: Any, variables: CatalogVariables, *, as_text: bool = False) -> Substituted:
    """The value with its variables replaced, at any depth; keys are left alone.

    A text that is only the name of a variable, or only one `[[variable]]`, becomes the variable's value with its type,
    or its text if `as_text`. YAML reads `[[variable]]` without quotes as a list in a list, which means the same. Raises
    InvalidResource for an unknown variable in brackets.
    """
    match value:
        case [[str(name)]] if name.partition(".")[0] in variables.known:
            value = name
    if isinstance(value, str) and value.partition(".")[0] in variables.known:
        value = f"[[{value}]]"
    missing: list[str] = []
    found = _replaced(value, variables, missing, as_text=as_text)
    return Substituted(found, tuple(dict.fromkeys(missing)))


def _replaced(value: Any, variables: CatalogVariables, missing: list[str], *, as_text: bool) -> Any:
    if isinstance(value, Mapping):
        return {key: _replaced(item, variables, missing, as_text=as_text) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(item, variables, missing, as_text=as_text) for item in value]
    if not isinstance(value, str):
        return value

    def look_up(name: str) -> Any:
        found = variables.value(name)
        if found is MISSING:
            missing.append(name)
        return found

    whole = _VARIABLE.fullmatch(value.strip())
    if whole is not None and not as_text:
        return look_up(whole[1].strip())
    return _VARIABLE.sub(lambda match: text_of(look_up(match[1].strip())), value)


def text_of(value: Any) -> str:
    """An answer within a text: lists with commas, `true` and `false`, objects as `key=value`; MISSING is empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(text_of(item) for item in value)
    if isinstance(value, Mapping):
        return ",".join(f"{key}={text_of(item)}" for key, item in value.items())
    return "" if value is MISSING or value is None else str(value)


def text_with(text: str, variables: CatalogVariables) -> str:
    """A text for people with its variables replaced; unknown ones stay as they are, missing ones are left out."""

    def shown(match: re.Match[str]) -> str:
        name = match[1].strip()
        return text_of(variables.value(name)) if name.partition(".")[0] in variables.known else match[0]

    return _VARIABLE.sub(shown, text)


def variables_in(value: Any) -> Iterator[str]:
    """The variables in brackets of a value: `name` or `name.part`."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from variables_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from variables_in(item)
    elif isinstance(value, str):
        for match in _VARIABLE.finditer(value):
            yield match[1].strip()
