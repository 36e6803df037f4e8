import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.errors import InvalidResource
from sensu.transport import acknowledgement
from sensu.transport.acknowledgement import Ack, Settlements, Unsettled


@given(st.sets(st.integers(1, 60)))
def test_ranges_name_exactly_the_stored_messages(numbers: set[int]) -> None:
    """However the numbers of stored messages lie, the agent reads the same numbers from the ranges."""
    settlements = Settlements(stored=list(numbers))
    ack = acknowledgement.decode(settlements.take())
    assert {number for first, last in ack.stored for number in range(first, last + 1)} == numbers
    assert not settlements


def test_neighbours_share_a_range() -> None:
    """Messages that were committed one after the other cost one range, whatever the order of their news."""
    settlements = Settlements(stored=[3, 1, 2, 7])
    assert acknowledgement.decode(settlements.take()).stored == ((1, 3), (7, 7))


def test_each_fate_is_told_with_its_reason() -> None:
    """An agent hears which events are stored, which never will be, and which it should send again."""
    unsettled: Unsettled[str] = Unsettled()
    for token in ("a", "b", "c", "d"):
        unsettled.sent(token)
    settled = unsettled.settle(Ack(((1, 1),), ((2, "invalid"),), ((4, "disk full"),)))
    assert (settled.stored, settled.refused, settled.deferred) == (["a"], [("b", "invalid")], [("d", "disk full")])
    assert unsettled.rest() == ["c"]


def test_messages_without_a_token_are_counted() -> None:
    """A message that nobody waits for has a number all the same, so both sides go on counting alike."""
    unsettled: Unsettled[str] = Unsettled()
    assert [unsettled.sent(None), unsettled.sent("x"), unsettled.sent(None)] == [1, 2, 3]
    assert unsettled.settle(Ack(((1, 3),))).stored == ["x"]


@pytest.mark.parametrize("ack", [Ack(((5, 9),)), Ack(((1, 10**15),)), Ack(((9, 1),)), Ack(refused=((7, "x"),))])
def test_numbers_that_were_never_sent_do_no_harm(ack: Ack) -> None:
    """An acknowledgement of anything but what was sent settles nothing else and takes no time."""
    unsettled: Unsettled[str] = Unsettled()
    unsettled.sent("a")
    settled = unsettled.settle(ack)
    assert len(settled.stored) + len(unsettled) == 1


def test_a_number_is_settled_once() -> None:
    """The same acknowledgement twice settles nothing twice."""
    unsettled: Unsettled[str] = Unsettled()
    unsettled.sent("a")
    assert unsettled.settle(Ack(((1, 1),))).stored == ["a"]
    assert unsettled.settle(Ack(((1, 1),), ((1, "no"),))) == acknowledgement.Settled([], [], [])


def test_an_unreadable_acknowledgement_is_an_error() -> None:
    """What is no acknowledgement is refused, so that nothing is forgotten because of it."""
    with pytest.raises(InvalidResource):
        acknowledgement.decode(b'{"stored": "all"}')
