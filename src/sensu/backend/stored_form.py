"""The stored form of resources: canonical JSON, entity tag, and the JSON for readers if it differs."""

from typing import Any

import msgspec

from sensu.resources.documents import encoded
from sensu.resources.entity import Entity
from sensu.resources.kinds import Kind, kind_of, name_of, namespace_of
from sensu.resources.wire import canonical, encode
from sensu.rules.etag import etag
from sensu.rules.kinds.table import RULES
from sensu.store.values import DeleteResource, Key, Must, PutResource


def key_of(kind: Kind, namespace: str, name: str) -> Key:
    """The key of a resource in the store."""
    return Key(kind.stored_as, namespace if kind.namespaced else "", name)


def put(
    kind: Kind, resource: Any, *, must: Must = Must.ANY, etag_before: str | None = None, quiet: bool = False
) -> PutResource:
    """The write that stores a resource."""
    kind = kind_of(resource) if kind.types else kind
    kept = canonical(resource)
    body = encoded(kind, kept)
    shown = RULES[kind].shown(kept)
    return PutResource(
        key=key_of(kind, namespace_of(kept), name_of(kept)),
        body=body,
        etag=etag(body),
        shown=None if shown is kept else encoded(kind, shown),
        must=must,
        etag_before=etag_before,
        namespace_must_exist=kind.namespaced and not quiet,
        quiet=quiet,
    )


def entity_in_event(entity: Entity) -> msgspec.Raw:
    """The JSON of an entity as it is stored inside an event."""
    return msgspec.Raw(encode(entity if _is_canonical(entity) else canonical(entity)))


def _is_canonical(entity: Entity) -> bool:
    """Whether `canonical` would change nothing: a cheap test for every event; `canonical` visits everything."""
    system, empty = entity.system, ()
    interfaces = system.network.interfaces
    if interfaces == empty or system.processes == empty or entity.subscriptions == empty:
        return False
    return not interfaces or all(interface.addresses != empty for interface in interfaces)


def delete(kind: Kind, namespace: str, name: str, must: Must = Must.BE_PRESENT) -> DeleteResource:
    """The write that removes a resource."""
    return DeleteResource(key_of(kind, namespace, name), must)
