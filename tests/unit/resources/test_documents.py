"""Resources as the API and the store have them: bare, or in an envelope."""

import msgspec
import pytest

from sensu.errors import InvalidResource
from sensu.resources.documents import converted, decoded, document_shape, encoded
from sensu.resources.entity import Entity
from sensu.resources.envelope import is_wrapped, unwrapped, wrapped
from sensu.resources.kinds import CHECK, ENTITY, ENV_PROVIDER, NAMESPACE, SECRET, STORED_TYPES, Kind
from sensu.resources.metadata import ObjectMeta
from sensu.resources.secret import Secret
from sensu.resources.secret_providers import EnvProvider

TOKEN = Secret(metadata=ObjectMeta(name="token", namespace="default"), id="TOKEN", provider="env")


def test_a_wrapped_kind_is_stored_and_shown_in_its_envelope() -> None:
    """Type and API version come first, then who it is, then the rest."""
    assert encoded(SECRET, TOKEN) == (
        b'{"type":"Secret","api_version":"secrets/v1","metadata":{"name":"token","namespace":"default"},'
        b'"spec":{"id":"TOKEN","provider":"env"}}'
    )
    assert encoded(ENV_PROVIDER, EnvProvider()) == (
        b'{"type":"Env","api_version":"secrets/v1","metadata":{"name":"env"},"spec":{}}'
    )
    assert encoded(ENTITY, Entity()) == msgspec.json.encode(Entity())


@pytest.mark.parametrize("kind", STORED_TYPES, ids=lambda kind: kind.qualified_name)
def test_what_was_stored_is_read_back(kind: Kind) -> None:
    """A resource of any kind is the same after it was written and read."""
    resource = kind.shape()
    assert decoded(kind, encoded(kind, resource)) == resource


def test_clients_may_leave_out_the_type_but_not_lie_about_it() -> None:
    """Keys are read in any case; the path of a value of the wrong type has the spec in it."""
    document = {"Metadata": {"name": "token", "namespace": "default"}, "SPEC": {"ID": "TOKEN", "provider": "env"}}
    assert converted(SECRET, document) == TOKEN
    with pytest.raises(InvalidResource, match="type and api_version must be Secret and secrets/v1"):
        converted(SECRET, {**document, "type": "Handler"})
    with pytest.raises(InvalidResource, match=r"^spec\.id: "):
        converted(SECRET, {"spec": {"id": 1}})


def test_an_envelope_can_be_taken_off_again() -> None:
    """What is in the envelope is the resource; metadata of the document counts more than any inside the spec."""
    check = {"command": "true", "metadata": {"name": "disk"}}
    document = wrapped(CHECK, check)
    assert list(document) == ["type", "api_version", "metadata", "spec"]
    assert is_wrapped(document)
    assert not is_wrapped(check)
    assert unwrapped(CHECK, document) == check
    twice = {"metadata": {"name": "new"}, "spec": {"metadata": {"name": "old", "namespace": "ops"}}}
    assert unwrapped(CHECK, twice) == {"metadata": {"name": "new", "namespace": "ops"}}


def test_the_envelope_of_a_kind_without_metadata_has_its_name() -> None:
    """A namespace has its name in both places, and comes back as it was."""
    document = wrapped(NAMESPACE, {"name": "ops"})
    assert document["metadata"] == document["spec"] == {"name": "ops"}
    assert unwrapped(NAMESPACE, document) == {"name": "ops"}


def test_the_document_of_a_bare_kind_is_its_struct() -> None:
    """Only wrapped kinds need another struct, whose spec has the fields of the kind."""
    assert document_shape(CHECK) is CHECK.shape
    fields = [field.name for field in msgspec.structs.fields(document_shape(SECRET))]
    assert fields == ["type", "api_version", "metadata", "spec"]
