"""Shares: every entity has one owner, and all owners have about as much to do."""

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.share import (
    ALL_SLOTS,
    FREED_AT_ONCE_MAX,
    SLOTS,
    Held,
    Share,
    claimable,
    expelled,
    plan,
    slot_of,
    slot_of_delivery,
    to_give_up,
)


@given(st.text(), st.text(), st.integers(1, SLOTS))
def test_every_entity_has_one_owner(namespace: str, entity: str, members: int) -> None:
    """Whatever its name, an entity is in the share of exactly one member, which `owner_of` names."""
    owners = [member for member in range(members) if Share(member, members).owns(slot_of(namespace, entity))]
    assert owners == [Share(0, members).owner_of(slot_of(namespace, entity))]


@pytest.mark.parametrize("members", [2, 3, 4, 8, 16])
def test_shares_are_about_equal(members: int) -> None:
    """Of many entities no member has more than a third more than its part."""
    share = Share(0, members)
    owners = Counter(share.owner_of(slot_of("default", f"web-{number}")) for number in range(10_000))
    assert len(owners) == members
    assert max(owners.values()) < 10_000 / members * 4 / 3


def test_slots_are_the_same_on_every_machine() -> None:
    """What is written down under a slot is found again after any restart."""
    assert [slot_of("default", name) for name in ("web1", "web2", "router")] == [36, 30, 29]


@given(st.integers(0, 10**12), st.integers(0, SLOTS - 1))
def test_a_delivery_id_carries_the_slot(count: int, slot: int) -> None:
    """The slot is read from an id as it was put in."""
    assert slot_of_delivery(count * SLOTS + slot) == slot


@given(st.integers(1, SLOTS))
def test_every_slot_is_dealt_out_once(members: int) -> None:
    """The slots of all members together are all slots, and `owns` says the same of each."""
    shares = [Share(member, members) for member in range(members)]
    assert sorted(slot for share in shares for slot in share.slots) == sorted(ALL_SLOTS)
    assert all(share.owns(slot) for share in shares for slot in share.slots)


@dataclass
class Table:
    """The table of slots, to which members apply the rules."""

    members: list[int]
    held: dict[int, Held]

    def settle(self, rounds: int = 200) -> int:
        """Let all members act in turn until nothing moves; returns how often slots changed their owner."""
        moves = 0
        for _ in range(rounds):
            acted = False
            for me in self.members:
                given = to_give_up(me, self.held, self.members)
                self.held |= {slot: Held(None, other) for slot, other in given.items()}
                claimed = claimable(me, self.held, self.members, ())
                self.held |= {slot: Held(me) for slot in claimed}
                moves += len(claimed)
                acted |= bool(given or claimed)
            if not acted:
                return moves
        raise AssertionError("slots move for ever")

    def lose(self, member: int) -> None:
        """A member is fenced."""
        self.members.remove(member)
        self.held = {s: Held(None) if one.owner == member else one for s, one in self.held.items()}

    def numbers(self) -> list[int]:
        """How many slots each member owns, sorted."""
        return sorted(sum(1 for one in self.held.values() if one.owner == member) for member in self.members)


owned_by_anybody = st.dictionaries(
    st.integers(0, SLOTS - 1), st.one_of(st.none(), st.integers(1, 9)), min_size=SLOTS, max_size=SLOTS
)


@given(owned_by_anybody, st.sets(st.integers(1, 9), min_size=1))
def test_each_member_gets_the_same_number_of_slots_or_one_more(
    owners: dict[int, int | None], members: set[int]
) -> None:
    """Every slot is planned for a living member, and no member has more than one slot more than another."""
    planned = plan(owners, members)
    numbers = [list(planned.values()).count(member) for member in members]
    assert planned.keys() == owners.keys()
    assert max(numbers) - min(numbers) <= 1
    assert sum(numbers) == SLOTS


@given(owned_by_anybody, st.sets(st.integers(1, 9), min_size=1))
def test_no_slot_moves_without_need(owners: dict[int, int | None], members: set[int]) -> None:
    """A slot leaves a living member only if that has more than its part."""
    planned = plan(owners, members)
    for member in members:
        held = [slot for slot, owner in owners.items() if owner == member]
        kept = [slot for slot in held if planned[slot] == member]
        assert kept == held or len(kept) == list(planned.values()).count(member)


def test_slots_are_planned_for_nobody_without_members() -> None:
    """Without members there is no plan."""
    assert plan(dict.fromkeys(range(SLOTS)), ()) == {}


@given(st.lists(st.integers(0, 9), max_size=12))
def test_slots_settle_while_members_come_and_go(steps: list[int]) -> None:
    """Whoever joins or is lost, in the end all slots have living owners, which own the same number or one more."""
    table = Table([1], dict.fromkeys(range(SLOTS), Held(None)))
    table.settle()
    assert table.numbers() == [SLOTS]
    for number, step in enumerate(steps, 2):
        if step > 5 and len(table.members) > 1:
            table.lose(table.members[step % len(table.members)])
        else:
            table.members.append(number)
        table.settle()
        numbers = table.numbers()
        assert sum(numbers) == SLOTS
        assert numbers[-1] - numbers[0] <= 1


def test_one_who_joins_takes_from_all() -> None:
    """A third member moves a third of the slots, and no others."""
    table = Table([1, 2], {slot: Held(1 + slot % 2) for slot in range(SLOTS)})
    table.members.append(3)
    assert table.settle() == SLOTS // 3


def test_few_slots_are_on_their_way_at_a_time() -> None:
    """A member gives up at most a few slots before the first of them have new owners."""
    held = dict.fromkeys(range(SLOTS), Held(1))
    first = to_give_up(1, held, (1, 2))
    assert len(first) == FREED_AT_ONCE_MAX
    assert to_give_up(1, held | {slot: Held(None, 2) for slot in first}, (1, 2)) == {}


def test_a_slot_is_left_to_the_member_it_was_given_up_for() -> None:
    """Others claim it only if that member is gone, or let it lie."""
    held: dict[int, Held] = {slot: Held(1 + slot % 2) for slot in range(SLOTS)} | {0: Held(None, 2)}
    assert claimable(1, held, (1, 2), ()) == []
    assert claimable(2, held, (1, 2), ()) == [0]
    assert claimable(1, held, (1, 2), (0,)) == [0]
    assert 0 in claimable(1, held, (1,), ())


def test_the_largest_group_that_can_talk_stays() -> None:
    """Of four members, two of which nobody else reaches, the smaller side ends; of equal sides the younger one."""
    assert expelled((1, 2, 3), {3: (1,), 1: (3,), 2: (3,)}) == {3}
    assert expelled((1, 2, 3, 4), {1: (3, 4), 2: (3, 4)}) == {3, 4}
    assert expelled((1, 2), {2: (1,)}) == {2}
    assert expelled((1, 2, 3), {1: (3,)}) == {3}
    assert expelled((1, 2, 3), {}) == frozenset()


@given(st.sets(st.integers(1, 8), min_size=1), st.dictionaries(st.integers(1, 8), st.sets(st.integers(1, 8))))
def test_those_who_stay_reach_each_other(members: set[int], unreached: dict[int, set[int]]) -> None:
    """Of the members that are not expelled, none names another one, and there is always one that stays."""
    staying = members - expelled(members, {one: others - {one} for one, others in unreached.items()})
    assert staying
    assert all(not (unreached.get(one, set()) & staying) - {one} for one in staying)
