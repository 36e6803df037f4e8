"""The resources of an installation: as they will be, as they are, and what has to change."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sensu.clock import SystemClock
from sensu.errors import InvalidResource
from sensu.files.documents import Document
from sensu.resources.catalog import Integration
from sensu.resources.envelope import is_wrapped, unwrapped
from sensu.resources.kind import METADATA
from sensu.resources.kinds import ALL_KINDS, ENTITY, Kind
from sensu.resources.wire import convert_client, encode
from sensu.rules.catalog.dependents import ResourceKey
from sensu.rules.catalog.installed import (
    INTEGRATION_LABEL,
    Installation,
    KeptAnswers,
    digest_of,
    installation_of,
    is_changed,
    marked,
)
from sensu.rules.catalog.patches import SkippedPatch, patched
from sensu.rules.catalog.prompts import PromptAnswers, questions_of, secret_parts, without_secrets
from sensu.rules.drafts import comparable
from sensu.rules.kinds.table import RULES
from sensu.rules.uses import USERS, references_of
from sensu.sensuctl.catalog_source import name_in
from sensu.sensuctl.command import Context
from sensu.sensuctl.comparison import current_of
from sensu.sensuctl.failure import APIError, CommandFailed
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.resource_commands import checked
from sensu.sensuctl.wrapped import body_to_put, parse_documents, path_of

INSTALLABLE = tuple(
    kind
    for kind in ALL_KINDS
    if kind.has_metadata and not kind.types and (kind is ENTITY or {"GET", "PUT", "DELETE"} <= set(kind.serves))
)
"""Kinds with labels, by which an installation is found again; API keys, events, licenses and silences are left out."""
PAGE_SIZE = 500
NOT_FOR_US = (402, 403, 404)
CREATE, REPLACE, KEEP, CHANGED, FOREIGN = "create", "replace", "keep", "changed", "foreign"
"""What a resource needs: `changed` was edited since its installation, `foreign` belongs to something else."""


class InstalledResource(NamedTuple):
    """A resource in the API that was installed from a catalog, in the form of core/v2."""

    key: ResourceKey
    path: str
    installation: Installation
    metadata: Mapping[str, Any]
    changed: bool


class PlannedResource(NamedTuple):
    """A resource of an installation with its marks, and what it needs."""

    document: Document
    action: str


class Rendered(NamedTuple):
    """The resources of an integration with the answers in them, and the patches that were skipped."""

    documents: list[Document]
    skipped: list[SkippedPatch]


def rendered(
    context: Context,
    integration: Integration,
    resources: Sequence[Mapping[str, Any]],
    answers: PromptAnswers,
    unique_id: str,
) -> Rendered:
    """The resources with their marks in the order of creation; raises CommandFailed if one breaks a rule."""
    found = patched(resources, integration, answers.variables(integration, unique_id))
    installation = Installation(name_in(str(_full_name(integration))), unique_id)
    text = "\n".join(json.dumps(_without_namespace(one), ensure_ascii=False) for one in found.resources)
    documents = parse_documents(context, text, str(installation.integration))
    kept = kept_answers(integration, answers)
    ready = [_ready(context, document, installation, kept) for document in documents]
    paths = [path_of(document, context.namespace) for document in ready]
    twice = next((one for one, path in zip(ready, paths, strict=True) if paths.count(path) > 1), None)
    if twice is not None:
        raise CommandFailed(f"{installation.integration} has {twice.title(context.namespace)} twice with these answers")
    return Rendered(sorted(ready, key=lambda one: one.kind.dump_order), found.skipped)


def _full_name(integration: Integration) -> str:
    return f"{integration.metadata.namespace}/{integration.metadata.name}@{integration.version}"


def _without_namespace(resource: Mapping[str, Any]) -> dict[str, Any]:
    metadata = resource.get(METADATA)
    kept = {key: value for key, value in metadata.items() if key != "namespace"} if isinstance(metadata, dict) else {}
    return {**resource, METADATA: kept}


def kept_answers(integration: Integration, answers: PromptAnswers) -> KeptAnswers:
    """The answers to keep with the resources, and the names of the secret ones."""
    values = answers.values
    secrets = [path for question in questions_of(integration) for path in sorted(secret_parts(question))]
    return KeptAnswers(without_secrets(integration, values), tuple(path for path in secrets if _has(values, path)))


def _has(values: Mapping[str, Any], path: str) -> bool:
    name, _, part = path.partition(".")
    value = values.get(name)
    return part in value if part and isinstance(value, Mapping) else value is not None and not part


def _ready(context: Context, document: Document, installation: Installation, kept: KeptAnswers) -> Document:
    title = document.title(context.namespace)
    if document.kind not in INSTALLABLE:
        raise CommandFailed(f"{title}: a resource of this type cannot be installed from a catalog")
    body = dict(document.body)
    if document.kind.namespaced:
        body[METADATA] = {**(body.get(METADATA) or {}), "namespace": context.namespace}
    else:
        installation = installation._replace(namespace=context.namespace)
    try:
        checked(document.kind, body)
    except CommandFailed as err:
        raise CommandFailed(f"{title}: {err}") from err
    return replace(document, body=marked(body, installation, kept, digest(document.kind, body)))


def digest(kind: Kind, body: Any) -> str:
    """The digest of a resource; secret values count as hidden, because the API may not return them."""
    return digest_of(comparable(kind, _public(kind, body)[0], SystemClock().now()))


def _public(kind: Kind, body: Any) -> tuple[Any, bool]:
    """A resource with its secret values hidden, and whether it has any."""
    resource = convert_client(kind.shape, unwrapped(kind, body) if is_wrapped(body) else body)
    shown = RULES[kind].shown(resource)
    return (body, False) if shown is resource else (json.loads(encode(shown)), True)


def planned(context: Context, documents: Iterable[Document]) -> list[PlannedResource]:
    """What each resource of an installation needs."""
    return [PlannedResource(one, _action(one, current_of(context, one))) for one in documents]


def _action(document: Document, current: Any) -> str:
    if current is None:
        return CREATE
    wanted = document.body[METADATA]
    found = (unwrapped(document.kind, current) if is_wrapped(current) else current).get(METADATA) or {}
    own, its = installation_of(wanted), installation_of(found)
    is_ours = own is not None and its is not None and its.unique_id == own.unique_id
    now = digest(document.kind, current)
    _, has_secrets = _public(document.kind, document.body)
    if not is_ours:
        return FOREIGN if has_secrets or is_changed(wanted, now) else KEEP
    if is_changed(found, now):
        return CHANGED
    marks_differ = any(
        (found.get(name) or {}).get(key) != value
        for name in ("labels", "annotations")
        for key, value in wanted[name].items()
    )
    return REPLACE if has_secrets or marks_differ or is_changed(wanted, now) else KEEP


def put_resources(context: Context, documents: Sequence[Document], remedy: str) -> None:
    """Create or replace resources in order; raises CommandFailed, with the remedy if some were stored already."""
    for number, document in enumerate(documents):
        try:
            body = body_to_put(document, context.namespace, managed=False)
            context.session.call("PUT", path_of(document, context.namespace), body)
        except CommandFailed as err:
            stored = ", ".join(one.title(context.namespace) for one in documents[:number])
            rest = f"; stored before it: {stored}; {remedy}" if stored else ""
            raise CommandFailed(f"{document.title(context.namespace)}: {err}{rest}") from err


def installed(context: Context, name: str = "") -> list[InstalledResource]:
    """The resources that were installed in the namespace from a catalog, or from one integration."""
    selector = f'{INTEGRATION_LABEL} matches "{name}@"'
    found: list[InstalledResource] = []
    for kind in INSTALLABLE:
        for resource in _listed(context, kind, {"labelSelector": selector}):
            body = unwrapped(kind, resource) if is_wrapped(resource) else resource
            metadata = body.get(METADATA) or {}
            installation = installation_of(metadata)
            if installation is None or (name and installation.integration.full != name):
                continue
            if not kind.namespaced and installation.namespace != context.namespace:
                continue
            key = ResourceKey(kind, str(metadata.get("name") or ""))
            path = resource_path(kind, context.namespace, key.name)
            changed = is_changed(metadata, digest(kind, resource))
            found.append(InstalledResource(key, path, installation, metadata, changed))
    return found


def references(context: Context, documents: Iterable[Document] = ()) -> dict[ResourceKey, set[ResourceKey]]:
    """The references of all resources of the namespace to others, as they are once the documents are stored."""
    found: dict[ResourceKey, set[ResourceKey]] = {}
    for kind in USERS:
        for resource in _listed(context, kind, {}):
            body = unwrapped(kind, resource) if is_wrapped(resource) else resource
            found[ResourceKey(kind, str((body.get(METADATA) or {}).get("name") or ""))] = _referred(kind, body)
    return found | {ResourceKey(one.kind, one.name): _referred(one.kind, one.body) for one in documents}


def _referred(kind: Kind, body: Any) -> set[ResourceKey]:
    try:
        return {ResourceKey(one.kind, one.name) for one in references_of(convert_client(kind.shape, body))}
    except InvalidResource:
        return set()


def _listed(context: Context, kind: Kind, query: Mapping[str, str]) -> Iterator[Any]:
    try:
        for page in context.session.pages(resource_path(kind, context.namespace), query, PAGE_SIZE):
            yield from (one for one in page.items if isinstance(one, dict))
    except APIError as err:
        if err.status not in NOT_FOR_US:
            raise
