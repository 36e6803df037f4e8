"""Answers to the questions of integrations."""

from typing import Any

import pytest

from sensu.resources.catalog import Integration
from sensu.resources.wire import convert_client
from sensu.rules.catalog.prompts import Unsuitable, answered, questions_of, secret_parts, typed, without_secrets

SECRET_OPTION = {"required": ["option", "secret"], "properties": {
    "option": {"const": "secret"}, "secret": {"type": "string", "ref": "secrets/v1/secret/metadata/name"}}}  # fmt: skip
PLAIN_OPTION = {"required": ["option", "env_var"], "properties": {
    "option": {"const": "env_var"}, "env_var": {"type": "string"}}}  # fmt: skip


def integration(*questions: dict[str, Any]) -> Integration:
    """An integration with questions."""
    return convert_client(Integration, {"prompts": [{"type": "question", **question} for question in questions]})


def question(name: str, shape: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "input": shape, **more}


TOKEN = question("token", {"type": "object", "oneOf": [SECRET_OPTION, PLAIN_OPTION]}, required=True)


@pytest.mark.parametrize(
    ("shape", "given", "expected"),
    [
        ({"type": "integer"}, "30", 30),
        ({"type": "int"}, -5, -5),
        ({"type": "number"}, "1.5", 1.5),
        ({"type": "boolean"}, "Yes", True),
        ({"type": "bool"}, "false", False),
        ({"type": "string"}, 443, "443"),
        ({"type": "string"}, "a, b", "a, b"),
        ({"type": "array"}, "a, b,,c", ["a", "b", "c"]),
        ({"type": "array", "items": {"type": "integer"}}, "1,2", [1, 2]),
        (
            {"type": "object", "additionalProperties": {"type": "string"}},
            "team=web, tier=1",
            {"team": "web", "tier": "1"},
        ),
        ({"type": "string", "enum": ["http", "https"]}, "https", "https"),
        ({"type": "string", "enum": [1, 2]}, "2", "2"),
        ({"type": "string", "format": "url"}, "https://example.com/x", "https://example.com/x"),
        ({"type": "string", "format": "ipv4"}, "{{ .annotations.ip }}", "{{ .annotations.ip }}"),
        ({"type": "string", "format": "duration"}, "1m30s", "1m30s"),
        ({"type": "string", "format": "later"}, "anything", "anything"),
        ({"type": "integer"}, "", None),
        ({"type": "array"}, [], None),
    ],
)
def test_an_answer_gets_the_type_of_its_question(shape: dict[str, Any], given: Any, expected: Any) -> None:
    """Texts from a terminal and values from a file give the same answer; an empty one is none."""
    asked = questions_of(integration(question("q", shape)))[0]
    assert asked.input is not None
    found = typed(given, asked.input, "q")
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("shape", "given", "problem"),
    [
        ({"type": "integer"}, "3.5", "q must be a whole number"),
        ({"type": "integer"}, True, "q must be a whole number"),
        ({"type": "boolean"}, "perhaps", "q must be true or false"),
        ({"type": "array", "items": {"type": "integer"}}, "1,b", r"q\[1\] must be a whole number"),
        ({"type": "object"}, "team", "q must be a list of KEY=VALUE"),
        ({"type": "string"}, ["a"], "q must be a text"),
        ({"type": "string", "enum": ["http", "https"]}, "ftp", "q must be one of http, https"),
        ({"type": "string", "format": "url"}, "example.com", "q must be a URL"),
        ({"type": "string", "format": "cron"}, "every day", "q must be a cron line"),
        ({"type": "string", "format": "sha-512"}, "abc", "q must be a SHA-512 checksum"),
        ({"type": "string"}, "x" * 70_000, "q: longer than 65536 characters"),
        ({"type": "array"}, ["x"] * 1001, "q has more than 1000 items"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_with_the_rule(shape: dict[str, Any], given: Any, problem: str) -> None:
    """The message names the question and the rule."""
    with pytest.raises(Unsuitable, match=problem):
        answered(integration(question("q", shape)), {"q": given})


def test_defaults_answer_and_required_questions_without_one_are_missing() -> None:
    """A question that is not required may stay without an answer."""
    asked = integration(
        question("port", {"type": "integer", "default": 80}),
        question("host", {"type": "string"}, required=True),
        question("pipeline", {"type": "string"}),
    )
    answers = answered(asked, {})
    assert answers.values == {"port": 80}
    assert [one.name for one in answers.missing] == ["host"]
    with pytest.raises(Unsuitable, match="no question 'prot'; its questions: host, pipeline, port"):
        answered(asked, {"prot": 1})


def test_one_of_several_options_is_recognised_by_its_parts() -> None:
    """The constant that tells the options apart needs no answer."""
    assert answered(integration(TOKEN), {"token": {"secret": "tok"}}).values["token"] == {
        "option": "secret", "secret": "tok"}  # fmt: skip
    assert answered(integration(TOKEN), {"token": {"env_var": "x"}}).values["token"] == {
        "option": "env_var", "env_var": "x"}  # fmt: skip
    with pytest.raises(Unsuitable, match="token: the answers given belong to different options"):
        answered(integration(TOKEN), {"token": {"env_var": "x", "secret": "tok"}})
    with pytest.raises(Unsuitable, match="token has several parts; answer token.env_var or token.secret"):
        answered(integration(TOKEN), {"token": "tok"})
    with pytest.raises(Unsuitable, match="token.env_var is required"):
        answered(integration(TOKEN), {"token": {"option": "env_var"}})


def test_secrets_are_recognised_by_name_and_as_alternative_to_a_reference() -> None:
    """A secret is never kept; a reference to one is no secret."""
    asked = integration(
        TOKEN, question("smtp_password", {"type": "string"}), question("jira_project_key", {"type": "string"})
    )
    assert [sorted(secret_parts(one)) for one in questions_of(asked)] == [["token.env_var"], ["smtp_password"], []]
    kept = without_secrets(
        asked, {"token": {"option": "env_var", "env_var": "x"}, "smtp_password": "p", "jira_project_key": "OPS"}
    )
    assert kept == {"token": {"option": "env_var"}, "jira_project_key": "OPS"}


def test_a_prompt_may_have_the_type_of_its_answer() -> None:
    """Integrations of the public catalog write `type: int` in place of a question."""
    asked = convert_client(
        Integration, {"prompts": [{"name": "n", "type": "int", "input": {"title": "?", "required": True}}]}
    )
    assert answered(asked, {"n": "5"}).values == {"n": 5}
    assert [one.name for one in answered(asked, {}).missing] == ["n"]
