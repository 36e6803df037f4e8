"""Questions that sensuctl asks, answered through a pipe."""

import json

import pytest

from tests.cli.conftest import Sensuctl

CHECK_ANSWERS = "asked\n\necho hi\n30\n\n5\n\nlinux, web\nslack\n\nfalse\n\n\n\n\nnosuch\nnagios_perfdata\n\ntrue\n"


def test_a_check_is_made_from_answers_and_changed_by_them(sensuctl: Sensuctl) -> None:
    """An empty answer takes what is suggested, a wrong choice is asked again, and an update suggests what there is."""
    made = sensuctl("check", "create", "--interactive", stdin=CHECK_ANSWERS)
    assert made.status == 0, made
    assert made.out.endswith("Created\n")
    assert "'nosuch' is none of none, nagios_perfdata" in made.out
    check = json.loads(sensuctl("check", "info", "asked", "--format", "json").out)
    assert (check["command"], check["interval"], check["timeout"]) == ("echo hi", 30, 5)
    assert (check["subscriptions"], check["handlers"]) == (["linux", "web"], ["slack"])
    assert (check["publish"], check["round_robin"]) == (False, True)
    assert check["output_metric_format"] == "nagios_perfdata"
    changed = sensuctl("check", "update", "asked", stdin="echo bye\n" + "\n" * 15)
    assert changed.status == 0, changed
    after = json.loads(sensuctl("check", "info", "asked", "--format", "json").out)
    assert after == {**check, "command": "echo bye"}


def test_an_end_of_the_answers_is_an_error(sensuctl: Sensuctl) -> None:
    """Nothing is made of half a conversation."""
    found = sensuctl("hook", "create", "--interactive", stdin="half\n\n")
    assert (found.status, found.err) == (1, "Error: EOF\n")
    assert sensuctl("hook", "info", "half").status == 1


def test_a_password_must_be_typed_twice_the_same(sensuctl: Sensuctl) -> None:
    """A mistyped password makes no user."""
    found = sensuctl("user", "create", "--interactive", stdin="eve\nPassw0rd1\nPassw0rd2\n\n")
    assert found.err == "Error: Password confirmation doesn't match the password\n"
    made = sensuctl("user", "create", "--interactive", stdin="eve\nPassw0rd1\nPassw0rd1\nops\n")
    assert made.out.endswith("Created\n")
    assert sensuctl("user", "test-creds", "eve", "--password", "Passw0rd1").status == 0


def test_a_handler_is_asked_for_what_its_type_needs(sensuctl: Sensuctl) -> None:
    """A socket handler has a host and a port, and no command."""
    answers = "sock\n\n\nis_incident\n\n10\ntcp\n\n10.0.0.1\n4444\n"
    assert sensuctl("handler", "create", "--interactive", stdin=answers).status == 0
    handler = json.loads(sensuctl("handler", "info", "sock", "--format", "json").out)
    assert (handler["type"], handler["socket"], handler["timeout"]) == ("tcp", {"host": "10.0.0.1", "port": 4444}, 10)


QUESTIONS = {
    "asset create": "Name Namespace URL SHA-512 Filters",
    "check execute": "Check Reason Subscriptions",
    "check set-hooks c": "Check Hook Hooks",
    "entity create": "Entity Namespace Entity Subscriptions",
    "filter create": "Filter Namespace Action Expressions Runtime",
    "hook create": "Hook Namespace Command Timeout Stdin",
    "mutator create": "Mutator Namespace Type Command Eval Timeout Environment Runtime",
    "silenced create": "Namespace Subscription Check Begin Expiry Expire Reason",
}
"""The first word of each question."""


@pytest.mark.parametrize("words", QUESTIONS)
def test_questions_come_in_the_order_that_expect_scripts_know(sensuctl: Sensuctl, words: str) -> None:
    """Whoever answers without reading answers the right question.

    Source: sensuctl 6.9.2 at a terminal.
    """
    asked = sensuctl(*words.split(), "--interactive", stdin="\n" * 12).out
    assert " ".join(line.split()[0].strip(":") for line in asked.split("? ")[1:]) == QUESTIONS[words]


def test_a_truth_value_is_asked_for_until_it_is_one(sensuctl: Sensuctl) -> None:
    """A word that is neither yes nor no is no answer."""
    answers = "loud\n\necho\n\nperhaps\nyes\n"
    assert "please answer true or false" in sensuctl("hook", "create", "--interactive", stdin=answers).out
    assert json.loads(sensuctl("hook", "info", "loud", "--format", "json").out)["stdin"] is True
