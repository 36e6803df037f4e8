"""The resources that a resource names, by the fields of its form that refer to others."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sensu.resources.kinds import by_type
from sensu.rules.forms.inputs import KindForm


class NamedResource(NamedTuple):
    """The name of another resource: the field with it, the word of its kind in URLs, and the name."""

    path: str
    of: str
    name: str


def named_in(form: KindForm, resource: Mapping[str, Any]) -> Iterator[NamedResource]:
    """The resources that a resource (its JSON without envelope) names; empty names are left out."""
    for pattern, given in form.fields.items():
        holder, _, field = pattern.rpartition(".")
        if given.of and field == "name" and f"{holder}.type" in form.fields:
            yield from _typed(resource, holder, given.of)
        elif given.of:
            for path, value in _at(resource, pattern.replace("[]", ".[]").split("."), ""):
                for place, name in _names(path, value):
                    yield NamedResource(place, given.of, name)


def _typed(resource: Mapping[str, Any], pattern: str, of: str) -> Iterator[NamedResource]:
    """The resources of references that have a type, which may be of other kinds than the form is for."""
    for path, reference in _at(resource, pattern.replace("[]", ".[]").split("."), ""):
        if isinstance(reference, Mapping) and reference.get("name"):
            kind = by_type(str(reference.get("type", "")), str(reference.get("api_version", "")))
            yield NamedResource(f"{path}.name", of if kind is None else kind.segment, str(reference["name"]))


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
