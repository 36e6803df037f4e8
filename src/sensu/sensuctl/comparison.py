"""Compares the resources in files with those in the API."""

from typing import Any, NamedTuple

from sensu.clock import SystemClock
from sensu.files.documents import Document
from sensu.resources.kinds import EVENT, USER
from sensu.rules.drafts import SECRETS, comparable, left_to_the_api
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import APIError, CommandFailed
from sensu.sensuctl.wrapped import body_to_put, path_of

NOT_FOUND = 404
CREATE, UPDATE, KEEP = "create", "update", "keep"


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
    before = comparable(document.kind, current, SystemClock().now())
    after = {**after, **left_to_the_api(document.kind, document.body, before)}
    same = before == after and not _cannot_be_compared(document)
    return PlannedChange(KEEP if same else UPDATE, before, after)


def _cannot_be_compared(document: Document) -> bool:
    """Events are always sent; passwords cannot be compared because the API does not return them."""
    return document.kind is EVENT or (document.kind is USER and any(document.body.get(name) for name in SECRETS))


def current_of(context: Context, document: Document) -> Any:
    """The current resource at a document's path in the form of core/v2, None if it does not exist."""
    try:
        return context.session.get(path_of(document, context.namespace))
    except APIError as err:
        if err.status != NOT_FOUND:
            raise
        return None


def wanted_of(document: Document, namespace: str, *, managed: bool) -> dict[str, Any]:
    """The resource in a document, in comparable form."""
    return comparable(document.kind, body_to_put(document, namespace, managed=managed), SystemClock().now())


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
