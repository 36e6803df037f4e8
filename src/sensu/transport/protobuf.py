"""Converts protobuf payloads of the agent protocol to and from the shape of JSON payloads.

Message types are built at run time from `protobuf_schema`, without generated code, for the first protobuf session. The
schema is proto2 because its strings may contain any bytes: an event must not be lost because the output of its check is
not UTF-8.
"""

import uuid
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, EncodeError, Message

from sensu.errors import InvalidResource
from sensu.transport.protobuf_schema import MESSAGES, ROOTS

_F = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "sensu"
_SCALARS = {
    "text": _F.TYPE_STRING,
    "i64": _F.TYPE_INT64,
    "i32": _F.TYPE_INT32,
    "u32": _F.TYPE_UINT32,
    "bool": _F.TYPE_BOOL,
    "double": _F.TYPE_DOUBLE,
    "uuid": _F.TYPE_BYTES,
    "unread": _F.TYPE_BYTES,
}

_U64_MAX = 2**64 - 1
_NUMBER_BYTES_MAX = 8


def decode(message_type: str, payload: bytes) -> dict[str, Any]:
    """Decode a payload into the shape of JSON, without empty values; raises InvalidResource."""
    return decode_message(ROOTS[message_type], payload)


def decode_message(name: str, payload: bytes | msgspec.Raw) -> dict[str, Any]:
    """Decode a message of the schema, given its name."""
    result: dict[str, Any] = _reader(name)(parsed(name, payload))
    return result


def parsed(name: str, payload: bytes | msgspec.Raw) -> Any:
    """A message of the schema, given its name; raises InvalidResource."""
    message = _message_class(name)()
    try:
        message.ParseFromString(payload)
    except DecodeError as err:
        raise InvalidResource(f"the payload is no protobuf {name}") from err
    return message


def number(name: str, field_name: str, value: int) -> tuple[bytes, bytes]:
    """The encoded key and value of a number in a message."""
    field = next(field for field in _fields(name) if field.name == field_name)
    return _varint(field.number << 3), _varint(value & _U64_MAX)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def read_number(data: bytes) -> int | None:
    """The non-negative number that is encoded in the bytes, or None if they are not a valid value."""
    if not data or len(data) > _NUMBER_BYTES_MAX or data[-1] > 0x7F:
        return None
    value = 0
    for place, part in enumerate(data):
        if part < 0x80 and place < len(data) - 1:
            return None
        value |= (part & 0x7F) << 7 * place
    return value


def encode(message_type: str, value: Mapping[str, Any]) -> bytes:
    """Encode a value in the shape of JSON, without keys that are not in the schema; raises InvalidResource."""
    name = ROOTS[message_type]
    message = _message_class(name)()
    try:
        _write(name, message, value)
        return message.SerializeToString()
    except (TypeError, ValueError, AttributeError, EncodeError) as err:
        raise InvalidResource(f"not a {name}: {err}") from err


class _Field:
    """A row of the schema."""

    def __init__(self, row: str) -> None:
        self.name, _, rest = row.partition("=")
        self.is_list = rest.endswith("*")
        number, _, kind = rest.rstrip("*").partition(":")
        self.number = int(number)
        self.is_map = kind.startswith("map")
        self.kind = kind.partition("/")[2] or "text" if self.is_map else kind or "text"
        self.is_message = self.kind in MESSAGES


@cache
def _fields(name: str) -> tuple[_Field, ...]:
    return tuple(_Field(row) for row in MESSAGES[name].split())


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="agent.proto", package=_PACKAGE, syntax="proto2")
    for name in MESSAGES:
        message = file.message_type.add(name=name)
        for field in _fields(name):
            _describe(message, field)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _describe(message: descriptor_pb2.DescriptorProto, field: _Field) -> None:
    repeated = field.is_list or field.is_map
    described = message.field.add(
        name=field.name, number=field.number, label=_F.LABEL_REPEATED if repeated else _F.LABEL_OPTIONAL
    )
    if not field.is_map:
        _set_type(described, field.kind)
        return
    # Not a protobuf map, which has the same encoding: maps fail on keys that are not UTF-8.
    entry_name = field.name.title().replace("_", "") + "Entry"
    entry = message.nested_type.add(name=entry_name)
    entry.field.add(name="key", number=1, label=_F.LABEL_OPTIONAL, type=_F.TYPE_STRING)
    _set_type(entry.field.add(name="value", number=2, label=_F.LABEL_OPTIONAL), field.kind)
    described.type, described.type_name = _F.TYPE_MESSAGE, f".{_PACKAGE}.{message.name}.{entry_name}"


