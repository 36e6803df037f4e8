"""The marks of installed resources, by which an installation is found, updated and removed."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from sensu.errors import InvalidResource
from sensu.rules.catalog.versions import IntegrationName, parse_name

INTEGRATION_LABEL = "sensu.io/catalog"
"""The integration and its version, `nginx/nginx-monitoring@20220125.0.0`."""
ID_LABEL = "sensu.io/catalog_id"
"""The installation: the variable `unique_id`, which tells several installations of an integration apart."""
NAMESPACE_LABEL = "sensu.io/catalog_namespace"
"""The namespace of the installation, for resources of the whole cluster."""
ANSWERS_ANNOTATION = "sensu.io/catalog_answers"
DIGEST_ANNOTATION = "sensu.io/catalog_digest"
"""A digest of the resource as it was installed, which shows whether it was changed since."""
_LABELS = (INTEGRATION_LABEL, ID_LABEL, NAMESPACE_LABEL, "sensu.io/managed_by")
_ANNOTATIONS = (ANSWERS_ANNOTATION, DIGEST_ANNOTATION)
DIGEST_LENGTH = 32


class Installation(NamedTuple):
    """An integration that is installed; `unique_id` differs for each installation.

    `namespace` is only known from resources of the whole cluster.
    """

    integration: IntegrationName
    unique_id: str
    namespace: str = ""


class KeptAnswers(NamedTuple):
    """The answers that an installation keeps, and the names of those that it does not because they are secret."""

    values: dict[str, Any]
    secrets: tuple[str, ...] = ()


def marked(
    document: Mapping[str, Any], installation: Installation, answers: KeptAnswers, digest: str
) -> dict[str, Any]:
    """A document with the labels and annotations of its installation."""
    metadata = dict(document.get("metadata") or {})
    labels = {INTEGRATION_LABEL: str(installation.integration), ID_LABEL: installation.unique_id}
    if installation.namespace:
        labels[NAMESPACE_LABEL] = installation.namespace
    kept = json.dumps({"answers": answers.values, "secrets": list(answers.secrets)}, ensure_ascii=False)
    annotations = {ANSWERS_ANNOTATION: kept, DIGEST_ANNOTATION: digest}
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **annotations}
    return {**document, "metadata": metadata}


def installation_of(metadata: Mapping[str, Any]) -> Installation | None:
    """The installation that a resource belongs to, None if it was not installed from a catalog."""
    labels = metadata.get("labels") or {}
    try:
        name = parse_name(str(labels.get(INTEGRATION_LABEL) or ""))
    except InvalidResource:
        return None
    return Installation(name, str(labels.get(ID_LABEL) or ""), str(labels.get(NAMESPACE_LABEL) or ""))


def answers_of(metadata: Mapping[str, Any]) -> KeptAnswers:
    """The answers in the annotation of a resource; none if somebody changed it to something else."""
    try:
        kept = json.loads(str((metadata.get("annotations") or {}).get(ANSWERS_ANNOTATION) or "{}"))
    except (ValueError, RecursionError):
        return KeptAnswers({})
    values, secrets = (kept.get("answers"), kept.get("secrets")) if isinstance(kept, dict) else ({}, [])
    return KeptAnswers(
        values if isinstance(values, dict) else {}, tuple(map(str, secrets)) if isinstance(secrets, list) else ()
    )


def is_changed(metadata: Mapping[str, Any], digest: str) -> bool:
    """Whether a resource differs from what was installed; one without a digest counts as changed."""
    return str((metadata.get("annotations") or {}).get(DIGEST_ANNOTATION) or "") != digest


def digest_of(comparable: Mapping[str, Any]) -> str:
    """A digest of a resource in comparable form, without its marks, its namespace and all empty values.

    Empty values are left out so that a later version, in which the kind has more fields, computes the same digest.
    """
    metadata = dict(comparable.get("metadata") or {})
    metadata.pop("namespace", None)
    for name, marks in (("labels", _LABELS), ("annotations", _ANNOTATIONS)):
        metadata[name] = {key: value for key, value in (metadata.get(name) or {}).items() if key not in marks}
    content = json.dumps(_without_empty({**comparable, "metadata": metadata}), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode(errors="replace")).hexdigest()[:DIGEST_LENGTH]


def _without_empty(value: Any) -> Any:
    if isinstance(value, Mapping):
        parts = ((key, _without_empty(item)) for key, item in value.items())
        return {key: item for key, item in parts if item not in (None, "", 0, {}, [])}
    return [_without_empty(item) for item in value] if isinstance(value, list | tuple) else value
