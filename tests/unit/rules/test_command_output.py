"""What is shown of the output of a command that failed."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.command_output import LINE_CHARACTERS_MAX, failure, last_line

SECRET = 's3cr3t/with+signs&"more"'


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("", ""),
        ("\n \n", ""),
        (
            "Usage:\n  x\n\nError executing sensu-email-handler: connection refused\n\n",
            "Error executing sensu-email-handler: connection refused",
        ),
        ("one\r\ntwo\r\n", "two"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("over\u202ewritten\u200b", "over\\u202ewritten\\u200b"),
        ("bell\x07\x9b", "bell\\x07\\x9b"),
        ("é 日本", "é 日本"),
        ("x" * 1000, "x" * LINE_CHARACTERS_MAX + "…"),
    ],
)
def test_the_last_line(output: str, shown: str) -> None:
    """The last line that is not blank, bounded and printable."""
    assert last_line(output) == shown


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        SECRET.replace('"', '\\"'),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_hidden_in_every_usual_form(written: str) -> None:
    """A secret is replaced as it is, and as URLs, JSON and Base64 have it."""
    assert last_line(f"cannot post to {written}!", [SECRET]) == "cannot post to REDACTED!"


def test_the_lines_of_a_secret_are_hidden_one_by_one() -> None:
    """A key of several lines shows none of them, and a secret within another leaves nothing of the longer one."""
    key = "-----BEGIN KEY-----\nMIIBVAIBADANBgkq\nhkiG9w0BAQEFAASC\n"
    assert last_line(f"bad key\n{key}", [key]) == "REDACTED"
    assert last_line("bad line hkiG9w0BAQEFAASC", [key]) == "bad line REDACTED"
    assert last_line("abcdef", ["abc", "abcdef"]) == "REDACTED"


@given(st.text(), st.lists(st.text(min_size=4), max_size=3))
def test_whatever_is_written_is_one_printable_line(output: str, secrets: list[str]) -> None:
    """Any output becomes one bounded line that cannot command a terminal."""
    shown = last_line(output, secrets)
    assert shown.isprintable()
    assert len(shown) <= LINE_CHARACTERS_MAX * 10 + 1


def test_a_failure_without_output_is_told_alone() -> None:
    """Without output there is nothing behind the colon, and no colon."""
    assert failure("exit status 1", "") == "exit status 1"
    assert failure("exit status 1", "no route\n") == "exit status 1: no route"
