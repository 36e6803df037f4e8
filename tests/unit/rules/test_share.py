"""Shares: every entity has one owner, and all owners have about as much to do."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.share import ALL_SLOTS, SLOTS, Share, slot_of, slot_of_delivery


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
