"""Suggests values for input fields: those that a field has in the resources of a namespace.

Source: black-box runs of the reference (the supported references, how values are counted, and how `q` matches).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from sensu.backend.graphql.bounds import LIMIT_MAX
from sensu.backend.graphql.reader import Info
from sensu.resources.kinds import Kind
from sensu.resources.wire import decode
from sensu.rules.kinds.table import RULES

LABELS = "metadata/labels"
_METADATA = frozenset({"metadata/name", LABELS})
_KINDS: Mapping[str, Kind] = {kind.snake_type: kind for kind, rules in RULES.items() if rules.suggested is not None}
"""The kinds of core/v2 by their words in references."""


@dataclass(frozen=True, slots=True)
class SuggestionResultSet:
    """The suggested values; the field is that of the schema."""

    values: list[str]


async def suggest(
    root: None,
    info: Info,
    namespace: str,
    ref: str,
    q: str | None,
    order: str | None,
    limit: int | None,
    filters: Sequence[str] | None,
) -> SuggestionResultSet:
    """The values of a reference (`core/v2/entity/system/os`) that contain `q`, most frequent ones first."""
    if filters:
        raise GraphQLError("no filter could be matched with the given statement")
    meant = _meant(ref)
    if meant is None:
        return SuggestionResultSet([])
    kind, path = meant
    found = await info.context.bodies(kind, namespace)
    values = (value for body in found.items for value in _texts_at(decode(kind.shape, body), path))
    counted = Counter(value for value in values if (q or "").casefold() in value.casefold())
    return SuggestionResultSet(_ordered(counted, order)[: min(max(0, limit or 0), LIMIT_MAX)])


def _meant(ref: str) -> tuple[Kind, str] | None:
    """The kind and the path of a reference; None if no suggestions are made for it."""
    parts = ref.split("/", maxsplit=3)
    if len(parts) < 4:  # group, version, kind and field
        raise GraphQLError("reference to field must take the form :group/:version/:resource/:field/:name")
    *prefix, word, path = parts
    if prefix != ["core", "v2"] or word not in _KINDS:
        return None
    kind = _KINDS[word]
    fields = (*_METADATA, *(RULES[kind].suggested or ()))
    return (kind, path) if path in fields or path.startswith(f"{LABELS}/") else None


def _texts_at(resource: Any, path: str) -> Iterator[str]:
    """The strings, numbers, elements or keys at a path of attributes; within labels it is a path of keys."""
    field, _, label = path.partition(f"{LABELS}/")
    if label:
        value: Any = resource.metadata.labels.get(label)
    else:
        value = resource
        for step in field.split("/"):
            value = getattr(value, step)
    found = value if isinstance(value, tuple | dict) else () if value is None else (value,)
    return (str(one) for one in found if one != "")


def _ordered(counted: Counter[str], order: str | None) -> list[str]:
    if order in ("ALPHA_ASC", "ALPHA_DESC"):
        return sorted(counted, reverse=order == "ALPHA_DESC")
    return sorted(counted, key=lambda value: (-counted[value], value))
