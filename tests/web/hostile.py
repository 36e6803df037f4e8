"""Resources with hostile text in every field that takes text, made from the shapes of the kinds."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import msgspec

from sensu.resources.kinds import Kind
from tests.web.world import World

PAYLOAD = (
    '"><img src=x onerror="window.harmed=1"><script>window.harmed=1</script></title></textarea>{{ 7*7 }}${7*7}'
    " javascript:window.harmed=1 __proto__ \x1b[31m\x1b]8;;javascript:window.harmed=1\x07"
    " \u202e\u0645\u0645\u062a\u0644\u0626 "
    f"\U0001f4a3 {'x' * 2000}"
)
"""Markup, templates, addresses of scripts, terminal codes, text from right to left, a word without an end."""
_NUMBERED = re.compile(r"[^.\[\]]+|\[\d+\]")
_ROUNDS = 25

Document = dict[str, Any]
Path = tuple[str | int, ...]


def hostile_document(world: World, kind: Kind, base: Document) -> Document:
    """A document of a kind that the API takes: the payload where it may stand, and what `base` has elsewhere."""
    (top,), shapes = msgspec.json.schema_components([kind.shape], ref_template="{name}")
    filled = _filled(shapes[top["$ref"]], shapes)
    metadata = filled.pop("metadata", {})
    made: Document = {"type": kind.type, "api_version": kind.api_version, "metadata": metadata, "spec": filled}
    if not kind.has_metadata:
        made["metadata"] = {}
    for path, value in _leaves(base):
        if path[0] == "metadata" or not isinstance(value, str) or _at(made, path) is None:
            _put(made, path, deepcopy(value))
    for _ in range(_ROUNDS):
        refused = _refused(world, kind, made)
        if not refused:
            return made
        gave_way = [_gave_way(made, base, path) for path, _ in refused]
        if not any(gave_way):
            break
    raise AssertionError(f"{kind.type} is refused, and nothing of it can give way: {refused}")


def hostile_fields(made: Document) -> list[str]:
    """The paths of the fields of a document that have the payload."""
    return [".".join(map(str, path)) for path, value in _leaves(made) if isinstance(value, str) and PAYLOAD in value]


def _filled(schema: Mapping[str, Any], shapes: Mapping[str, Any]) -> Any:
    """A value of a schema with the payload in each text; None for what is no text. Passwords are shown nowhere."""
    if "anyOf" in schema:
        return _filled(schema["anyOf"][0], shapes)
    if "$ref" in schema:
        return _filled(shapes[schema["$ref"]], shapes)
    if schema.get("type") == "string":
        return PAYLOAD
    if schema.get("type") == "array":
        item = _filled(schema.get("items", {}), shapes)
        return None if item is None else [item]
    if schema.get("type") != "object":
        return None
    if isinstance(schema.get("additionalProperties"), dict):
        inner = _filled(schema["additionalProperties"], shapes)
        return {PAYLOAD: inner, "__proto__": inner, "javascript:window.harmed=1": inner}
    fields = schema.get("properties", {}).items()
    made = {name: _filled(each, shapes) for name, each in fields if not name.startswith("password")}
    return {name: value for name, value in made.items() if value is not None}


def _refused(world: World, kind: Kind, made: Document) -> list[tuple[Path, str]]:
    place = "/api/sensu/v1/namespaces/default/drafts" if kind.namespaced else "/api/sensu/v1/drafts"
    answer = world.api("POST", place, made)
    (judged,) = answer.body["documents"]
    errors = (problem for problem in judged["problems"] if problem["severity"] == "error")
    return [(_path(problem["path"]), problem["message"]) for problem in errors]


def _path(text: str) -> Path:
    """The steps of a path such as `spec.subdues[0].begin`."""
    return tuple(int(step[1:-1]) if step.startswith("[") else step for step in _NUMBERED.findall(text))


def _gave_way(made: Document, base: Document, path: Path) -> bool:
    """Replace what is at a path, or the nearest thing around it that differs, by what the base has there."""
    for length in range(len(path), 1, -1):
        around = path[:length]
        there, wanted = _at(made, around), _at(base, around)
        if there is None or there == wanted:
            continue
        if wanted is None:
            _drop(made, around)
        else:
            _put(made, around, deepcopy(wanted))
        return True
    return False


def _at(value: Any, path: Path) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _put(value: Any, path: Path, wanted: Any) -> None:
    for step, following in zip(path, path[1:], strict=False):
        if isinstance(step, int) or step in value:
            value = value[step]
        else:
            value[step] = [{}] if isinstance(following, int) else {}
            value = value[step]
    value[path[-1]] = wanted


def _drop(value: Any, path: Path) -> None:
    around = _at(value, path[:-1])
    del around[path[-1]]


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, (*path, name))
    elif isinstance(value, list) and value and path:
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*path, number))
    else:
        yield path, value
