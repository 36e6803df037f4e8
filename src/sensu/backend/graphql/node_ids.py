"""Ids of nodes: `srn:WORD:NAMESPACE:NAME`, where the name of an event is `ENTITY/CHECK`.

Source: black-box runs of the reference (`srn:checks:default:cpu`, `srn:namespaces:default`).
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from sensu.resources.event import Event
from sensu.resources.kinds import ALL_KINDS, EVENT, Kind, kind_of, name_of, namespace_of
from sensu.store.values import EventKey

NODE_KINDS: Mapping[str, Kind] = {kind.node: kind for kind in ALL_KINDS if kind.node}
_UNESCAPED = "$&+:=@"
_OF_CHECK = "check/"


@dataclass(frozen=True, slots=True)
class NodeId:
    """The resource of an id; `name` is `ENTITY/CHECK` for events."""

    kind: Kind
    namespace: str
    name: str

    @property
    def event_key(self) -> EventKey:
        """The key of the event."""
        entity, _, check = self.name.partition("/")
        return EventKey(self.namespace, entity, check)


def id_of(resource: Any) -> str:
    """The id of a resource that is a node."""
    if isinstance(resource, Event):
        return _event_id(resource)
    scope = f"{namespace_of(resource)}:" if namespace_of(resource) else ""
    return f"srn:{kind_of(resource).node}:{scope}{quote(name_of(resource), safe=_UNESCAPED)}"


def check_id(namespace: str, name: str) -> str:
    """The id of a check configuration."""
    return f"srn:checks:{namespace}:{quote(name, safe=_UNESCAPED)}"


def _event_id(event: Event) -> str:
    assert event.entity is not None
    meta = event.entity.metadata
    names = json.dumps([meta.name, event.check.metadata.name if event.check else ""], separators=(",", ":"))
    return f"srn:events:{meta.namespace}:{_OF_CHECK}{base64.b64encode(names.encode()).decode()}"


def parsed(node_id: str) -> NodeId | str:
    """Parse an id; returns the error message if it is invalid."""
    scheme, _, rest = node_id.partition(":")
    word, _, place = rest.partition(":")
    if scheme != "srn" or not place:
        return "given global ID does not appear valid"
    kind = NODE_KINDS.get(word)
    if kind is None:
        return f"global ID decoder could not be found for '{word}'"
    if not kind.namespaced:
        return NodeId(kind, "", unquote(place))
    namespace, _, name = place.partition(":")
    name = _event_name(name) if kind is EVENT else unquote(name)
    return NodeId(kind, namespace, name) if namespace and name else "given global ID does not appear valid"


def _event_name(text: str) -> str:
    """`ENTITY/CHECK` from the last part of an event's id, empty if it is invalid."""
    try:
        raw = base64.b64decode(text.removeprefix(_OF_CHECK), validate=True)
        return "/".join(msgspec.json.decode(raw, type=tuple[str, str]))
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError):
        return ""
