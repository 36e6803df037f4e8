"""Text from outside at a terminal."""

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.terminal_text import clean, clean_json, is_safe

UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
JOINER = "\u200d"


def unsafe(text: str) -> list[str]:
    return [one for one in text if unicodedata.category(one) in UNSAFE and one not in f"\n\t{JOINER}"]


def test_every_control_and_format_character_is_an_escape() -> None:
    """No character that moves the cursor, turns the direction of writing or takes no room is shown as it is."""
    every = (chr(code) for code in range(sys.maxunicode + 1))
    hidden = [one for one in every if unicodedata.category(one) in UNSAFE and one not in "\n\t"]
    assert [hex(ord(one)) for one in hidden if clean(f"a{one}b") == f"a{one}b"] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb\x07\r\x9bc\td\n", "a\\x1b[31mb\\x07\\x0d\\x9bc\td\n"),
        ("host\u202etxt\u2066", "host\\u202etxt\\u2066"),
        ("adm\u200bin\ufeff", "adm\\u200bin\\ufeff"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("admin" + JOINER, "admin\\u200d"),
        ("ad" + JOINER + "min", "ad\\u200dmin"),
        ("\U0001f469" + JOINER + "\U0001f680", "\U0001f469" + JOINER + "\U0001f680"),
        ("日本 é e\u0301", "日本 é e\u0301"),
    ],
)
def test_what_is_hidden_is_spelt_out_and_what_can_be_seen_stays(text: str, shown: str) -> None:
    """Line breaks, tabs, accents and emoji are shown; all else that cannot be seen is written as an escape."""
    assert clean(text) == shown
    assert is_safe(text) == (text == shown)


@given(st.dictionaries(st.text(), st.text()))
def test_json_keeps_its_value(value: dict[str, str]) -> None:
    """A program that reads the JSON gets the same texts, and a person who reads it no control character."""
    text = clean_json(json.dumps(value, indent=2, ensure_ascii=False))
    assert json.loads(text) == value
    assert unsafe(text) == []
