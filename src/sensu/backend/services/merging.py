"""Applies merge patches to resources.

Source: docs, "Update … with PATCH"; RFC 7396; recorded scenario checks-patch-headers.
"""

from collections.abc import Mapping
from typing import Any

from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.payload import Conditions
from sensu.errors import InvalidResource
from sensu.resources.documents import converted
from sensu.resources.kinds import Kind
from sensu.resources.wire import json_type
from sensu.rules.etag import if_match, if_none_match
from sensu.rules.merge_patch import merge_patch


def problem_of_identity(patch: Mapping[str, Any], namespace: str, name: str) -> str | None:
    """Why a patch is refused because it would change the name or namespace of a resource, or None."""
    metadata = patch.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        return f"metadata: expected an object, got {json_type(metadata)}"
    for word, own, given in (
        ("name", name, patch.get("name") or metadata.get("name")),
        ("namespace", namespace, metadata.get("namespace")),
    ):
        if given and given != own:
            return f"the {word} of the resource ({given}) does not match the {word} in the URI ({own})"
    return None


def merged(kind: Kind, document: dict[str, Any], patch: Mapping[str, Any], namespace: str, name: str) -> Any | Invalid:
    """The patched resource. Its name and namespace are kept, even if the patch removes them."""
    result = merge_patch(document, patch)
    if "metadata" in document:
        identity = {"name": name, "namespace": namespace} if namespace else {"name": name}
        result["metadata"] = {**(result.get("metadata") or {}), **identity}
    elif "name" in document:
        result["name"] = name
    try:
        return converted(kind, result)
    except InvalidResource as err:
        return Invalid(str(err))


def holds(conditions: Conditions, etag: str) -> bool:
    """Whether a stored resource with that entity tag meets the conditions of a request."""
    return if_match(conditions.if_match, etag) and if_none_match(conditions.if_none_match, etag)
