"""The JSON form of resources: fields that are always written, fields that are omitted if empty, and lenient parsing.

A field declared with one of the `always_*` functions is written even if it is empty; any other field is omitted while
it has its default. `tuple[...] | None` fields declared with `always_null` are written as `null` if they are empty.
Source: recorded API answers (checks-lifecycle, entities-agent-class, patch-null).
"""

import json
import math
import re
import types
from collections.abc import Iterator, Mapping
from functools import cache
from operator import is_not
from typing import Annotated, Any, ClassVar, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from sensu.errors import InvalidResource

NoneType = type(None)
T = TypeVar("T")


class Wire(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of all structs that are sent, received or stored as JSON.

    `single` names the lists for which clients may send their only item without the brackets.
    """

    single: ClassVar[frozenset[str]] = frozenset()


def always_int() -> Any:
    """A number that is written even if it is 0."""
    return msgspec.field(default_factory=int)


def always_str() -> Any:
    """A string that is written even if it is empty."""
    return msgspec.field(default_factory=str)


def always_bool() -> Any:
    """A boolean that is written even if it is false."""
    return msgspec.field(default_factory=bool)


def always_list() -> Any:
    """A list that is written as `[]` if it is empty."""
    return msgspec.field(default_factory=_no_items)


def _no_items() -> tuple[()]:
    """A separate factory, because msgspec omits empty values of the built-in ones."""
    return ()


def always_null() -> Any:
    """A value that is written as `null` if it is None."""
    return msgspec.field(default_factory=NoneType)


def always(factory: Any) -> Any:
    """A nested value that is always written; `factory` creates the empty one."""
    return msgspec.field(default_factory=factory)


_encoder = msgspec.json.Encoder()


def encode(resource: Any) -> bytes:
    """The canonical JSON of a resource, fields in the order of its definition."""
    return _encoder.encode(resource)


@cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


def decode(shape: type[T], data: bytes | str | memoryview | msgspec.Raw) -> T:
    """Decode JSON that this package wrote; raises InvalidResource for anything else."""
    try:
        return _decoder(shape).decode(data)  # type: ignore[no-any-return, arg-type]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise InvalidResource(explain(err)) from err


def parse_json(data: bytes | str) -> Any:
    """Parse the first JSON value in `data` and ignore the rest; raises InvalidResource.

    Source: recorded scenario http-bodies (bytes after the first value are ignored).
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _parse_first_value(data)[0]


def parse_whole_json(data: bytes | str) -> Any:
    """Parse `data`, which must be a single JSON value; raises InvalidResource."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value, rest = _parse_first_value(data)
    if rest.strip():
        raise InvalidResource("the body is not valid JSON: it continues after the first value")
    return value


def _parse_first_value(data: bytes | str) -> tuple[Any, str]:
    """Parse the first value of JSON with minor faults, and return the rest too; invalid characters become U+FFFD."""
    text = (data if isinstance(data, str) else data.decode(errors="replace")).lstrip()
    if not text:
        raise InvalidResource("EOF")
    try:
        text = _ESCAPE.sub(_character, text)
        value, end = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite).raw_decode(text)
    except (ValueError, RecursionError) as err:
        raise InvalidResource(f"the body is not valid JSON: {err}") from err
    return value, text[end:]


_ESCAPE = re.compile(
    r"""
    \\(?: u[dD][89abAB][0-9a-fA-F]{2} \\u[dD][c-fC-F][0-9a-fA-F]{2} | (?P<half> u[dD][89a-fA-F][0-9a-fA-F]{2} ) | . )
    """,
    re.DOTALL | re.VERBOSE,
)
"""An escape in JSON, or a surrogate pair; `half` matches a surrogate without its partner."""


def _character(escape: re.Match[str]) -> str:
    return r"\ufffd" if escape["half"] else escape[0]


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is not a number that fits")
    return value


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


def decode_client(shape: type[T], data: bytes | str) -> T:
    """Decode a resource from a client leniently; raises InvalidResource.

    Keys are case-insensitive, unknown keys are ignored, null means absent, and the last of equal keys is used.
    """
    return convert_client(shape, parse_json(data))


def convert_client(shape: type[T], value: Any) -> T:
    """Like `decode_client`, for parsed JSON."""
    if not isinstance(value, Mapping):
        raise InvalidResource(f"the body must be a JSON object, not {json_type(value)}")
    try:
        return msgspec.convert(_conform(value, shape), shape)
    except (msgspec.ValidationError, RecursionError) as err:
        raise InvalidResource(explain(err)) from err


def json_type(value: Any) -> str:
    """The JSON name of a value's type, for messages."""
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "null")


def explain(err: Exception) -> str:
    """The message for a decoding error, which starts with the path of the field."""
    if isinstance(err, UnicodeDecodeError):
        return "a string is not valid UTF-8"
    text, _, where = str(err).replace("`", "").partition(" - at $")
    text = text[:1].lower() + text[1:]
    return f"{where.removeprefix('.')}: {text}" if where else text


class _Shape:
    """The properties of a struct for `_conform`: its fields by lower-case name, and those that are omitted if empty."""

    def __init__(self, struct: type[msgspec.Struct]) -> None:
        hints = get_type_hints(struct, include_extras=False)
        self.fields = {f.encode_name.lower(): (f.encode_name, hints[f.name]) for f in msgspec.structs.fields(struct)}


@cache
def _shape_of(struct: type[msgspec.Struct]) -> _Shape:
    return _Shape(struct)


