"""Entity tags and the conditions of requests."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.etag import etag, if_match, if_none_match

CURRENT = '"0123456789abcdef"'


@given(st.binary(), st.binary())
def test_equal_content_has_an_equal_tag_and_other_content_another(one: bytes, other: bytes) -> None:
    """Tags are 16 hexadecimal digits in quotes, and equal just where the bodies are."""
    assert re.fullmatch(r'"[0-9a-f]{16}"', etag(one))
    assert (etag(one) == etag(other)) == (one == other)


@pytest.mark.parametrize(
    ("header", "current", "goes_on"),
    [
        (None, CURRENT, True),
        (None, None, True),
        (CURRENT, CURRENT, True),
        (f'"00ff", {CURRENT}', CURRENT, True),
        ("*", CURRENT, True),
        (" * ", CURRENT, True),
        ("*", None, False),
        (CURRENT, None, False),
        ('"00ff"', CURRENT, False),
        ("0123456789abcdef", CURRENT, False),
        ("abc", CURRENT, False),
        (f"W/{CURRENT}", CURRENT, False),
        ("", CURRENT, True),
    ],
)
def test_if_match_asks_for_one_of_its_strong_tags(header: str | None, current: str | None, goes_on: bool) -> None:
    """A write goes on only if what is stored carries one of the tags, weak ones and bare words not counted."""
    assert if_match(header, current) is goes_on


@pytest.mark.parametrize(
    ("header", "current", "goes_on"),
    [
        (None, CURRENT, True),
        (CURRENT, None, True),
        ("*", None, True),
        ("*", CURRENT, False),
        ('"00ff", *', CURRENT, False),
        ("", CURRENT, True),
        (CURRENT, CURRENT, False),
        (f"W/{CURRENT}", CURRENT, False),
        (f'"00ff",{CURRENT}', CURRENT, False),
        ('"00ff"', CURRENT, True),
        ("0123456789abcdef", CURRENT, True),
    ],
)
def test_if_none_match_asks_for_none_of_its_tags(header: str | None, current: str | None, goes_on: bool) -> None:
    """A write goes on only if what is stored carries none of the tags, weak or strong."""
    assert if_none_match(header, current) is goes_on
