"""`sensuctl prune`: delete resources created by sensuctl that the given files no longer contain.

Source: docs "Create and manage resources with sensuctl", prune.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sensu.resources.kinds import API_KEY, EVENT, NAMESPACE, USER, Kind
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import APIError, BadArguments, CommandFailed
from sensu.sensuctl.nouns.create import read_documents
from sensu.sensuctl.output import show_table, show_value
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.progress import Progress
from sensu.sensuctl.sources import is_device
from sensu.sensuctl.table import Column
from sensu.sensuctl.type_names import kinds_named, omitted_kinds
from sensu.sensuctl.wrapped import MANAGED_BY_LABEL, path_of

PAGE_SIZE = 100
UNLABELLED = (API_KEY, NAMESPACE, USER)
"""Kinds without labels, which do not record that sensuctl manages them."""
NOT_FOR_US = (402, 403, 404)
COLUMNS = (
    Column("Type", lambda row: row["type"]),
    Column("Namespace", lambda row: row["namespace"]),
    Column("Name", lambda row: row["name"], key=True),
    Column("Created By", lambda row: row["created_by"]),
)


def prune(context: Context) -> None:
    """`sensuctl prune TYPES`: delete resources, stopping at the first failure; --dry-run only lists them."""
    if len(context.words) != 1:
        raise BadArguments
    kinds = _kinds(context)
    authors = _authors(context)
    kept = _kept(context)
    rows = [row for kind in kinds for row in _candidates(context, kind, authors) if row["path"] not in kept]
    if not context.flag("dry-run"):
        _delete(context, rows)
    shown = [{key: value for key, value in row.items() if key != "path"} for row in rows]
    if not show_value(context, shown):
        show_table(context, COLUMNS, rows)


def _kinds(context: Context) -> list[Kind]:
    """The kinds to prune, dependents first; cluster-wide ones only with --cluster-wide."""
    omitted = omitted_kinds(context.text("omit"))
    everywhere = bool(context.flag("cluster-wide"))
    kinds = [kind for kind in kinds_named(context.words[0]) if kind not in (*omitted, *UNLABELLED)]
    return [kind for kind in reversed(kinds) if (kind.namespaced or everywhere) and not kind.single]


def _authors(context: Context) -> set[str] | None:
    """The users whose resources are pruned: --users, by default the current user; None for all users."""
    users = context.flag("users") or []
    if context.flag("all-users"):
        if users:
            raise CommandFailed("the all-users and users flags are mutually exclusive")
        return None
    own = context.configuration.username
    if not users and (context.configuration.api_key or not own):
        raise CommandFailed("with an API key, specify whose resources to delete: --users NAME or --all-users")
    return set(users) or {own}


def _kept(context: Context) -> set[str]:
    """The paths of the resources in the files or standard input; without either, nothing is kept."""
    if not context.flag("file") and is_device(context.stdin):
        return set()
    return {path_of(document, context.namespace) for document in read_documents(context)}


def _candidates(context: Context, kind: Kind, authors: set[str] | None) -> Iterator[dict[str, Any]]:
    selector = context.text("label-selector")
    query = {"labelSelector": selector} if selector else {}
    try:
        for page in context.session.pages(resource_path(kind, context.namespace), query, PAGE_SIZE):
            for resource in page.items:
                metadata = resource.get("metadata") or {}
                labels = metadata.get("labels") or {}
                author = str(metadata.get("created_by") or "")
                if labels.get(MANAGED_BY_LABEL) == "sensuctl" and (authors is None or author in authors):
                    yield _row(kind, resource, labels, author)
    except APIError as err:
        if err.status not in NOT_FOR_US:
            raise


def _row(kind: Kind, resource: Any, labels: Any, author: str) -> dict[str, Any]:
    metadata = resource["metadata"]
    parts = (resource.get("entity"), resource.get("check")) if kind is EVENT else (resource,)
    names = [str(((part or {}).get("metadata") or {}).get("name", "")) for part in parts]
    inner = (resource.get("entity") or {}).get("metadata") or {} if kind is EVENT else metadata
    namespace = str(inner.get("namespace") or "")
    return {
        "type": kind.type,
        "api_version": kind.api_version,
        "name": "/".join(names),
        "namespace": namespace,
        "labels": labels,
        "created_by": author,
        "path": resource_path(kind, namespace, *names),
    }


def _delete(context: Context, rows: Sequence[dict[str, Any]]) -> None:
    with Progress(context, "prune", len(rows)) as progress:
        for row in rows:
            try:
                context.session.call("DELETE", row["path"])
            except APIError as err:
                raise CommandFailed(f"error deleting {row['type']} {row['name']} ({row['path']}): {err}") from err
            progress.advance()