def _conform(value: Any, hint: Any) -> Any:
    """`value` with the keys, nulls and nested values that `hint` expects; mismatches are left to the converter."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _conform_object(value, hint) if isinstance(value, Mapping) else value
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = [a for a in args if a is not NoneType]
        return _conform(value, inner[0]) if len(inner) == 1 else value
    if origin in (tuple, list) and isinstance(value, list):
        return [_conform_item(item, args[0]) for item in value]
    if origin is dict and isinstance(value, Mapping):
        return {k: _conform_item(v, args[1]) for k, v in value.items()}
    return value


def _conform_item(value: Any, hint: Any) -> Any:
    """An item of a list or a map; null becomes an empty one."""
    return _conform(_nothing_of(hint) if value is None else value, hint)


@cache
def _nothing_of(hint: Any) -> Any:
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if hint in (str, int, bool):
        return hint()
    return {} if get_origin(hint) is dict or (isinstance(hint, type) and issubclass(hint, msgspec.Struct)) else None


def _conform_object(value: Mapping[str, Any], struct: type[msgspec.Struct]) -> dict[str, Any]:
    fields, result = _shape_of(struct).fields, {}
    for key, item in value.items():
        known = fields.get(key.lower())
        if known is not None and item is not None:
            alone = isinstance(item, Mapping) and known[0] in getattr(struct, "single", ())
            result[known[0]] = _conform([item] if alone else item, known[1])
        elif known is not None:
            result.pop(known[0], None)
    return result


def with_known_keys(value: Any, hint: Any) -> Any:
    """A client's JSON with known keys in the case that `hint` has; everything else is unchanged."""
    struct = next(
        (one for one in (hint, *get_args(hint)) if isinstance(one, type) and issubclass(one, msgspec.Struct)), None
    )
    if struct is None or not isinstance(value, Mapping):
        return value
    fields = _shape_of(struct).fields
    known = ((fields.get(key.lower(), (key, Any)), item) for key, item in value.items())
    return {name: with_known_keys(item, inner) for (name, inner), item in known}


def canonical(resource: T) -> T:
    """The resource as it is stored: empty lists are `null` in some kinds, empty optional values are omitted.

    Source: recorded scenario patch-null (an empty list in a response is null when it is read again).
    """
    if not isinstance(resource, msgspec.Struct):
        return resource
    changes: dict[str, Any] = {}
    for name, empty, nested in _canonicalised_of(type(resource)):
        value = getattr(resource, name)
        if not value:
            if type(value) is not type(empty):
                changes[name] = empty
        elif nested:
            kept = _canonical_items(value) if isinstance(value, tuple) else canonical(value)
            if kept is not value:
                changes[name] = kept
    return msgspec.structs.replace(resource, **changes) if changes else resource


def _canonical_items(items: tuple[Any, ...]) -> tuple[Any, ...]:
    kept = tuple([canonical(item) for item in items])
    return kept if any(map(is_not, kept, items)) else items


@cache
def _canonicalised_of(struct: type[msgspec.Struct]) -> tuple[tuple[str, Any, bool], ...]:
    """The fields that `canonical` visits: the name, the empty value, and whether the items are visited too."""
    hints = get_type_hints(struct)
    found: list[tuple[str, Any, bool]] = []
    for field in msgspec.structs.fields(struct):
        hint, factory, default = hints[field.name], field.default_factory, field.default
        inner = _struct_within(hint)
        nested = inner is not None and inner is not struct and bool(_canonicalised_of(inner))
        if factory is NoneType:
            found.append((field.name, None, nested))
        elif nested:
            found.append((field.name, default if factory is msgspec.NODEFAULT else factory(), True))
        elif float in get_args(hint) and default == 0:
            found.append((field.name, default, False))  # 0.0 is not left out as 0 is
    return tuple(found)


def _struct_within(hint: Any) -> type[msgspec.Struct] | None:
    """The struct in a field, directly, optionally, or in a list."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    inner = (_struct_within(argument) for argument in get_args(hint) if argument is not Ellipsis)
    return next((struct for struct in inner if struct is not None), None)


def explain_unknown_fields(shape: type[msgspec.Struct], value: Mapping[str, Any]) -> list[str]:
    """The unknown keys of a client's object, in order; those of nested objects with their path."""
    return list(_unknown(value, shape, ""))


def _unknown(value: Any, hint: Any, path: str) -> Iterator[str]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        if isinstance(value, Mapping):
            yield from _unknown_keys(value, _shape_of(hint).fields, path)
        return
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = [a for a in args if a is not NoneType]
        if len(inner) == 1:
            yield from _unknown(value, inner[0], path)
    elif origin in (tuple, list) and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _unknown(item, args[0], f"{path}[{number}]")


def _unknown_keys(value: Mapping[str, Any], fields: Mapping[str, tuple[str, Any]], path: str) -> Iterator[str]:
    for key, item in value.items():
        place = f"{path}.{key}" if path else key
        known = fields.get(key.lower())
        if known is None:
            yield place
        else:
            yield from _unknown(item, known[1], place)


def known_fields(shape: type[msgspec.Struct], place: str) -> list[str]:
    """The fields that the object containing `place` (`check.subdue.days`) may have."""
    found: type[msgspec.Struct] | None = shape
    for part in place.split(".")[:-1]:
        known = _shape_of(found).fields.get(part.partition("[")[0].lower()) if found is not None else None
        found = _struct_within(known[1]) if known is not None else None
    return [name for name, _ in _shape_of(found).fields.values()] if found is not None else []
