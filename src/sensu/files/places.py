"""The places of the fields of a document in its text."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from sensu.files.values import ParsedDocument
from sensu.files.yaml_text import Loader

TextPlace = tuple[int, int]
"""Line and column, from 1."""
PLACES_MAX = 20_000
"""The number of places that are remembered of a document; fields after them are reported at their object."""


def places_of(document: ParsedDocument) -> Mapping[str, TextPlace]:
    """Where each field begins, by its path (`spec.subdues[0].begin`); the whole document has the path ``."""
    try:
        root = yaml.compose(document.text, Loader=Loader)
    except (yaml.YAMLError, RecursionError):  # JSON that is no YAML, for example with tabs
        return {"": (document.line, 1)}
    found: dict[str, TextPlace] = {"": (document.line, 1)}
    for path, mark in _marks(root, ""):
        found.setdefault(path, (document.text_line + mark.line, mark.column + 1))
        if len(found) >= PLACES_MAX:
            break
    return found


def place_of(places: Mapping[str, TextPlace], path: str) -> TextPlace:
    """The place of a field, or of the object that it is missing from."""
    while path not in places:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return places[path]


def _marks(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = child(path, str(getattr(key, "value", "")))
            yield inner, key.start_mark
            yield from _marks(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            inner = f"{path}[{number}]"
            yield inner, value.start_mark
            yield from _marks(value, inner)


def child(path: str, key: str) -> str:
    """The path of a field of an object; keys with other characters than those of fields are quoted."""
    if key and key.replace("_", "").isalnum() and key.isascii():
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
