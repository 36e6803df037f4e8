"""The envelope of a resource in files and in some APIs: `{type, api_version, metadata, spec}` around its JSON.

Source: docs "Create and manage resources with sensuctl"; "Secrets API" (that API uses the envelope).
"""

from collections.abc import Mapping
from typing import Any

from sensu.resources.kind import METADATA
from sensu.resources.kinds import Kind

SPEC = "spec"


def wrapped(kind: Kind, resource: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap the JSON of a resource. If its kind has no metadata, that of the envelope contains the resource's name."""
    spec = {key: value for key, value in resource.items() if key != METADATA}
    metadata = resource.get(METADATA)
    if metadata is None:
        name = resource.get("name") or resource.get("username")
        metadata = {"name": name} if name else {}
    return {"type": kind.type, "api_version": kind.api_version, METADATA: metadata, SPEC: spec}


def unwrapped(kind: Kind, document: Mapping[str, Any]) -> dict[str, Any]:
    """Unwrap the JSON of a resource; the metadata of the document takes precedence over that inside the spec."""
    spec = document.get(SPEC)
    resource: dict[str, Any] = dict(spec) if isinstance(spec, Mapping) else {}
    if kind.has_metadata:
        inner, outer = resource.get(METADATA), document.get(METADATA)
        resource[METADATA] = {
            **(inner if isinstance(inner, Mapping) else {}),
            **(outer if isinstance(outer, Mapping) else {}),
        }
    return resource


def is_wrapped(document: Mapping[str, Any]) -> bool:
    """Whether the JSON of a resource is in an envelope."""
    return "api_version" in document and SPEC in document
