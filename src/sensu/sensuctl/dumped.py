"""What `dump` wrote, when `create` reads it: put as it stands, so that the next dump is the same.

Three things that a dump shows cannot be put: the password of a user and the secret of an API key are in no dump, and
who is the author of a resource the API decides. Users and keys that are there already are left as they are, others are
named and left out.
"""

from collections.abc import Sequence

from sensu.sensuctl.command import Context
from sensu.sensuctl.comparison import KEEP, canonical, change_of, current_of
from sensu.sensuctl.kind import API_KEY, CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ENTITY, NAMESPACE, ROLE, ROLE_BINDING, USER
from sensu.sensuctl.wrapped import MANAGED_BY_LABEL, Document

AUTHORLESS = (NAMESPACE, CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ENTITY, ROLE, ROLE_BINDING)
"""Kinds that may have no author: what a backend begins with, and what agents tell."""
KEY_SHOWN = 8
"""Characters of an API key, whose name is its secret, in messages."""
_USER_FIELDS = {"disabled", "groups", "username"}


def is_dump(documents: Sequence[Document]) -> bool:
    """Whether a run reads what `dump all` wrote: users without passwords are in nothing else."""
    return any(_is_dumped_user(document) for document in documents)


def is_as_shown(document: Document) -> bool:
    """Whether a resource was written by the API, not by a person: it has an author."""
    return bool((document.body.get("metadata") or {}).get("created_by")) or _is_dumped_user(document)


def cannot_be_put(document: Document) -> bool:
    """Whether it is a user or an API key as a dump shows them, without what makes them."""
    return _is_dumped_user(document) or (document.kind == API_KEY and "created_at" in document.body)


def reason_to_leave_out(context: Context, document: Document) -> str:
    """Why a user or API key of a dump is left out, empty where the API has the same."""
    current = current_of(context, document)
    shown = f"{document.name[:KEY_SHOWN]}…" if document.kind == API_KEY else document.name
    what = f'{document.kind.type} "{shown}"'
    if current is not None:
        same = canonical(document.kind, current) == canonical(document.kind, document.body)
        return "" if same else f"{what} is left as it is: a dump has no secrets to change it with"
    remedy = "sensuctl user create" if document.kind == USER else "sensuctl api-key grant"
    return f"{what} is left out: a dump has no secrets; create it with '{remedy}'"


def is_there(context: Context, document: Document) -> bool:
    """Whether a resource without an author is there as it is, so that putting it would only give it one."""
    labels = (document.body.get("metadata") or {}).get("labels") or {}
    if document.kind not in AUTHORLESS or MANAGED_BY_LABEL in labels:
        return False
    return change_of(context, document, managed=False).action == KEEP


def _is_dumped_user(document: Document) -> bool:
    fields = set(document.body)
    return document.kind == USER and {"disabled", "username"} <= fields <= _USER_FIELDS
