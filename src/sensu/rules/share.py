"""Assigns the events and deliveries of entities to the processes that share a store.

Entities are distributed over a fixed number of slots, and slots over members. Stored data depends only on the slot, so
that the number of members can change.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from zlib import crc32

SLOTS = 64
"""More members than slots would leave some without work."""

FREED_AT_ONCE_MAX = 8
"""How many slots can be on their way to another member at a time, because each new owner has to read their states."""


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


def plan(owners: Mapping[int, int | None], members: Collection[int]) -> dict[int, int]:
    """The member that should own each slot, given the present owners and the members that can own slots.

    All members get the same number of slots, or one more; those that own most get one more, so that as few slots as
    possible move. What a member has beyond its part are its highest slots; they go to members below theirs, in the
    order of their numbers. Empty without members.
    """
    if not members:
        return {}
    held: dict[int, list[int]] = {member: [] for member in sorted(members)}
    free: list[int] = []
    for slot in sorted(owners):
        held.get(owners[slot] or 0, free).append(slot)  # numbers of members begin at 1
    least, more = divmod(len(owners), len(held))
    largest = sorted(held, key=lambda member: -len(held[member]))[:more]
    parts = {member: least + (member in largest) for member in held}
    for member, slots in held.items():
        free += slots[parts[member] :]
        del slots[parts[member] :]
    free.sort(reverse=True)
    for member, slots in held.items():
        while len(slots) < parts[member]:
            slots.append(free.pop())
    return {slot: member for member, slots in held.items() for slot in slots}


@dataclass(frozen=True, slots=True)
class Held:
    """Who owns a slot, if anybody, and for whom its last owner gave it up."""

    owner: int | None
    wanted_by: int | None = None


def claimable(me: int, held: Mapping[int, Held], members: Collection[int], overdue: Collection[int]) -> list[int]:
    """The slots that a member claims now.

    A slot that was given up for another living member is left to it, unless that did not claim it for a while
    (`overdue`).
    """
    planned = plan({slot: one.owner for slot, one in held.items()}, members)
    return [
        slot
        for slot, one in sorted(held.items())
        if one.owner is None
        and (one.wanted_by == me or (planned.get(slot) == me and (one.wanted_by not in members or slot in overdue)))
    ]


def to_give_up(me: int, held: Mapping[int, Held], members: Collection[int]) -> dict[int, int]:
    """The slots that a member gives up now, each with the member it is for; a few at a time over all members."""
    planned = plan({slot: one.owner for slot, one in held.items()}, members)
    under_way = sum(1 for one in held.values() if one.owner is None)
    mine = [slot for slot, one in sorted(held.items()) if one.owner == me and planned.get(slot, me) != me]
    return {slot: planned[slot] for slot in mine[: max(0, FREED_AT_ONCE_MAX - under_way)]}


def expelled(members: Iterable[int], unreached: Mapping[int, Collection[int]]) -> frozenset[int]:
    """The members that must end because others, which all reach each other, cannot reach them.

    `unreached` has what each member cannot reach. The largest set of members that reach each other stays; of several,
    the one with the member that joined first, in which members are compared one by one.
    """
    everybody = sorted(members)
    cut = {(one, other) for one in everybody for other in unreached.get(one, ())}
    reaches = {
        one: frozenset(o for o in everybody if o != one and (one, o) not in cut and (o, one) not in cut)
        for one in everybody
    }
    best: tuple[int, ...] = ()
    for group in _cliques(frozenset(), frozenset(everybody), frozenset(), reaches):
        found = tuple(sorted(group))
        if (-len(found), found) < (-len(best), best):
            best = found
    return frozenset(everybody) - frozenset(best)


def _cliques(
    group: frozenset[int], candidates: frozenset[int], done: frozenset[int], reaches: Mapping[int, frozenset[int]]
) -> Iterable[frozenset[int]]:
    """All sets of members that reach each other and cannot be extended (Bron–Kerbosch with a pivot)."""
    if not candidates and not done:
        yield group
        return
    pivot = max(candidates | done, key=lambda one: (len(reaches[one] & candidates), -one))
    for one in sorted(candidates - reaches[pivot]):
        yield from _cliques(group | {one}, candidates & reaches[one], done & reaches[one], reaches)
        candidates, done = candidates - {one}, done | {one}
