"""Command lines: what is found, what is said, with which exit status."""

import io
import json
from pathlib import Path

import bcrypt
import pytest

from sensu.sensuctl.main import run


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def play(line: str, home: Path, *, stdin: str = "", environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    variables = {"HOME": str(home), **(environment or {})}
    status = run(line.split(), variables, io.StringIO(stdin), out, err, argv0="sensuctl")
    return status, out.getvalue(), err.getvalue()


def test_what_needs_an_api_says_how_to_name_one(tmp_path: Path) -> None:
    """On a fresh machine every command tells what to do first, and none fails with a traceback."""
    for line in ("check list", "check", "", "help", "dump all", "env", "logout"):
        status, out, err = play(line, tmp_path)
        assert (status, out) == (1, "")
        assert err.startswith('Error: No API URL is defined. You can either configure an API URL by running "sensuctl ')


def test_what_needs_credentials_says_so(tmp_path: Path) -> None:
    """An API without credentials is not asked."""
    status, _, err = play("check list --api-url http://127.0.0.1:1", tmp_path)
    assert status == 1
    assert "Unable to locate credentials." in err


@pytest.mark.parametrize("line", ["--help", "check --help", "check list -h", "check create x --help", "-h"])
def test_help_needs_no_configuration(tmp_path: Path, line: str) -> None:
    """Help is there before anything is configured."""
    status, out, err = play(line, tmp_path)
    assert (status, err) == (0, "")
    assert "Usage:\tsensuctl" in out


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        ("nosuch", 1, 'Error: unknown command "nosuch" for "sensuctl"\nRun \'sensuctl --help\' for usage.\n'),
        ("chekc", 1, 'Error: unknown command "chekc" for "sensuctl"\n\nDid you mean this?\n\tcheck\n\nRun '),
        ("--nosuch", 1, "Error: unknown flag: --nosuch\n"),
        ("check list --nosuch", 1, "Error: unknown flag: --nosuch\n"),
        ("check nosuch x", 64, 'Error: unknown command "nosuch x" for "sensuctl check"\nRun '),
        ("check", 64, "Manage checks\n"),
        ("check create", 1, 'Error: required flag(s) "command", "subscriptions" not set\n'),
        ("check info", 1, "Error: invalid argument(s) received\n"),
        ("role create", 1, "Error: a name is required\n"),
        ("describe-type nonsense", 1, "Error: invalid resource type: nonsense\n"),
        ("completion tcsh", 1, 'Error: unknown shell: "tcsh"\n'),
        ("cluster member-remove zz", 1, 'Error: invalid id: strconv.ParseUint: parsing "zz": invalid syntax\n'),
        ("silenced create --reason r", 1, "Error: must specify --check or --subscription\n"),
        ("env", 1, "Error: not logged in"),
        ("logout", 1, "Error: not logged in"),
        ("check list", 1, 'Error: Get "http://127.0.0.1:1/api/core/v2/namespaces/default/checks": dial tcp '),
    ],
)
def test_a_wrong_line_is_one_message_and_a_status(tmp_path: Path, line: str, status: int, message: str) -> None:
    """Scripts can tell by the status, people by the message; nothing is a traceback."""
    environment = {"SENSU_API_URL": "http://127.0.0.1:1", "SENSU_API_KEY": "k"}
    found, _, err = play(line, tmp_path, environment=environment)
    assert found == status
    assert err.startswith(message)


def test_flags_stand_anywhere(tmp_path: Path) -> None:
    """Global flags may come before the command, and the command's own before its words."""
    line = "--namespace dev --api-url http://127.0.0.1:1 --api-key k check info --format json disk"
    _, _, err = play(line, tmp_path)
    assert '"http://127.0.0.1:1/api/core/v2/namespaces/dev/checks/disk"' in err


def test_an_answer_that_is_piped_in_deletes_nothing(tmp_path: Path) -> None:
    """Only a person at a terminal, or --skip-confirm, agrees."""
    environment = {"SENSU_API_URL": "http://127.0.0.1:1", "SENSU_API_KEY": "k"}
    status, out, _ = play("check delete disk", tmp_path, stdin="y\n", environment=environment)
    assert (status, out.splitlines()[-1]) == (0, "Canceled")


def test_settings_are_remembered_without_an_api(tmp_path: Path) -> None:
    """The profile holds what was set and nothing else, and no cluster file appears."""
    assert play("config set-format json", tmp_path)[:2] == (0, "Updated\n")
    folder = tmp_path / ".config/sensu/sensuctl"
    assert json.loads((folder / "profile").read_text()) == {"format": "json", "namespace": ""}
    assert not (folder / "cluster").exists()


def test_types_are_described_in_each_format(tmp_path: Path) -> None:
    """Programs and people can ask what there is."""
    environment = {"SENSU_API_URL": "http://127.0.0.1:1", "SENSU_API_KEY": "k"}
    _, table, _ = play("describe-type checks", tmp_path, environment=environment)
    assert table.splitlines()[2].split() == ["core/v2.CheckConfig", "checks", "core/v2", "CheckConfig", "true"]
    _, text, _ = play("describe-type checks,handlers --format json", tmp_path, environment=environment)
    assert [row["name"] for row in json.loads(text)] == ["core/v2.CheckConfig", "core/v2.Handler"]


def test_colour_is_for_terminals_unless_asked_for(tmp_path: Path) -> None:
    """Files and pipes get plain text; NO_COLOR goes before the terminal, --color before all."""

    def coloured(out: io.StringIO, line: str, **environment: str) -> bool:
        variables = {"HOME": str(tmp_path), "SENSU_API_URL": "http://x", "SENSU_API_KEY": "k", **environment}
        run(["describe-type", "checks", *line.split()], variables, io.StringIO(), out, io.StringIO())
        return "\x1b[" in out.getvalue()

    assert not coloured(io.StringIO(), "")
    assert coloured(io.StringIO(), "--color always")
    assert coloured(io.StringIO(), "", CLICOLOR_FORCE="1")
    assert coloured(Terminal(), "", TERM="xterm")
    assert not coloured(Terminal(), "", NO_COLOR="1")
    assert not coloured(Terminal(), "", TERM="dumb")
    assert not coloured(Terminal(), "--color never")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_command_lines(tmp_path: Path, shell: str) -> None:
    """The script of a shell knows nouns, verbs and flags."""
    status, out, _ = play(f"completion {shell}", tmp_path)
    assert status == 0
    for word in ("check", "set-hooks", "chunk-size"):
        assert word in out


def test_a_hash_can_be_made_offline(tmp_path: Path) -> None:
    """A password's hash is one that a backend accepts."""
    _, out, _ = play("user hash-password secret123", tmp_path)
    assert out.startswith("$2a$10$")
    assert bcrypt.checkpw(b"secret123", out.strip().encode())
