"""What lies in the store, and what readers get of it."""

import msgspec

from sensu.backend.stored_form import put
from sensu.resources.check import CheckConfig
from sensu.resources.entity import Entity
from sensu.resources.kinds import CHECK, CLUSTER_ROLE, ENTITY, SILENCED, USER
from sensu.resources.metadata import ObjectMeta
from sensu.resources.role import ClusterRole
from sensu.resources.silenced import Silenced
from sensu.resources.user import User


def test_readers_never_get_a_password_hash() -> None:
    """The hash of a user is stored and not shown."""
    write = put(USER, User(username="bob", password_hash="$2b$10$x", groups=("dev",)))
    assert b"$2b$10$x" in write.body
    assert write.shown is not None
    assert msgspec.json.decode(write.shown) == {"username": "bob", "groups": ["dev"], "disabled": False}


def test_readers_never_get_secret_labels() -> None:
    """Labels that an entity's redact list names are stored whole and shown redacted."""
    write = put(ENTITY, Entity(metadata=ObjectMeta(name="e", namespace="n", labels={"password": "x", "dc": "eu"})))
    assert b'"password":"x"' in write.body
    assert write.shown is not None
    assert msgspec.json.decode(write.shown)["metadata"]["labels"] == {"password": "REDACTED", "dc": "eu"}


def test_a_silence_without_an_end_is_shown_as_minus_one() -> None:
    """`expire` of a silence that never expires reads -1, of any other as it was made."""
    endless = put(SILENCED, Silenced(metadata=ObjectMeta(name="a:*", namespace="n"), subscription="a"))
    assert endless.shown is not None
    assert msgspec.json.decode(endless.shown)["expire"] == -1
    ending = Silenced(metadata=ObjectMeta(name="a:*", namespace="n"), subscription="a", expire_at=5)
    assert put(SILENCED, ending).shown is None


def test_other_resources_are_shown_as_they_are_stored() -> None:
    """Where nothing is hidden the same bytes are kept once, under the kind, the namespace and the name."""
    write = put(CHECK, CheckConfig(metadata=ObjectMeta(name="c", namespace="n"), interval=5))
    assert write.shown is None
    assert (write.key.kind, write.key.namespace, write.key.name) == ("core/v2.CheckConfig", "n", "c")
    assert write.namespace_must_exist
    assert not put(CLUSTER_ROLE, ClusterRole(metadata=ObjectMeta(name="r"))).namespace_must_exist


def test_equal_content_has_an_equal_etag() -> None:
    """The tag follows from what is stored: settled lists count, their spelling does not."""
    empty = put(CHECK, CheckConfig(metadata=ObjectMeta(name="c", namespace="n"), interval=5, env_vars=()))
    absent = put(CHECK, CheckConfig(metadata=ObjectMeta(name="c", namespace="n"), interval=5))
    changed = put(CHECK, CheckConfig(metadata=ObjectMeta(name="c", namespace="n"), interval=6))
    assert empty.etag == absent.etag != changed.etag
