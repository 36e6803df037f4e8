"""Dumps read by `create`: resources are sent unchanged, so that the next dump is the same.

A dump does not contain passwords and API keys, and the API sets the author of a resource. Users and API keys that exist
already are left unchanged; others are skipped with a warning. In other files, a user without a password is an error.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sensu.clock import SystemClock
from sensu.files.documents import Document
from sensu.resources.kinds import API_KEY, CLUSTER_ROLE, EVENT, NAMESPACE, TESSEN, USER
from sensu.rules.drafts import comparable
from sensu.sensuctl.command import Context
from sensu.sensuctl.comparison import KEEP, change_of, current_of
from sensu.sensuctl.wrapped import MANAGED_BY_LABEL

BUILT_IN = ((CLUSTER_ROLE, "cluster-admin"), (NAMESPACE, "sensu-system"))
"""Resources that every backend creates by itself."""
KEY_SHOWN = 8
"""The number of characters of an API key shown in messages; its name is its secret."""
_USER_FIELDS = {"disabled", "groups", "username"}


class LeftOut(NamedTuple):
    """Why a resource was skipped: the message, empty if the API has the same resource, and whether it is a failure."""

    text: str
    refused: bool = False


def is_dump(documents: Sequence[Document]) -> bool:
    """Whether the documents are a dump: users without passwords among resources with authors."""
    users = any(_is_without_password(document) for document in documents)
    return users and any(_is_from_a_backend(document) for document in documents)


def is_as_shown(document: Document) -> bool:
    """Whether a resource comes from the API: it has an author."""
    return bool((document.body.get("metadata") or {}).get("created_by")) or _is_without_password(document)


def cannot_be_put(document: Document) -> bool:
    """Whether it is a user without a password or an API key without its secret."""
    return _is_without_password(document) or (document.kind == API_KEY and "created_at" in document.body)


def left_out(context: Context, document: Document, *, whole: bool) -> LeftOut:
    """Why a user or API key is skipped; `whole` says whether it is part of a dump."""
    current = current_of(context, document)
    shown = f"{document.name[:KEY_SHOWN]}…" if document.kind == API_KEY else document.name
    what = f'{document.kind.type} "{shown}"'
    if current is not None:
        same = _comparable(document, current) == _comparable(document, document.body)
        missing = "a dump has no secrets to change it with" if whole else "it has no password"
        return LeftOut("" if same else f"{what} is left as it is: {missing}", refused=not same and not whole)
    remedy = "sensuctl user create" if document.kind == USER else "sensuctl api-key grant"
    if whole:
        return LeftOut(f"{what} is left out: a dump has no secrets; create it with '{remedy}'")
    if document.kind == USER:
        missing = "has no password or password_hash: not created; add one"
    else:
        missing = "cannot be created from a file"
    return LeftOut(f"{what} {missing}{', or' if document.kind == USER else ':'} use '{remedy}'", refused=True)


def is_there(context: Context, document: Document) -> bool:
    """Whether a resource without an author is there as it is, so that putting it would only give it one.

    An event that is there as it is would count as another report.
    """
    if document.kind == EVENT:
        current = current_of(context, document)
        return current is not None and _comparable(document, current) == _comparable(document, document.body)
    labels = (document.body.get("metadata") or {}).get("labels") or {}
    if not document.kind.authorless or MANAGED_BY_LABEL in labels:
        return False
    return change_of(context, document, managed=False).action == KEEP


def _comparable(document: Document, body: Any) -> dict[str, Any]:
    return comparable(document.kind, body, SystemClock().now())


def _is_from_a_backend(document: Document) -> bool:
    author = (document.body.get("metadata") or {}).get("created_by")
    return bool(author) or document.kind == TESSEN or (document.kind, document.name) in BUILT_IN


def _is_without_password(document: Document) -> bool:
    fields = set(document.body)
    return document.kind == USER and {"disabled", "username"} <= fields <= _USER_FIELDS
