"""Which resources of an installation can be deleted, because no other resource refers to them."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sensu.resources.kinds import Kind


class ResourceKey(NamedTuple):
    """A resource of a namespace."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.type} {self.name}"


def still_used(
    candidates: Collection[ResourceKey], references: Mapping[ResourceKey, Collection[ResourceKey]]
) -> dict[ResourceKey, ResourceKey]:
    """The candidates for deletion that a resource which stays refers to, each with one that does.

    `references` are those of all resources of the namespace. What a candidate that stays refers to stays too.
    """
    used: dict[ResourceKey, ResourceKey] = {}
    while True:
        going = {one for one in candidates if one not in used}
        found = {
            target: user
            for user, targets in references.items()
            if user not in going
            for target in targets
            if target in going
        }
        if not found:
            return used
        used |= found
