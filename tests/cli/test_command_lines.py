"""Command lines as scripts write them, and the traps of the reference's client.

Source: sensuctl 6.9.2, driven with the same words.
"""

import json
from typing import Any

import pytest

from tests.cli.conftest import Sensuctl

CHECK = ("check", "create", "c", "-c", "x", "-s", "s")
CHECK_FILE = "type: CheckConfig\nmetadata: {name: c}\nspec: {command: x, interval: 5}\n"


def shown(sensuctl: Sensuctl, noun: str, name: str) -> Any:
    return json.loads(sensuctl(noun, "info", name, "--format", "json").out)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((*CHECK, "--cron", ""), "must specify --interval or --cron"),
        ((*CHECK, "-i", "60", "-s", "a,,b"), "subscriptions cannot be empty strings"),
        (("check", "set-hooks", "c", "-t", "01", "-k", "h"), 'valid check hook types are "0"-"255", "ok", "warning", '),
        (("check", "set-hooks", "c", "-t", "ok", "-k", ""), "hooks cannot be empty"),
        (("silenced", "update"), "EOF"),
        (("silenced", "delete", "--skip-confirm"), "EOF"),
        (("silenced", "list", "-s", "a", "-c", "b"), "silenced entry not found"),
        (("asset", "add", "plain"), 'asset name must be specified in the format "namespace/asset"'),
        (("dump", "all", "--types"), "--types is mutually exclusive with positional args"),
        (
            ("command", "install", "a b", "--url", "http://x/y", "--checksum", "a" * 128),
            "name may only contain letters",
        ),
        (("user", "change-password"), 'required flag(s) "new-password" not set'),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_reference(
    sensuctl: Sensuctl, words: tuple[str, ...], error: str
) -> None:
    """Scripts that look for a text find it."""
    ended = sensuctl(*words)
    assert ended.status == 1
    assert f"Error: {error}" in ended.err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("role", "create", "a", "b", "-v", "get", "-r", "checks"), "too many arguments supplied: a, b"),
        (("role", "create"), "a name is required"),
        (("role", "info", "a", "b"), "a role name is required"),
        (("cluster-role", "delete", "a", "b"), "a cluster role name is required"),
        (("user", "reset-password"), "a username is required"),
    ],
)
def test_too_few_or_too_many_words_show_the_usage(sensuctl: Sensuctl, words: tuple[str, ...], error: str) -> None:
    """Nothing is done by halves: a word too many is no reason to do it for the first."""
    ended = sensuctl(*words)
    assert (ended.status, ended.err) == (1, f"Error: {error}\n")
    assert f"Usage:\tsensuctl {words[0]} {words[1]}" in ended.out


@pytest.mark.parametrize(
    ("noun", "shown_as"), [("cluster-role", "cluster-role"), ("role-binding", "role-binding"), ("silenced", "silence")]
)
def test_a_deletion_asks_with_the_word_that_was_used(sensuctl: Sensuctl, noun: str, shown_as: str) -> None:
    """Without a terminal nobody agrees, and nothing is deleted."""
    ended = sensuctl(noun, "delete", "x", stdin="y\n")
    assert ended.status == 0
    assert f"delete {shown_as} resource 'x'?" in ended.out
    assert ended.out.endswith("Canceled\n")


def test_a_handler_keeps_all_that_was_given(sensuctl: Sensuctl) -> None:
    """What another type of handler would need is not lost, and the type may be written in capitals."""
    words = ("handler", "create", "h", "-t", "PIPE", "--command", "x", "--handlers", "a", "--socket-host", "s")
    assert sensuctl(*words, "--socket-port", "5").out == "Created\n"
    handler = shown(sensuctl, "handler", "h")
    assert (handler["type"], handler["handlers"], handler["socket"]) == ("pipe", ["a"], {"host": "s", "port": 5})


def test_too_large_a_number_is_the_largest(sensuctl: Sensuctl) -> None:
    """A timeout for ever and a day is one for ever."""
    assert sensuctl("hook", "create", "k", "-c", "x", "-t", "99999999999").out == "Created\n"
    assert shown(sensuctl, "hook", "k")["timeout"] == 2**32 - 1


