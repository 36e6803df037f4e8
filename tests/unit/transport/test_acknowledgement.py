import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.errors import InvalidResource
from sensu.transport import acknowledgement
from sensu.transport.acknowledgement import Ack, Extensions, Settlements, Unsettled, following
from sensu.transport.frames import Message
from sensu.transport.handshake import JSON_TYPE, PROTOBUF_TYPE, Agreement

BEFORE = Agreement(PROTOBUF_TYPE)


@pytest.mark.parametrize("codec", [JSON_TYPE, PROTOBUF_TYPE])
@pytest.mark.parametrize("before", [Agreement(JSON_TYPE), BEFORE])
def test_the_request_is_the_switch(before: Agreement, codec: str) -> None:
    """After the message that asks, its codec holds and messages are acknowledged, whatever held before."""
    assert following(before, acknowledgement.request(Extensions(codec=codec))) == Agreement(codec, acknowledged=True)


def test_the_request_is_as_documented() -> None:
    """What stands on the wire is what other implementations were told to expect."""
    assert acknowledgement.request(Extensions()) == ("extensions", b'{"ack":1,"codec":"application/json"}')


@pytest.mark.parametrize(
    "message",
    [
        Message("event", b'{"ack": 1, "codec": "application/json"}'),
        Message("extension", b'{"ack": 1, "codec": "application/json"}'),
        Message("extensions", b'{"ack": 2, "codec": "application/json"}'),
        Message("extensions", b'{"ack": 1, "codec": "text/yaml"}'),
        Message("extensions", b'{"ack": "1"}'),
        Message("extensions", b"ack"),
        Message("extensions", b""),
    ],
)
def test_no_other_message_switches(message: Message) -> None:
    """Other messages, and requests for what is not known, leave everything as it was."""
    assert following(BEFORE, message) is BEFORE


def test_the_switch_comes_once() -> None:
    """A second request changes nothing, so that both sides go on counting alike."""
    after = following(BEFORE, acknowledgement.request(Extensions()))
    assert following(after, acknowledgement.request(Extensions(codec=PROTOBUF_TYPE))) is after


def test_what_names_more_is_understood() -> None:
    """A request may say more than this version knows, so that later versions can ask for more."""
    message = Message("extensions", b'{"ack": 1, "codec": "application/json", "compressed": true}')
    assert following(BEFORE, message).acknowledged


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
