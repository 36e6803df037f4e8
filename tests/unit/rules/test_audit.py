"""What the audit log shows of a resource."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.api_key import APIKey
from sensu.resources.handler import Handler
from sensu.resources.kinds import API_KEY, CHECK, ENTITY, HANDLER
from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import encode
from sensu.rules.audit import DOCUMENT_BYTES_MAX, TEXT_CHARACTERS_MAX, cut, document, shown_name

KEY = "83abef1e-e7d7-4beb-91fc-79ad90084d5b"


def shown(**members: Any) -> Any:
    return document(CHECK, json.dumps(members).encode())


def test_what_holds_no_secret_stays_as_it_is() -> None:
    """Fields, labels and nested values that are no secrets are kept whole."""
    plain = {"command": "check-http.sh -u http://example.com", "interval": 60, "metadata": {"labels": {"team": "ops"}}}
    assert shown(**plain) == plain
    assert document(CHECK, None) is None


def test_values_of_variables_and_headers_are_left_out() -> None:
    """The names of variables and headers say enough."""
    assert shown(env_vars=["A=1", "B"], headers={"X": "1"}) == {
        "env_vars": ["A=REDACTED", "B=REDACTED"],
        "headers": {"X": "REDACTED"},
    }
    assert shown(env_vars=None, headers=None) == {"env_vars": None, "headers": None}


def test_secret_labels_are_left_out_at_any_depth() -> None:
    """Whatever entities redact by default is redacted in every kind, and empty values stay empty."""
    told = shown(metadata={"annotations": {"API-Key": "x", "passwd": ""}}, builds=[{"password": "y"}])
    assert told == {
        "metadata": {"annotations": {"API-Key": "REDACTED", "passwd": ""}},
        "builds": [{"password": "REDACTED"}],
    }


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("hook --url https://u:p@example.com/a@b -x", "hook --url https://REDACTED@example.com/a@b -x"),
        ("curl 'https://u:p@ss@example.com/'", "curl 'https://REDACTED@example.com/'"),
        (
            "https://example.com/a.tgz?token=s3cret&sign=x/y@z=#k=v",
            "https://example.com/a.tgz?token=REDACTED&sign=REDACTED#k=REDACTED",
        ),
        ("see https://hooks.example.com/x?s3cret", "see https://hooks.example.com/x?REDACTED"),
        ("https://example.com/a? b=c", "https://example.com/a? b=c"),
    ],
)
def test_credentials_in_urls_are_left_out(command: str, told: str) -> None:
    """User, password and the values of queries in a URL are replaced; which URL it is can still be seen."""
    handler = Handler(metadata=ObjectMeta(name="h"), type="pipe", command=command)
    assert document(HANDLER, encode(handler))["command"] == told


def test_an_api_key_is_told_by_its_beginning() -> None:
    """Nobody can use what the log shows of an API key."""
    key = APIKey(metadata=ObjectMeta(name=KEY), username="ann", created_at=1)
    told = json.dumps(document(API_KEY, encode(key)), ensure_ascii=False)
    assert KEY[:8] in told
    assert KEY[9:] not in told
    assert KEY[9:] not in shown_name(API_KEY, KEY)
    assert shown_name(ENTITY, KEY) == KEY


def test_a_large_resource_is_told_by_its_size() -> None:
    """One resource cannot make the log large."""
    body = json.dumps({"command": "x" * DOCUMENT_BYTES_MAX}).encode()
    assert document(CHECK, body) == {"omitted_bytes": len(body)}


@given(st.text(max_size=2 * TEXT_CHARACTERS_MAX))
def test_a_text_from_outside_is_cut(text: str) -> None:
    """What strangers call themselves takes a bounded place and keeps its beginning."""
    kept = cut(text)
    assert len(kept) <= TEXT_CHARACTERS_MAX + 1
    assert kept == text or kept == text[:TEXT_CHARACTERS_MAX] + "…"
