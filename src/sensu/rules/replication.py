"""Decides what a replicator does to the resources of another cluster.

Source: docs, "Etcd replicators reference": one way, the last write wins, and nothing that the other cluster has by
itself is deleted. What a replicator has created has the label `LABEL`; only that is deleted.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sensu.resources import kinds
from sensu.resources.check import Check
from sensu.resources.entity import PROXY_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.federation import EtcdReplicator
from sensu.resources.kind import METADATA
from sensu.resources.kinds import Kind, by_type
from sensu.resources.metadata import ObjectMeta
from sensu.rules.web_urls import is_loopback, is_plain_url

LABEL = "sensu.io/replicated-by"
ENTITY = "etcd-replicators"
"""The proxy entity whose events say how the replicators do; each replicator is a check of it."""
ETCD_PORTS = (2379, 2380)
FAILURES_SHOWN_MAX = 5
OK, WARNING, CRITICAL = 0, 1, 2

_Document = Mapping[str, Any]
_Place = tuple[str, str]
"""Namespace and name of a resource."""


class TargetResource(NamedTuple):
    """What is kept of a resource of the other cluster: a digest of its content, and the replicator that created it."""

    digest: bytes
    creator: str


@dataclass(frozen=True, slots=True)
class ReplicationPlan:
    """What to do: documents to create, documents to replace, and places of resources to delete.

    `resources` counts those of the source. `local` are those to replace that the replicator has not created.
    """

    create: Mapping[_Place, _Document]
    replace: Mapping[_Place, _Document]
    delete: tuple[_Place, ...]
    resources: int
    local: frozenset[_Place]


@dataclass(slots=True)
class ReplicationReport:
    """How a run ended: the number of resources at the source, what was done, and what failed."""

    resources: int = 0
    created: int = 0
    replaced: int = 0
    replaced_local: int = 0
    deleted: int = 0
    failures: list[str] = field(default_factory=list)
    out_of_reach: str = ""

    @property
    def status(self) -> int:
        """Critical if nothing could be done, a warning if something failed."""
        if self.out_of_reach:
            return CRITICAL
        return WARNING if self.failures else OK


def urls_of(replicator: EtcdReplicator) -> tuple[str, ...]:
    """The URLs of the other cluster's API."""
    return tuple(url.strip().rstrip("/") for url in replicator.url.split(",") if url.strip())


def kind_of(replicator: EtcdReplicator) -> Kind | None:
    """The kind that is replicated, None if it cannot be."""
    kind = by_type(replicator.resource, replicator.api_version)
    return kind if kind is not None and is_replicable(kind) else None


def is_replicable(kind: Kind) -> bool:
    """Whether the API lists and replaces resources of the kind in full, and they can have labels.

    Namespaces have none: they are created, and never deleted. The definitions of the federation itself stay where
    they are.
    """
    if kind is kinds.NAMESPACE:
        return True
    is_listed = "PUT" in kind.serves and not kind.single and kind.has_metadata
    is_of_one_type = bool(kind.shape_path) and kind.part_of is None
    return is_listed and is_of_one_type and kind.api_version != kinds.FEDERATION_V1


def obstacle(replicator: EtcdReplicator) -> str | None:
    """Why a replicator cannot work as it is defined, with the remedy; None if it may work."""
    if kind_of(replicator) is None:
        return f"resource: {replicator.api_version}.{replicator.resource} cannot be replicated"
    for url in urls_of(replicator) or ("",):
        why = _url_obstacle(url)
        if why is not None:
            return f"url: {why}"
    if not replicator.api_key_file:
        return "api_key_file must be set: the file on the backend's host with an API key of the other cluster"
    if bool(replicator.cert) != bool(replicator.key):
        return "cert and key must both be set, or none of them"
    return None


def _url_obstacle(url: str) -> str | None:
    if not is_plain_url(url):
        return f'URLs must be like https://sensu.example.com:8080, separated by commas, not "{url}"'
    parts = urlsplit(url)
    if parts.port in ETCD_PORTS:
        return f"{url} is the address of etcd; give the URL of the other cluster's API, usually on port 8080"
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        return f"{url} must begin with https://, because an API key is sent to it"
    return None


