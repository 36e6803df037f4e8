"""Encodes and decodes resources of any kind for the API and the store: in an envelope if their kind is `wrapped`."""

from collections.abc import Mapping
from functools import cache, reduce
from inspect import cleandoc
from operator import or_
from typing import Any, get_type_hints

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.envelope import unwrapped, wrapped
from sensu.resources.kind import METADATA
from sensu.resources.kinds import Kind
from sensu.resources.wire import Wire, always, convert_client, decode, encode

Shape = type[Wire]


@cache
def document_shape(kind: Kind) -> Shape:
    """The struct that the API accepts and returns for a kind; with an envelope if the kind is wrapped.

    For a kind with several types, it is the union of theirs.
    """
    if kind.types:
        shapes: Any = reduce(or_, map(document_shape, kind.types))
        return shapes  # type: ignore[no-any-return]
    if not kind.wrapped:
        return kind.shape
    hints = get_type_hints(kind.shape, include_extras=True)
    fields = {field.name: field for field in msgspec.structs.fields(kind.shape)}
    metadata = fields.pop(METADATA)
    spec = _struct(f"{kind.type}Spec", [(name, hints[name], _like(field)) for name, field in fields.items()])
    spec.single = kind.shape.single
    named = [] if kind.part_of else [("type", str, always(lambda: kind.type))]
    members: list[tuple[str, Any, Any]] = [
        *named,
        ("api_version", str, always(lambda: kind.api_version)),
        (METADATA, hints[METADATA], _like(metadata)),
        ("spec", spec, always(spec)),
    ]
    found: Shape = _struct(kind.type, members, cleandoc(kind.shape.__doc__ or ""), kind.type if kind.part_of else None)
    return found


def _struct(name: str, fields: list[tuple[str, Any, Any]], doc: str = "", tag: str | None = None) -> Any:
    """A struct; with a tag, which is its `type`, it can be one of a union."""
    field, namespace = "type" if tag else None, {"__doc__": doc}
    return msgspec.defstruct(
        name, fields, bases=(Wire,), namespace=namespace, tag_field=field, tag=tag, kw_only=True, frozen=True
    )


def _like(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return always(field.default_factory)
    return field.default


def encoded(kind: Kind, resource: Any) -> bytes:
    """The JSON of a resource, as it is stored and returned."""
    return encode(wrapped(kind, msgspec.to_builtins(resource)) if kind.wrapped else resource)


class _Typed(Wire, frozen=True):
    type: str = ""


def type_of(kind: Kind, body: bytes) -> Kind:
    """The type of a resource of a kind with several, from its JSON; any other kind itself; raises InvalidResource."""
    return _type_named(kind, decode(_Typed, body).type) if kind.types else kind


def _type_named(kind: Kind, name: Any) -> Kind:
    for one in kind.types:
        if name == one.type:
            return one
    raise InvalidResource(f'type must be one of {", ".join(one.type for one in kind.types)}, not "{name}"')


def decoded(kind: Kind, body: bytes) -> Any:
    """Decode a resource from JSON written by `encoded`; raises InvalidResource for anything else."""
    kind = type_of(kind, body)
    return resource_in(kind, decode(document_shape(kind), body))


def converted(kind: Kind, value: Any) -> Any:
    """Convert a client's parsed JSON to a resource; raises InvalidResource."""
    if kind.types and isinstance(value, Mapping):
        names = [item for key, item in value.items() if isinstance(key, str) and key.lower() == "type"]
        kind = _type_named(kind, names[-1] if names else "")
    return resource_in(kind, convert_client(document_shape(kind), value))


def resource_in(kind: Kind, document: Any) -> Any:
    """The resource in a document; raises InvalidResource if the document says that it is of another kind."""
    if not kind.wrapped:
        return document
    named = kind.type if kind.part_of else document.type
    if (named, document.api_version) != (kind.type, kind.api_version):
        raise InvalidResource(f"type and api_version must be {kind.type} and {kind.api_version}")
    bare: Mapping[str, Any] = unwrapped(kind, msgspec.to_builtins(document))
    return msgspec.convert(bare, kind.shape)
