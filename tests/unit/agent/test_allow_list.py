import hashlib
from pathlib import Path

import pytest

from sensu.agent.allow_list import AllowList, AllowListEntry, digest_matches, load
from sensu.errors import ConfigurationError

ECHO = AllowListEntry(exec="/bin/echo", args=("allowed", "two words"))


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        ("/bin/echo allowed", True),
        ("  /bin/echo   allowed  ", True),
        ("/bin/echo", True),
        ("/bin/echo allowed\n", True),
        ("/bin/echo two words allowed two words", True),
        ("/bin/echo other", False),
        ("/bin/echo allowed other", False),
        ("/bin/echo allowed; rm -rf /", False),
        ("/bin/echo allowed\nrm", False),
        ("/bin/echo allowed$(rm)", False),
        ("allowed /bin/echo", False),
        ("/bin/echoallowed", False),
        ("rm /bin/echo allowed", False),
        ("", False),
    ],
)
def test_commands(command: str, allowed: bool) -> None:
    """A command is allowed when the whole of it is the program followed by listed arguments."""
    assert (AllowList([ECHO]).entry_for(command) is not None) == allowed


def test_many_ways_to_read_a_command_take_no_time() -> None:
    """Arguments that are parts of each other do not make a refusal slow."""
    entry = AllowListEntry(exec="x", args=("a", "a a", "a a a"))
    assert AllowList([entry]).entry_for("x" + " a" * 3000 + " b") is None


def test_digest_of_the_program(tmp_path: Path) -> None:
    """An entry with a digest only allows the program that has it, found on the command's own path."""
    program = tmp_path / "prog"
    program.write_bytes(b"#!/bin/sh\n")
    program.chmod(0o755)
    digest = hashlib.sha512(b"#!/bin/sh\n").hexdigest()
    path = {"PATH": str(tmp_path)}
    assert digest_matches(AllowListEntry("prog", ("a",), digest.upper()), "prog a", path)
    assert not digest_matches(AllowListEntry("prog", ("a",), "0" * 128), "prog a", path)
    assert not digest_matches(AllowListEntry("gone", ("a",), digest), "gone a", path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.json", '[{"exec": "a", "args": ["b"], "enable_env": true}]'),
        ("list.yml", "- exec: a\n  args: [b]\n  enable_env: true\n"),
    ],
)
def test_files(tmp_path: Path, name: str, text: str) -> None:
    """Lists are read from JSON and YAML by the file's name."""
    (tmp_path / name).write_text(text)
    entry = load(str(tmp_path / name)).entry_for("a b")
    assert entry is not None
    assert entry.enable_env


def test_no_list_allows_everything() -> None:
    """Without a list, or with an empty one, nothing is checked."""
    assert not load("")


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("list.txt", "[]", "invalid file extension"),
        ("list.json", "[", "list.json"),
        ("list.json", '[{"exec": "", "args": ["b"]}]', "exec must not be empty"),
        ("list.json", '[{"exec": "a", "args": []}]', "args must not be empty"),
        ("list.json", '{"exec": "a"}', "array"),
    ],
)
def test_unusable_files(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    """A list that cannot be used keeps the agent from starting, with a line that says why."""
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError, match=complaint):
        load(str(tmp_path / name))


def test_a_missing_file_is_told_as_recorded() -> None:
    """A list that does not exist is told in the reference's words."""
    with pytest.raises(ConfigurationError, match="^open /nonexistent/allow.json: no such file or directory$"):
        load("/nonexistent/allow.json")
