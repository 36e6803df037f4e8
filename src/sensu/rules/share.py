"""Which of several processes that share a store an entity's events and deliveries belong to.

Entities are dealt out to a fixed number of slots, and slots to members: so what is written down needs to know the slot
only, and another number of members deals the same slots out anew.
"""

from dataclasses import dataclass
from zlib import crc32

SLOTS = 64
"""More members than slots would leave some without work."""


def slot_of(namespace: str, entity: str) -> int:
    """The slot of an entity; the same on every machine."""
    return crc32(f"{namespace}/{entity}".encode("utf-8", "surrogatepass")) % SLOTS


def slot_of_delivery(delivery_id: int) -> int:
    """The slot of the entity that a delivery is about, which its id carries."""
    return delivery_id % SLOTS


Slots = frozenset[int]
ALL_SLOTS: Slots = frozenset(range(SLOTS))


@dataclass(frozen=True, slots=True)
class Share:
    """The part of one of several members: the slots `member`, `member + members`, and so on; of one alone, all."""

    member: int = 0
    members: int = 1

    def owner_of(self, slot: int) -> int:
        """The member that a slot belongs to."""
        return slot % self.members

    def owns(self, slot: int) -> bool:
        """Whether a slot, and so its entities' events and deliveries, is this member's."""
        return slot % self.members == self.member

    @property
    def slots(self) -> Slots:
        """All slots of this member."""
        return frozenset(range(self.member, SLOTS, self.members))
