"""Compares the resources in files with those in the API."""

from typing import Any, NamedTuple

import msgspec

from sensu.clock import SystemClock
from sensu.resources.envelope import is_wrapped, unwrapped
from sensu.resources.kinds import ENTITY, EVENT, SILENCED, USER, Kind
from sensu.resources.wire import canonical, convert_client, encode
from sensu.rules.kinds.table import completed
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import APIError, CommandFailed
from sensu.sensuctl.wrapped import Document, body_to_put

NOT_FOUND = 404
CREATE, UPDATE, KEEP = "create", "update", "keep"
OBSERVED = ("last_seen", "system", "sensu_agent_version", "user")
"""Fields of an entity that its agent reports; they are left alone if a file does not mention them."""
SECRETS = ("password", "password_hash")
"""Fields of a user that the API never returns, so that they cannot be compared."""
_NOT_COMPARED = {SILENCED: ("creator",), USER: SECRETS}


class PlannedChange(NamedTuple):
    """The effect of a document: `action` is create, update or keep; both sides are in comparable form."""

    action: str
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def fields(self) -> list[str]:
        """The paths of the fields that an update changes."""
        return differing_fields(self.before, self.after) if self.action == UPDATE else []


def change_of(context: Context, document: Document, *, managed: bool) -> PlannedChange:
    """Compares a document with the resource in the API."""
    if not all(document.names()):
        raise CommandFailed("the resource has no name")
    after = wanted_of(document, context.namespace, managed=managed)
    current = current_of(context, document)
    if current is None:
        return PlannedChange(CREATE, {}, after)
    before = comparable(document.kind, current)
    after = {**after, **_left_to_the_api(document, before)}
    same = before == after and not _cannot_be_compared(document)
    return PlannedChange(KEEP if same else UPDATE, before, after)


def _left_to_the_api(document: Document, before: dict[str, Any]) -> dict[str, Any]:
    """The fields that the document leaves to the API, with their current values."""
    fields: tuple[str, ...] = ()
    if document.kind is ENTITY:
        fields = OBSERVED
    elif document.kind is SILENCED:
        fields = ("begin", "expire_at")
    return {name: before[name] for name in fields if name in before and not document.body.get(name)}


def _cannot_be_compared(document: Document) -> bool:
    """Events are always sent; passwords cannot be compared because the API does not return them."""
    return document.kind is EVENT or (document.kind is USER and any(document.body.get(name) for name in SECRETS))


def current_of(context: Context, document: Document) -> Any:
    """The current resource at a document's path in the form of core/v2, None if it does not exist."""
    try:
        return context.session.get(document.path(context.namespace))
    except APIError as err:
        if err.status != NOT_FOUND:
            raise
        return None


def comparable(kind: Kind, body: Any) -> dict[str, Any]:
    """A resource as the API would store and return it, with defaults filled in.

    The author is left out because the API sets it, and secrets because they must not be shown.
    """
    if is_wrapped(body):
        body = unwrapped(kind, body)
    resource = convert_client(kind.shape, body)
    kept = canonical(completed(resource, username="", now=SystemClock().now()))
    found: dict[str, Any] = msgspec.json.decode(encode(kept))
    for name in _NOT_COMPARED.get(kind, ()):
        found.pop(name, None)
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("created_by", None)
    return found


def wanted_of(document: Document, namespace: str, *, managed: bool) -> dict[str, Any]:
    """The resource in a document, in comparable form."""
    return comparable(document.kind, body_to_put(document, namespace, managed=managed))


def differing_fields(before: Any, after: Any, path: str = "") -> list[str]:
    """The paths of the fields that differ; a list counts as one field."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return [] if before == after else [path]
    keys = [*before, *(key for key in after if key not in before)]
    return [
        field
        for key in keys
        for field in differing_fields(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    ]
