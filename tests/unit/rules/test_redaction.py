"""Redaction: which labels and annotations readers do not get."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.entity import DEFAULT_REDACT, Entity
from sensu.resources.metadata import ObjectMeta
from sensu.rules.redaction import REDACTED, names_secret, redacted

TEXTS = st.dictionaries(
    st.sampled_from(["password", "Password", "api-key", "region", "mine", "x1", "X1", "a2_b", "ab"])
    | st.text(max_size=6),
    st.text(max_size=4),
    max_size=6,
)
LISTS = st.lists(st.sampled_from(["password", "mine", "x1", "a_b", "REGION"]), max_size=3).map(tuple)


def entity(labels: dict[str, str], annotations: dict[str, str] | None = None, redact: tuple[str, ...] = ()) -> Entity:
    metadata = ObjectMeta(name="web1", namespace="default", labels=labels, annotations=annotations or {})
    return Entity(metadata=metadata, entity_class="proxy", redact=redact)


@pytest.mark.parametrize(
    ("key", "redact", "secret"),
    [
        ("password", (), True),
        ("PASSWORD", (), True),
        ("Pass-Word", (), True),
        ("api_key", (), True),
        ("API-KEY", (), True),
        ("apikey", (), True),
        ("api_key2", (), True),
        ("apikey2", (), False),
        ("my_password", (), False),
        ("region", (), False),
        ("password", ("mine",), False),
        ("mine", ("mine",), True),
        ("Mine", ("mine",), True),
        ("x1", ("x1",), True),
        ("X1", ("x1",), True),
        ("x2", ("x1",), False),
        ("x", ("x_1",), True),
    ],
)
def test_keys_are_compared_in_their_normal_form(key: str, redact: tuple[str, ...], secret: bool) -> None:
    """A key is secret if the list has it but for case, and but for what is no letter unless it is a plain word."""
    assert names_secret(key, redact) is secret
    shown = redacted(entity({key: "v"}, {key: "w"}, redact)).metadata
    assert shown.labels == {key: REDACTED if secret else "v"}
    assert shown.annotations == {key: REDACTED if secret else "w"}


@pytest.mark.parametrize("key", DEFAULT_REDACT)
def test_the_default_list_holds_without_one(key: str) -> None:
    """An entity without a redact list hides the keys of the default one."""
    assert redacted(entity({key: "v", "region": "eu"})).metadata.labels == {key: REDACTED, "region": "eu"}


def test_an_entity_without_secrets_is_not_copied() -> None:
    """Where nothing is secret the same entity comes back, so that it costs nothing."""
    plain = entity({"region": "eu"}, {"note": "x"})
    assert redacted(plain) is plain
    bare = entity({})
    assert redacted(bare) is bare


@given(TEXTS, TEXTS, LISTS)
def test_redaction_hides_secret_values_and_nothing_else(
    labels: dict[str, str], annotations: dict[str, str], redact: tuple[str, ...]
) -> None:
    """Keys and their order stay, secret values go, all others stay, and the original keeps its values."""
    original = entity(dict(labels), dict(annotations), redact)
    shown = redacted(original)
    for before, after in ((labels, shown.metadata.labels), (annotations, shown.metadata.annotations)):
        assert list(after) == list(before)
        for key, value in before.items():
            assert after[key] == (REDACTED if names_secret(key, redact) else value)
    assert (original.metadata.labels, original.metadata.annotations) == (labels, annotations)
    assert msgspec.structs.replace(shown, metadata=original.metadata) == original
    assert redacted(shown) == shown
