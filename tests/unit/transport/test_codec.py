import pytest

from sensu.errors import InvalidResource
from sensu.resources.check_request import CheckRequest
from sensu.resources.entity import EntityConfig
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.transport import codec
from sensu.transport.codec import Codec
from sensu.transport.handshake import JSON_TYPE, PROTOBUF_TYPE

CODECS = [codec.JSON, codec.PROTOBUF]


@pytest.mark.parametrize("form", CODECS)
def test_all_messages_pass_through_both_forms(form: Codec) -> None:
    """Events, check requests and configurations arrive as they were sent, in either form."""
    event = Event(timestamp=5, metadata=ObjectMeta(namespace="default"), sequence=1)
    request = CheckRequest(issued=7, secrets=("A=1",))
    config = EntityConfig(metadata=ObjectMeta(name="a1"), subscriptions=("x",), user="agent")
    assert form.decode_event(form.encode("event", event)) == event
    assert form.decode_check_request(form.encode("check_request", request)) == request
    assert form.decode_entity_config(form.encode("entity_config", config)) == config


@pytest.mark.parametrize("form", CODECS)
def test_an_unreadable_payload_is_refused(form: Codec) -> None:
    """A payload that is none is an InvalidResource in either form."""
    for decode in (form.decode_event, form.decode_check_request, form.decode_entity_config):
        with pytest.raises(InvalidResource):
            decode(b"{bad json")


def test_json_is_read_as_leniently_as_clients_expect() -> None:
    """Keys in another case, unknown keys and nulls cost no event."""
    event = codec.JSON.decode_event(b'{"Timestamp": 5, "nosuch": 1, "metadata": null, "sequence": null}')
    assert (event.timestamp, event.sequence) == (5, 0)


@pytest.mark.parametrize(
    ("content_type", "form"), [(JSON_TYPE, codec.JSON), (PROTOBUF_TYPE, codec.PROTOBUF), ("", codec.JSON)]
)
def test_the_agreement_names_the_form(content_type: str, form: Codec) -> None:
    """The media type that both sides agreed on picks the form; JSON where there is none."""
    assert codec.for_content_type(content_type) is form
