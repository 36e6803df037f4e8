"""Which resources are pruned: those that sensuctl created and the configuration no longer contains.

Source: docs, "Prune API", "Create and manage resources with sensuctl" (prune).
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sensu.errors import InvalidResource
from sensu.resources.entity import MANAGED_BY_LABEL
from sensu.resources.kinds import ALL_KINDS, API_KEY, EVENT, NAMESPACE, USER, Kind, kind_called

ALL = "all"
MANAGER = "sensuctl"
NOT_PRUNED = frozenset((EVENT, API_KEY, NAMESPACE, USER, *(kind for kind in ALL_KINDS if kind.single)))
"""Kinds without labels of their own, which do not record that sensuctl manages them."""


class ConfiguredPlace(NamedTuple):
    """What identifies a resource in a configuration."""

    type: str
    api_version: str
    namespace: str
    name: str


class PruningCandidate(NamedTuple):
    """A stored resource of a kind that can be pruned."""

    place: ConfiguredPlace
    labels: Mapping[str, str]
    created_by: str


def pruned_kinds(words: Iterable[str], *, cluster_wide: bool) -> list[Kind]:
    """The kinds to prune, those first that refer to others; raises InvalidResource for other words.

    Cluster-wide kinds are left out, unless `cluster_wide`.
    """
    named = list[Kind]()
    for word in words:
        if word == ALL:
            named += [kind for kind in ALL_KINDS if kind not in NOT_PRUNED]
            continue
        kind = kind_called(word)
        stored = kind if kind is None or kind.part_of is None else kind.part_of
        if stored not in ALL_KINDS:
            raise InvalidResource(f'types: "{word}" is not a type of stored resources, such as core/v2.CheckConfig')
        if stored in NOT_PRUNED:
            raise InvalidResource(f'types: resources of the type "{word}" cannot be pruned')
        named.append(stored)
    chosen = [kind for kind in dict.fromkeys(named) if kind.namespaced or cluster_wide]
    return sorted(chosen, key=lambda kind: (kind.delete_order, -kind.dump_order))


def is_pruned(candidate: PruningCandidate, kept: Collection[ConfiguredPlace], authors: Collection[str] | None) -> bool:
    """Whether a resource is pruned; only those of `authors` are, unless it is None."""
    return (
        candidate.labels.get(MANAGED_BY_LABEL) == MANAGER
        and (authors is None or candidate.created_by in authors)
        and candidate.place not in kept
    )


def candidate_of(kind: Kind, resource: Mapping[str, Any]) -> PruningCandidate:
    """A resource in its JSON."""
    metadata = resource.get("metadata") or {}
    place = ConfiguredPlace(
        resource.get("type", kind.type) if kind.types else kind.type,
        kind.api_version,
        metadata.get("namespace", "") if kind.namespaced else "",
        metadata.get("name", ""),
    )
    return PruningCandidate(place, metadata.get("labels") or {}, metadata.get("created_by", ""))
