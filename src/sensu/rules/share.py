"""Assigns the events and deliveries of entities to the processes that share a store.

Entities are distributed over a fixed number of slots, and slots over members. Stored data depends only on the slot, so
that the number of members can change.
"""

from dataclasses import dataclass
from zlib import crc32

SLOTS = 64
"""More members than slots would leave some without work."""


def slot_of(namespace: str, entity: str) -> int:
    """The slot of an entity; the same on every machine."""
    return crc32(f"{namespace}/{entity}".encode("utf-8", "surrogatepass")) % SLOTS


def slot_of_delivery(delivery_id: int) -> int:
    """The slot of a delivery's entity, which its id contains."""
    return delivery_id % SLOTS


Slots = frozenset[int]
ALL_SLOTS: Slots = frozenset(range(SLOTS))


@dataclass(frozen=True, slots=True)
class Share:
    """The share of a member: the slots `member`, `member + members`, and so on; all slots for a single member."""

    member: int = 0
    members: int = 1

    def owner_of(self, slot: int) -> int:
        """The member that owns a slot."""
        return slot % self.members

    def owns(self, slot: int) -> bool:
        """Whether this member owns a slot, and with it the events and deliveries of its entities."""
        return slot % self.members == self.member

    @property
    def slots(self) -> Slots:
        """All slots of this member."""
        return frozenset(range(self.member, SLOTS, self.members))
