"""The schema from `schema/*.graphql`, and the resolvers of its fields."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from sensu.backend.graphql.mutations import MUTATION_RESOLVERS, removal_of
from sensu.backend.graphql.node_ids import NODE_KINDS
from sensu.backend.graphql.nouns import NOUN_RESOLVERS
from sensu.backend.graphql.queries import QUERY_RESOLVERS, one_of, page_of
from sensu.backend.graphql.reader import Info
from sensu.resources.kinds import SILENCED, Kind

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAMES = {"ARMVersion": "arm_version", "VMRole": "vm_role", "VMSystem": "vm_system", "libCType": "libc_type"}
"""Fields whose attribute is not their name in snake case."""
_ANSWERED_REMEMBERED_MAX = 1024
_FOLDER = "schema"


def made() -> GraphQLSchema:
    """Build the schema with its resolvers."""
    folder = files("sensu.backend.graphql") / _FOLDER
    texts = (one.read_text(encoding="utf-8") for one in folder.iterdir() if one.name.endswith(".graphql"))
    schema = build_schema("\n".join(texts))
    for kind in NODE_KINDS.values():
        _answer_kind(schema, kind)
    for resolvers in (QUERY_RESOLVERS, MUTATION_RESOLVERS, NOUN_RESOLVERS):
        for type_name, fields in resolvers.items():
            _answered(schema.type_map[type_name], fields)
    date_time = schema.type_map["DateTime"]
    assert isinstance(date_time, GraphQLScalarType)
    date_time.coerce_output_value = rfc3339
    date_time.coerce_input_value = unix_seconds
    return schema


def _answered(named: Any, fields: Mapping[str, Any]) -> None:
    assert isinstance(named, GraphQLObjectType)
    for name, resolver in fields.items():
        named.fields[name].resolve = resolver


def _answer_kind(schema: GraphQLSchema, kind: Kind) -> None:
    """Set the resolvers of a kind: one resource, the list of a namespace, and the deletion."""
    noun = "Silence" if kind is SILENCED else kind.type.removesuffix("Config")
    for type_name, returned, make in (
        ("Query", kind.type, one_of),
        ("Namespace", f"{kind.type}Connection", page_of),
    ):
        for field in _fields_of(schema, type_name).values():
            if get_named_type(field.type).name == returned:
                field.resolve = make(kind)
    removal = _fields_of(schema, "Mutation").get(f"delete{noun}")
    if removal is not None:
        removal.resolve = removal_of(kind)


def _fields_of(schema: GraphQLSchema, type_name: str) -> Mapping[str, GraphQLField]:
    named = schema.type_map[type_name]
    assert isinstance(named, GraphQLObjectType)
    return named.fields  # type: ignore[no-any-return]


def rfc3339(value: Any) -> str:
    """Unix seconds as an RFC 3339 time in UTC."""
    try:
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError) as err:
        raise GraphQLError(f"{value} seconds after 1970 is not a valid time") from err


def unix_seconds(value: Any) -> int:
    """An RFC 3339 time as Unix seconds."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise GraphQLError(f"DateTime must be an RFC 3339 time with a time zone, not {value!r}")
    return int(moment.timestamp())


def attribute(source: Any, info: Info, **args: Any) -> Any:
    """The default resolver: returns the attribute or key of the same name.

    Missing lists are empty, and times of 0 are null if the field can be null.
    """
    name = info.field_name
    if isinstance(source, Mapping):
        value = source.get(name)
        return value(info, **args) if callable(value) else value
    is_list, nullable, type_name = _traits_of(info.return_type)
    value = _shaped(getattr(source, _attribute_of(name), None), is_list, nullable, type_name)
    if is_list and value:
        info.context.work.listed(len(value), info)
    return value


@lru_cache(_ANSWERED_REMEMBERED_MAX)
def _attribute_of(field: str) -> str:
    return _NAMES.get(field) or _CAPITAL.sub("_", field).lower()


@lru_cache(_ANSWERED_REMEMBERED_MAX)
def _traits_of(shape: GraphQLOutputType) -> tuple[bool, bool, str]:
    """Whether a field is a list, whether it can be null, and the name of its type."""
    nullable = not isinstance(shape, GraphQLNonNull)
    return is_list_type(get_nullable_type(shape)), nullable, get_named_type(shape).name


def _shaped(value: Any, is_list: bool, nullable: bool, type_name: str) -> Any:
    if type_name == "KVPairString":
        return [{"key": key, "val": val} for key, val in sorted((value or {}).items())]
    if value is None:
        return () if is_list else None
    if value == 0 and nullable and type_name == "DateTime":
        return None
    return value


def type_of(value: Any, info: Info, interface: Any) -> str:
    """The schema type of a value of an interface field: the name of its class."""
    return type(value).__name__