def _set_type(described: descriptor_pb2.FieldDescriptorProto, kind: str) -> None:
    if kind in MESSAGES:
        described.type, described.type_name = _F.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    else:
        described.type = _SCALARS[kind]


@cache
def _message_class(name: str) -> type[Message]:
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{_PACKAGE}.{name}"))


_Reader = Callable[[Any], Any]


@cache
def _reader(name: str) -> _Reader:
    """A function that converts a message to its value; built once for each message type."""
    plan = {field.number: (field.name, _value_reader(field)) for field in _fields(name)}
    finish = _FINISHERS.get(name)

    def read(message: Any) -> Any:
        value: dict[str, Any] = {}
        for descriptor, item in message.ListFields():
            key, convert = plan[descriptor.number]
            if convert is not None:
                value[key] = convert(item)
            else:
                value[key] = item if type(item) is not bytes else text(item)
        return value if finish is None else finish(value)

    return read


def _value_reader(field: _Field) -> _Reader | None:
    """How to convert a field's value, or None if only strings that are not UTF-8 need conversion."""
    if field.is_message:
        one = _reader(field.kind)
        if field.is_map:
            return lambda items: {text(entry.key): one(entry.value) for entry in items}
        return (lambda items: [one(item) for item in items]) if field.is_list else one
    if field.is_map:
        return _text_map
    if field.is_list:
        return _texts
    return _BYTES_READERS.get(field.kind)


def text(value: str | bytes) -> str:
    """Decode strings that protobuf returns as bytes because they are not UTF-8."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _texts(items: Any) -> list[str]:
    values = list(items)
    return [text(item) for item in values] if bytes in map(type, values) else values


def _text_map(items: Any) -> dict[str, str]:
    return {text(entry.key): text(entry.value) for entry in items}


def uuid_text(value: bytes) -> str | None:
    """The text of an id; None if it is not one."""
    if len(value) != 16:
        return None
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_BYTES_READERS: dict[str, _Reader] = {"uuid": uuid_text, "unread": msgspec.Raw}


def _read_hook_list(value: dict[str, Any]) -> dict[str, Any]:
    return {value.get("type", ""): value.get("hooks")}


def _read_hook(value: dict[str, Any]) -> dict[str, Any]:
    """Move the configuration of a hook to the level of its result, as in JSON."""
    return {**value.pop("config", {}), **value}


_FINISHERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"HookList": _read_hook_list, "Hook": _read_hook}


def _write(name: str, message: Any, value: Mapping[str, Any]) -> None:
    value = _WRITERS[name](value) if name in _WRITERS else value
    for field in _fields(name):
        item = value.get(field.name)
        if item is None:
            continue
        if field.is_map or field.is_list:
            _write_many(field, getattr(message, field.name), item)
        elif field.is_message:
            child = getattr(message, field.name)
            child.SetInParent()
            _write(field.kind, child, item)
        elif item:
            setattr(message, field.name, uuid.UUID(item).bytes if field.kind == "uuid" else item)


def _write_many(field: _Field, target: Any, items: Any) -> None:
    if field.is_map:
        for key, item in items.items():
            entry = target.add(key=key)
            if field.is_message:
                _write(field.kind, entry.value, item)
            else:
                entry.value = item
    elif field.is_message:
        for item in items:
            _write(field.kind, target.add(), item)
    else:
        target.extend(items)


def _write_hook_list(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": next(iter(value)), "hooks": next(iter(value.values()))} if value else {}


def _write_hook(value: Mapping[str, Any]) -> Mapping[str, Any]:
    config = {key: value[key] for key in ("metadata", "command", "timeout", "stdin", "runtime_assets") if key in value}
    return {**value, "config": config}


_WRITERS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    "HookList": _write_hook_list,
    "Hook": _write_hook,
}
