"""Tokens that continue lists."""

import pytest

from sensu.backend.services.pages import (
    PageRequest,
    event_position,
    event_token,
    resource_position,
    resource_token,
    text_of,
    token_of,
)
from sensu.store.values import EventKey


@pytest.mark.parametrize(
    ("namespace", "last", "position"),
    [
        ("default", ("default", "cpu"), ("default", "cpu")),
        (None, ("default", "team/cpu"), ("default", "team/cpu")),
        (None, ("", "cluster-admin"), ("", "cluster-admin")),
    ],
)
def test_a_token_leads_back_to_the_resource_it_was_made_after(namespace, last, position) -> None:
    """A list of a namespace, of all namespaces or of the cluster goes on exactly where its page ended."""
    assert resource_position(namespace, resource_token(namespace, *last)) == position


@pytest.mark.parametrize(("namespace", "entity"), [(None, None), ("default", None), ("default", "web")])
def test_a_token_leads_back_to_the_event_it_was_made_after(namespace, entity) -> None:
    """Lists of events go on where their page ended, whatever part of the key the list fixes."""
    last = EventKey("default", "web", "cpu")
    assert event_position(namespace, entity, event_token(namespace, entity, last)) == last


def test_tokens_have_the_documented_form() -> None:
    """A token of another backend of the same wire format is understood: unpadded base64url of the key and a NUL."""
    assert token_of("beta") == "YmV0YQA"
    assert text_of("YmV0YQA") == "beta"


@pytest.mark.parametrize("token", ["!!!", "", "%21", "gA", "x"])
def test_what_is_no_token_starts_at_the_beginning(token: str) -> None:
    """A damaged token does no harm: the list starts anew."""
    assert resource_position("default", token) is None
    assert event_position(None, None, token) is None


def test_only_a_request_without_conditions_is_for_the_whole_list() -> None:
    """A limit, a token or a selector each make a list partial."""
    assert PageRequest().is_whole
    assert not PageRequest(limit=1).is_whole
    assert not PageRequest(after="YQA").is_whole
    assert not PageRequest(label_selectors=("a == b",)).is_whole
