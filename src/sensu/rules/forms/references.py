"""The resources that a resource names, by the fields of its form that refer to others."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sensu.rules.forms.inputs import KindForm


class NamedResource(NamedTuple):
    """The name of another resource: the field with it, the word of its kind in URLs, and the name."""

    path: str
    of: str
    name: str


def named_in(form: KindForm, resource: Mapping[str, Any]) -> Iterator[NamedResource]:
    """The resources that a resource (its JSON without envelope) names; empty names are left out."""
    for pattern, given in form.fields.items():
        if given.of:
            for path, value in _at(resource, pattern.replace("[]", ".[]").split("."), ""):
                for place, name in _names(path, value):
                    yield NamedResource(place, given.of, name)


def _names(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _names(f"{path}[{number}]", item)
    elif isinstance(value, str) and value:
        yield path, value


def _at(value: Any, steps: list[str], path: str) -> Iterator[tuple[str, Any]]:
    """The values at a path, with the path that each has."""
    if not steps:
        yield path, value
    elif steps[0] == "[]":
        for number, item in enumerate(value if isinstance(value, list) else ()):
            yield from _at(item, steps[1:], f"{path}[{number}]")
    elif isinstance(value, Mapping):
        keys = value if steps[0] == "*" else [key for key in steps[:1] if key in value]
        for key in keys:
            yield from _at(value[key], steps[1:], f"{path}.{key}" if path else str(key))
