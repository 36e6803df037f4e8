"""Encodes and decodes resources of any kind for the API and the store: in an envelope if their kind is `wrapped`."""

from collections.abc import Mapping
from functools import cache
from inspect import cleandoc
from typing import Any, get_type_hints

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.envelope import unwrapped, wrapped
from sensu.resources.kinds import METADATA, Kind
from sensu.resources.wire import Wire, always, convert_client, decode, encode

Shape = type[Wire]


@cache
def document_shape(kind: Kind) -> Shape:
    """The struct that the API accepts and returns for a kind; with an envelope if the kind is wrapped."""
    if not kind.wrapped:
        return kind.shape
    hints = get_type_hints(kind.shape, include_extras=True)
    fields = {field.name: field for field in msgspec.structs.fields(kind.shape)}
    metadata = fields.pop(METADATA)
    spec = _struct(f"{kind.type}Spec", [(name, hints[name], _like(field)) for name, field in fields.items()])
    members: list[tuple[str, Any, Any]] = [
        ("type", str, always(lambda: kind.type)),
        ("api_version", str, always(lambda: kind.api_version)),
        (METADATA, hints[METADATA], _like(metadata)),
        ("spec", spec, always(spec)),
    ]
    found: Shape = _struct(kind.type, members, cleandoc(kind.shape.__doc__ or ""))
    return found


def _struct(name: str, fields: list[tuple[str, Any, Any]], doc: str = "") -> Any:
    return msgspec.defstruct(name, fields, bases=(Wire,), namespace={"__doc__": doc}, kw_only=True, frozen=True)


def _like(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return always(field.default_factory)
    return field.default


def encoded(kind: Kind, resource: Any) -> bytes:
    """The JSON of a resource, as it is stored and returned."""
    return encode(wrapped(kind, msgspec.to_builtins(resource)) if kind.wrapped else resource)


def decoded(kind: Kind, body: bytes) -> Any:
    """Decode a resource from JSON written by `encoded`; raises InvalidResource for anything else."""
    return resource_in(kind, decode(document_shape(kind), body))


def converted(kind: Kind, value: Any) -> Any:
    """Convert a client's parsed JSON to a resource; raises InvalidResource."""
    return resource_in(kind, convert_client(document_shape(kind), value))


def resource_in(kind: Kind, document: Any) -> Any:
    """The resource in a document; raises InvalidResource if the document says that it is of another kind."""
    if not kind.wrapped:
        return document
    if (document.type, document.api_version) != (kind.type, kind.api_version):
        raise InvalidResource(f"type and api_version must be {kind.type} and {kind.api_version}")
    bare: Mapping[str, Any] = unwrapped(kind, msgspec.to_builtins(document))
    return msgspec.convert(bare, kind.shape)
