"""Built-in resources, which every namespace has: they are not stored, and cannot be changed or deleted."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from sensu.backend.services.lists import Items, ResourcePlace, Walk, place_order
from sensu.backend.services.outcomes import Found, Invalid
from sensu.backend.stored_form import key_of
from sensu.resources.documents import encoded
from sensu.resources.kinds import NAMESPACE, Kind, name_of
from sensu.rules.etag import etag
from sensu.rules.kinds.table import RULES
from sensu.store.contract import Store


async def built_in(store: Store, kind: Kind, namespace: str, name: str) -> Found | None:
    """The built-in resource of that name in a namespace, None if there is none or the namespace does not exist."""
    if name not in kind.built_in or await store.get(key_of(NAMESPACE, "", namespace)) is None:
        return None
    return found_in(kind, namespace, name)


def found_in(kind: Kind, namespace: str, name: str) -> Found:
    """A built-in resource as a namespace has it."""
    body = encoded(kind, in_namespace(RULES[kind].built_in[name], namespace))
    return Found(body, etag(body))


def in_namespace(resource: Any, namespace: str) -> Any:
    """The resource in a namespace."""
    return msgspec.structs.replace(resource, metadata=msgspec.structs.replace(resource.metadata, namespace=namespace))


def unchangeable(kind: Kind, name: str, word: str) -> Invalid | None:
    """Why a resource cannot be changed or deleted (`word`), None if it is not built in."""
    return Invalid(f"the {kind.word} {name} is built in and cannot be {word}") if name in kind.built_in else None


def is_built_in(kind: Kind, resource: Any) -> bool:
    """Whether a valid resource is a built-in one; then there is nothing to store."""
    return bool(kind.built_in) and name_of(resource) in kind.built_in


def with_built_in(walk: Walk[ResourcePlace], kind: Kind, namespace: str) -> Walk[ResourcePlace]:
    """Reads the resources of a namespace, with the built-in ones at their places."""

    async def merged(after: ResourcePlace | None) -> AsyncIterator[Items[ResourcePlace]]:
        places = ((namespace, name) for name in sorted(kind.built_in))
        waiting = [
            (place, found_in(kind, *place).body)
            for place in places
            if after is None or place_order(place) > place_order(after)
        ]
        async for items in walk(after):
            last = place_order(items[-1][0])
            before = [one for one in waiting if place_order(one[0]) < last]
            waiting = waiting[len(before) :]
            yield sorted((*items, *before), key=lambda one: place_order(one[0])) if before else items
        if waiting:
            yield waiting

    return merged
