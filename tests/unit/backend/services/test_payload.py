"""Client JSON, read quickly where it can be and leniently where it must be."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.payload import decoded, has_unusual_keys, merge_patch_of, resource_of
from sensu.errors import InvalidResource
from sensu.resources.check import CheckConfig
from sensu.resources.kinds import CHECK
from sensu.resources.wire import decode_client


def sent(body: bytes):
    async def payload() -> bytes:
        return body

    return payload


@pytest.mark.parametrize(
    "body",
    [
        b'{"metadata":{"name":"c","namespace":"n"},"interval":5,"handlers":["a"]}',
        b'{"METADATA":{"Name":"c","nameSpace":"n"},"Interval":5}',
        b'{"metadata":{"name":"c","labels":{"Team":"Ops"}},"interval":7,"Interval":8}',
        b'{"interval":5,"command":"\\u003cb\\u003e"}',
        b'{"interv\\u0061l":5,"\\u0049nterval":6}',
        b'{"interval":5,"subscriptions":null,"proxy_requests":null} trailing',
        b'{"interval":5}{"interval":6}',
        b'{"interval":5,"foo":{"Bar":1}}',
    ],
)
def test_the_quick_way_reads_what_the_lenient_way_reads(body: bytes) -> None:
    """How a body is decoded is a matter of speed only: keys in any case, nulls and tails mean the same."""
    assert resource_of(CheckConfig, body) == decode_client(CheckConfig, body)


@given(st.text(alphabet="aiInterval_ém", max_size=12), st.text(alphabet='AbC":\\ é', max_size=12))
def test_no_key_with_a_capital_escapes_notice(key: str, value: str) -> None:
    """A field's name in another case is never taken for an unknown field."""
    body = json.dumps({"first": value, key: value, "last": 1}, ensure_ascii=False).encode()
    if any(ord(character) > 127 or character.isupper() for character in key):
        assert has_unusual_keys(body)


def test_null_is_an_empty_resource() -> None:
    """`null` is refused for what it lacks and not for its type."""
    assert resource_of(CheckConfig, b"null") == CheckConfig()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b'{"interval":"5"}', b'{"interval":6e1}', b'{"interval":-1}']
)
async def test_a_body_that_is_no_such_resource_is_refused_with_a_reason(body: bytes) -> None:
    """Malformed JSON and wrong types come to a refusal whose text is not empty."""
    with pytest.raises(InvalidResource, match="."):
        resource_of(CheckConfig, body)
    outcome = await decoded(CheckConfig, sent(body))
    assert isinstance(outcome, Invalid)
    assert outcome.why


async def test_a_patch_must_be_an_object() -> None:
    """An array or null cannot be merged into anything."""
    assert isinstance(await merge_patch_of(CHECK, sent(b"[]")), Invalid)
    assert isinstance(await merge_patch_of(CHECK, sent(b"null")), Invalid)


@pytest.mark.parametrize("behind", [b" x", b"{", b"{}"])
async def test_nothing_may_stand_behind_a_patch(behind: bytes) -> None:
    """Two patches in one body are a mistake, of which no half is applied."""
    assert isinstance(await merge_patch_of(CHECK, sent(b'{"interval":5}' + behind)), Invalid)


async def test_the_keys_of_a_patch_are_known_in_any_case() -> None:
    """A patch names a field as leniently as a whole resource does, at every depth, and removes it by any spelling."""
    body = b'{"Interval":5,"CRON":null,"Metadata":{"Name":"c","LABELS":{"Team":null}},"proxy_requests":{"SPLAY":true}}'
    assert await merge_patch_of(CHECK, sent(body)) == {
        "interval": 5,
        "cron": None,
        "metadata": {"name": "c", "labels": {"Team": None}},
        "proxy_requests": {"splay": True},
    }