def test_a_chunk_size_below_one_fetches_all_at_once(sensuctl: Sensuctl) -> None:
    """Which is what 0 means, too."""
    assert sensuctl("namespace", "list", "--chunk-size", "-1") == sensuctl("namespace", "list", "--chunk-size", "1")


def test_a_silence_is_found_by_subscription_and_check(sensuctl: Sensuctl) -> None:
    """Both together name one entry."""
    assert sensuctl("silenced", "create", "-s", "web", "-c", "disk", "-r", "why").status == 0
    rows = sensuctl("silenced", "list", "-s", "web", "-c", "disk", "--format", "json").out
    assert [row["metadata"]["name"] for row in json.loads(rows)] == ["web:disk"]


def test_an_empty_pipe_deletes_nothing(sensuctl: Sensuctl) -> None:
    """A pipeline whose first part found nothing has done its work."""
    assert sensuctl("delete", stdin="") == (0, "", "")


def test_files_are_read_whatever_their_numbers_look_like(sensuctl: Sensuctl) -> None:
    """A whole number may be written with a fraction of nothing, and metadata that is no object is refused."""
    assert sensuctl("create", stdin=CHECK_FILE.replace("interval: 5", "interval: 5.0")).status == 0
    assert shown(sensuctl, "check", "c")["interval"] == 5
    wrong = sensuctl("create", stdin=CHECK_FILE.replace("{name: c}", "[]"))
    assert wrong.err.startswith("resource 0: metadata must be an object\n")


def test_an_event_goes_where_its_entity_is(sensuctl: Sensuctl) -> None:
    """A dump of all namespaces brings each event back into its own."""
    event = "type: Event\nspec:\n  entity: {metadata: {name: e, namespace: other}, entity_class: proxy}\n"
    assert sensuctl("namespace", "create", "other").status == 0
    assert sensuctl("create", stdin=f"{event}  check: {{metadata: {{name: c}}, interval: 5}}\n") == (0, "", "")
    assert sensuctl("event", "info", "e", "c", "--namespace", "other").status == 0
    before = sensuctl("dump", "all", "--all-namespaces").out
    assert sensuctl("event", "delete", "e", "c", "--namespace", "other", "--skip-confirm").status == 0
    assert sensuctl("create", stdin=before).status == 0
    assert sensuctl("event", "info", "e", "c", "--namespace", "other").status == 0


def test_an_installed_command_is_shown_as_an_asset(sensuctl: Sensuctl) -> None:
    """Each field that an asset has is there, and a wrong alias is told once there are commands."""
    assert sensuctl("command", "delete", "nosuch", "--skip-confirm").out == "Deleted\n"
    url = ("--url", "http://assets.example:80/a/y.tgz", "--checksum", "a" * 128)
    assert sensuctl("command", "install", "a", *url).out == "command was installed successfully\n"
    assert "//assets.example/.../y.tgz" in sensuctl("command", "list").out
    found = json.loads(sensuctl("command", "list", "--format", "json").out)[0]
    assert found["asset"]["metadata"] == {"name": "a", "namespace": "sensuctl"}
    assert found["asset"]["builds"] is None
    wrapped = json.loads(sensuctl("command", "list", "--format", "wrapped-json").out)
    assert wrapped["api_version"] == "cli/cmdmanager"
    assert [build["url"] for build in wrapped["spec"]["asset"]["builds"]] == ["http://assets.example:80/a/y.tgz"]
    assert sensuctl("command", "delete", "nosuch", "--skip-confirm").err == (
        "Error: a command by that name does not exist\n"
    )


def test_a_noun_explains_itself(sensuctl: Sensuctl) -> None:
    """`check help` is `check --help`."""
    assert sensuctl("check", "help") == sensuctl("check", "--help")


def test_odd_line_ends_are_spelt_out_in_json(sensuctl: Sensuctl) -> None:
    """What some programs take for the end of a line does not end one."""
    assert sensuctl("hook", "create", "odd", "-c", "a\u2028b").status == 0
    assert '"a\\u2028b"' in sensuctl("hook", "info", "odd", "--format", "json").out


def test_no_timeout_is_no_timeout(sensuctl: Sensuctl) -> None:
    """0 waits as long as it takes."""
    assert sensuctl("namespace", "list", "--timeout", "0").status == 0