def name_of_document(document: _Document) -> _Place:
    """The place of a resource from its JSON."""
    metadata = document.get(METADATA)
    if isinstance(metadata, Mapping):
        return str(metadata.get("namespace") or ""), str(metadata.get("name") or "")
    return "", str(document.get("name") or "")


def creator_of(document: _Document) -> str:
    """The replicator that has created a resource, empty if none has."""
    labels = _labels(document)
    return str(labels.get(LABEL) or "")


def _labels(document: _Document) -> Mapping[str, Any]:
    metadata = document.get(METADATA)
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    return labels if isinstance(labels, Mapping) else {}


def seen(document: _Document) -> TargetResource:
    """What is kept of a resource of the other cluster."""
    return TargetResource(digest_of(document), creator_of(document))


def digest_of(document: _Document) -> bytes:
    """A digest of what is replicated of a resource: all but its author and the label of replicators."""
    text = json.dumps(_labelled(document, ""), sort_keys=True, separators=(",", ":"))
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _labelled(document: _Document, creator: str) -> _Document:
    """The document without author, and with the label of this creator, or without the label if it is empty."""
    metadata = document.get(METADATA)
    if not isinstance(metadata, Mapping):
        return document
    kept = {key: value for key, value in metadata.items() if key not in ("created_by", "labels") and value}
    labels = {key: value for key, value in _labels(document).items() if key != LABEL}
    if creator:
        labels[LABEL] = creator
    return {**document, METADATA: {**kept, "labels": labels} if labels else kept}


def plan(source: Iterable[_Document], target: Mapping[_Place, TargetResource], creator: str) -> ReplicationPlan:
    """What makes the other cluster like the source.

    What a replicator has created at the source is not replicated, so that two clusters that replicate to each other
    do not bring back what was deleted. A resource that the other cluster has by itself is replaced without the label,
    and therefore stays when the source's is deleted.
    """
    create: dict[_Place, _Document] = {}
    replace: dict[_Place, _Document] = {}
    found: set[_Place] = set()
    local: set[_Place] = set()
    for document in source:
        if creator_of(document):
            continue
        place = name_of_document(document)
        found.add(place)
        there = target.get(place)
        if there is None:
            create[place] = _labelled(document, creator)
        elif there.digest != digest_of(document):
            replace[place] = _labelled(document, there.creator)
            if there.creator != creator:
                local.add(place)
    delete = tuple(place for place, there in target.items() if there.creator == creator and place not in found)
    return ReplicationPlan(create, replace, delete, len(found), frozenset(local))


def event_of(replicator: EtcdReplicator, report: ReplicationReport, namespace: str, event_id: str, now: float) -> Event:
    """The event that says how a replicator does; `namespace` is that of the backends."""
    second = int(now)
    check = Check(
        metadata=ObjectMeta(name=replicator.metadata.name, namespace=namespace),
        status=report.status,
        output="\n".join(_output(replicator, report)),
        interval=replicator.replication_interval_seconds,
        issued=second,
        executed=second,
    )
    entity = Entity(entity_class=PROXY_CLASS, metadata=ObjectMeta(name=ENTITY, namespace=namespace))
    return Event(check=check, entity=entity, metadata=ObjectMeta(namespace=namespace), id=event_id, timestamp=second)


def _output(replicator: EtcdReplicator, report: ReplicationReport) -> Iterator[str]:
    if report.out_of_reach:
        yield f"Nothing is replicated: {report.out_of_reach}"
        return
    where = f" of the namespace {replicator.namespace}" if replicator.namespace else ""
    yield (
        f"{report.resources} resources of the type {replicator.resource}{where}: {report.created} created, "
        f"{report.replaced} replaced, {report.deleted} deleted."
    )
    if report.replaced_local:
        yield f"{report.replaced_local} of those replaced were not created by this replicator."
    if report.failures:
        yield f"{len(report.failures)} failed:"
        yield from report.failures[:FAILURES_SHOWN_MAX]
