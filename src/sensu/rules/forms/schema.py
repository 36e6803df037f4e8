"""The JSON Schema (2020-12) of a kind, with the texts and inputs of its form."""

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from sensu.rules.forms.inputs import HIDDEN, FormInput, KindForm

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Mapping[Any, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}
_BOUNDS = {"ge": "minimum", "le": "maximum"}

Schema = dict[str, Any]


def schema_of(form: KindForm) -> Schema:
    """The schema of a kind's document: `metadata` and `spec` as in files, each field with `x-form`.

    `x-form` of a field says how a form shows it (see `FormInput`), that of the document which kind it is, its sections,
    and the path of the name.
    """
    kind = form.kind
    fields = _struct(form, kind.shape, "")["properties"]
    metadata = fields.pop("metadata", None)
    properties: Schema = {} if metadata is None else {"metadata": metadata}
    properties["spec"] = {"type": "object", "properties": fields}
    named_by = "metadata.name" if kind.has_metadata else f"spec.{kind.named_by}"
    about: Schema = {"type": kind.type, "api_version": kind.api_version, "segment": kind.segment, "word": kind.word}
    about |= {"plural": kind.plural, "namespaced": kind.namespaced, "named_by": named_by}
    return {
        "$schema": DIALECT,
        "title": kind.word,
        "type": "object",
        "properties": properties,
        "x-form": {**about, "sections": list(form.sections)},
    }


def _struct(form: KindForm, shape: type[msgspec.Struct], path: str) -> Schema:
    hints = get_type_hints(shape, include_extras=True)
    fields = {field.encode_name: (hints[field.name], field) for field in msgspec.structs.fields(shape)}
    order = {name: number for number, name in enumerate(form.fields)}
    named = sorted(fields, key=lambda name: order.get(_child(path, name), len(order)))
    properties: Schema = {}
    for name in named:
        hint, field = fields[name]
        properties[name] = {**_field(form, hint, _child(path, name)), **_default(field)}
    return {"type": "object", "properties": properties}


def _child(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _default(field: msgspec.structs.FieldInfo) -> Schema:
    """The value of a missing field, unless it is an object."""
    missing = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        missing = field.default_factory()
    if isinstance(missing, msgspec.Struct) or missing is msgspec.NODEFAULT:
        return {}
    return {"default": msgspec.to_builtins(missing)}


def _field(form: KindForm, hint: Any, path: str) -> Schema:
    """The schema of the field at a path; fields of lists have the path of their list and `[]`."""
    found = _typed(form, hint, path)
    given = form.fields.get(path)
    return found if given is None else _with_texts(found, given)


def _with_texts(found: Schema, given: FormInput) -> Schema:
    texts: Schema = {"title": given.title} if given.title else {}
    if given.help:
        texts["description"] = given.help
    if given.example:
        texts["examples"] = [given.example]
    items = found.get("items")
    if given.choices and isinstance(items, dict):
        found = {**found, "items": {**items, "enum": list(given.choices)}}
    elif given.choices:
        texts["enum"] = list(given.choices)
    about = {name: value for name in ("section", "widget", "of", "unit", "more") if (value := getattr(given, name))}
    return {**found, **texts, "x-form": about}


def _typed(form: KindForm, hint: Any, path: str) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _bounded(_typed(form, arguments[0], path), arguments[1:])
    if origin in (Union, types.UnionType):
        inner = [one for one in arguments if one is not type(None)]
        found = _typed(form, inner[0], path)
        nullable = len(inner) < len(arguments)
        return {**found, "type": [found["type"], "null"]} if nullable and "type" in found else found
    if origin is tuple:
        return {"type": "array", "items": _field(form, arguments[0], f"{path}[]")}
    if origin is dict:
        return {"type": "object", "additionalProperties": _field(form, arguments[1], f"{path}.*")}
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _struct(form, hint, path)
    return {} if hint is Any else {"type": _TYPES[hint]}


def _bounded(found: Schema, metas: tuple[Any, ...]) -> Schema:
    limits = {
        name: getattr(meta, key) for meta in metas for key, name in _BOUNDS.items() if getattr(meta, key) is not None
    }
    return {**found, **limits}


def paths_of(form: KindForm) -> Iterator[str]:
    """The paths of the fields of a kind, but for those within fields that are not part of the form."""
    return _paths(form, _struct(form, form.kind.shape, ""), "")


def _paths(form: KindForm, found: Schema, path: str) -> Iterator[str]:
    for name, inner in found.get("properties", {}).items():
        own = _child(path, name)
        yield own
        if own not in form.fields or form.fields[own].widget != HIDDEN:
            yield from _paths(form, inner, own)
    if "items" in found:
        yield from _paths(form, found["items"], f"{path}[]")
