"""The resources whose fields are suggested as answers: `ref` and `refFilter`.

Source: docs, "Catalog integrations reference", input attributes.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sensu.resources.kinds import AS_RUN, EVERY_KIND, Kind

_FILTER = re.compile(
    r"""\s*\.labels\.(?P<label>[A-Za-z0-9_./-]+)\s*(?P<operator>==|!=)\s*(?P<quote>["'])(?P<value>[^"']*)(?P=quote)\s*"""
)


class FieldReference(NamedTuple):
    """A field of the resources of a kind."""

    kind: Kind
    path: tuple[str, ...]


def parse_reference(ref: str) -> FieldReference | None:
    """`core/v2/pipeline/metadata/name` as a field of a kind; None if the kind is unknown."""
    group, _, rest = ref.partition("/")
    version, _, rest = rest.partition("/")
    type_name, _, path = rest.partition("/")
    kind = next(
        (one for one in EVERY_KIND if one.api_version == f"{group}/{version}" and _is_called(one, type_name)), None
    )
    return None if kind is None or not path else FieldReference(kind, tuple(path.split("/")))


def _is_called(kind: Kind, name: str) -> bool:
    wanted = name.lower().replace("_", "").replace("-", "")
    names = (kind.type, kind.word.replace(" ", ""), kind.segment.replace("-", ""))
    return kind not in AS_RUN and bool(kind.dump_order) and wanted in {one.lower() for one in names}


def suggestions(reference: FieldReference, ref_filter: str, resources: Sequence[Any]) -> list[str]:
    """The values of the field in order, each once; of a field that is a list, its items.

    `refFilter` compares a label, for example `.labels.provider == "alerts"`; other expressions select nothing out.
    """
    found: set[str] = set()
    for resource in resources:
        if isinstance(resource, Mapping) and _is_selected(resource, ref_filter):
            value: Any = (
                {**resource.get("spec", {}), **resource} if isinstance(resource.get("spec"), Mapping) else resource
            )
            for step in reference.path:
                value = value.get(step) if isinstance(value, Mapping) else None
            items = value if isinstance(value, list | tuple) else [value]
            found |= {item for item in items if isinstance(item, str) and item}
    return sorted(found)


def _is_selected(resource: Mapping[str, Any], ref_filter: str) -> bool:
    match = _FILTER.fullmatch(ref_filter)
    if match is None:
        return True
    labels = (resource.get("metadata") or {}).get("labels") or {}
    return (labels.get(match["label"]) == match["value"]) == (match["operator"] == "==")
