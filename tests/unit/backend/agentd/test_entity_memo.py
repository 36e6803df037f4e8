import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.backend.agentd.entity_memo import EntityMemo
from sensu.backend.agentd.incoming import MessageRefusal, read_event
from sensu.backend.ports import IncomingEvent
from sensu.backend.stored_form import entity_in_event
from sensu.resources.entity import Entity, Network, NetworkInterface, System
from sensu.resources.event import Event
from sensu.rules.redaction import redacted
from sensu.testing.factories import make_check, make_entity, make_event
from sensu.transport import codec, frames
from sensu.transport.codec import Codec

CODECS = [codec.JSON, codec.PROTOBUF]
AT = 1_700_000_000

_texts = st.sampled_from(["", "x", '"last_seen":1700000000', "(\x80\xe2\xcf\xaa\x06", "1700000000"])
_entities = st.builds(
    make_entity,
    st.sampled_from(["web1", "web2"]),
    labels=st.dictionaries(st.sampled_from(["password", "dc", "last_seen"]), _texts, max_size=2),
    last_seen=st.sampled_from([0, 1, 127, 128, AT, AT + 1, AT * 10, -1, 2**62]),
    system=st.builds(System, hostname=_texts, processes=st.sampled_from([None, ()])),
    user=_texts,
)


def _sent(form: Codec, event: Event) -> bytes:
    return form.encode(frames.EVENT, event)


def _read(form: Codec, event: Event, known: EntityMemo) -> IncomingEvent:
    incoming = read_event(form, _sent(form, event), "default", known)
    assert not isinstance(incoming, MessageRefusal)
    return incoming


@pytest.mark.parametrize("form", CODECS)
@given(entities=st.lists(_entities, min_size=2, max_size=4))
def test_what_is_known_of_an_entity_changes_no_event(form: Codec, entities: list[Entity]) -> None:
    """An event reads the same after others of its session as it does alone, and so does what is stored of it."""
    known = EntityMemo(form)
    for number, entity in enumerate(entities):
        event = make_event(entity, make_check(status=number), timestamp=AT + number)
        incoming, alone = _read(form, event, known), _read(form, event, EntityMemo(form))
        assert alone.event.entity is not None
        if incoming.entity_json is None:
            assert incoming == alone
            continue
        entity = redacted(alone.event.entity)
        assert incoming.event == msgspec.structs.replace(alone.event, entity=entity)
        assert incoming.entity_json == entity_in_event(entity)


@pytest.mark.parametrize("form", CODECS)
def test_an_entity_that_was_seen_later_is_known(form: Codec) -> None:
    """Agents write the time into the entity of every event; its JSON is made of the known one all the same."""
    known = EntityMemo(form)
    first = _read(form, make_event(make_entity(last_seen=AT)), known)
    later = _read(form, make_event(make_entity(last_seen=AT + 9)), known)
    assert first.entity_json is None
    assert later.entity_json is not None
    assert msgspec.json.decode(later.entity_json, type=Entity).last_seen == AT + 9
    assert later.event.entity is not None
    assert later.event.entity.last_seen == AT + 9


def test_the_json_of_an_entity_is_known_only_where_handlers_get_the_same() -> None:
    """Handlers get an entity as it was sent; where what is stored differs from that, neither is taken for the other."""
    known = EntityMemo(codec.JSON)
    entity = make_entity(system=System(network=Network(interfaces=(NetworkInterface(name="lo", addresses=()),))))
    for _ in range(2):
        assert _read(codec.JSON, make_event(entity), known).entity_json is None


@pytest.mark.parametrize("form", CODECS)
def test_the_rest_of_an_event_is_judged_though_its_entity_is_known(form: Codec) -> None:
    """A bad check is refused however well its entity is known."""
    known = EntityMemo(form)
    _read(form, make_event(), known)
    for check in (make_check("not a name"), make_check(namespace="other")):
        assert isinstance(read_event(form, _sent(form, make_event(check=check)), "default", known), MessageRefusal)
