"""The rules of definitions of integrations."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from sensu.errors import InvalidResource
from sensu.rules.catalog.definition import definition_of, problems_of
from sensu.rules.catalog.search import is_found

RESOURCE: dict[str, Any] = {
    "type": "CheckConfig",
    "api_version": "core/v2",
    "metadata": {"name": "web"},
    "spec": {"command": "c", "interval": 30, "subscriptions": ["a"], "pipelines": []},
}
TARGET = {"type": "CheckConfig", "api_version": "core/v2", "name": "web"}
DEFINITION: dict[str, Any] = {
    "type": "Integration",
    "api_version": "catalog/v1",
    "metadata": {"namespace": "web", "name": "web-monitoring"},
    "spec": {
        "class": "community",
        "provider": "monitoring",
        "display_name": "Web Monitoring",
        "short_description": "Watches a site",
        "contributors": ["@ada"],
        "tags": ["http", "aws"],
        "prompts": [
            {"type": "section", "title": "Site"},
            {"type": "markdown", "body": "Text"},
            {"type": "question", "name": "host", "input": {"type": "string", "title": "Host", "default": "web1"}},
        ],
        "resource_patches": [
            {"resource": TARGET, "patches": [{"op": "replace", "path": "/spec/command", "value": "get [[host]]"}]}
        ],
        "post_install": [{"type": "section", "title": "Success"}],
    },
}


def problems(change: Callable[[Any], object] = lambda _: None, resource: Any = RESOURCE) -> list[str]:
    """The problems of the definition after a change."""
    document = copy.deepcopy(DEFINITION)
    change(document)
    return [f"{path}: {message}" for path, message in problems_of(definition_of(document), [resource])]


def test_a_definition_that_follows_the_rules_has_no_problems() -> None:
    """The example of these tests is valid."""
    assert problems() == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda d: d["metadata"].update(name="Web"),
            "metadata.name: must consist of lower-case letters, digits, - and _",
        ),
        (
            lambda d: d["spec"].update({"class": "best"}),
            "spec.class: must be one of community, supported, enterprise, partner",
        ),
        (lambda d: d["spec"].update(provider="agent/check"), "spec.provider: must be one of alerts, deregistration"),
        (lambda d: d["spec"].update(contributors=[]), "spec.contributors: must name at least one contributor"),
        (lambda d: d["spec"].pop("display_name"), "spec.display_name: must not be empty"),
        (lambda d: d["spec"]["prompts"][0].pop("title"), "spec.prompts[0].title: must not be empty for a section"),
        (lambda d: d["spec"]["prompts"][1].pop("body"), "spec.prompts[1].body: must not be empty for a markdown text"),
        (lambda d: d["spec"]["prompts"][1].update(type="picture"), "spec.prompts[1].type: must be one of section"),
        (lambda d: d["spec"]["prompts"][2].update(name="unique_id"), "spec.prompts[2].name: must not be unique_id"),
        (lambda d: d["spec"]["prompts"][2].update(name="ho st"), "spec.prompts[2].name: must begin with a letter"),
        (
            lambda d: d["spec"]["prompts"].append(d["spec"]["prompts"][2]),
            "spec.prompts[3].name: 'host' is used by another",
        ),
        (lambda d: d["spec"]["prompts"][2]["input"].update(type="text"), "spec.prompts[2].input.type: must be one of"),
        (
            lambda d: d["spec"]["prompts"][2]["input"].update(format="uri"),
            "spec.prompts[2].input.format: must be one of",
        ),
        (
            lambda d: d["spec"]["prompts"][2]["input"].update(ref="pipelines"),
            "spec.prompts[2].input.ref: must be GROUP/",
        ),
        (
            lambda d: d["spec"]["prompts"][2]["input"].update(type="integer"),
            "spec.prompts[2].input.default: host must be a whole number",
        ),
        (
            lambda d: d["spec"]["resource_patches"][0]["resource"].update(name="wbe"),
            "spec.resource_patches[0].resource: CheckConfig wbe is not a resource of the integration",
        ),
        (
            lambda d: d["spec"]["resource_patches"][0]["patches"][0].update(value="[[hots]]"),
            "spec.resource_patches[0].patches[0].value: [[hots]]: the variable 'hots' is unknown",
        ),
        (
            lambda d: d["spec"]["resource_patches"][0]["patches"][0].update(value="[[host.name]]"),
            "spec.resource_patches[0].patches[0].value: [[host.name]]: the question 'host' has no part",
        ),
        (
            lambda d: d["spec"]["resource_patches"][0]["patches"][0].update(op="remove"),
            "spec.resource_patches[0].patches[0].op: must be add or replace",
        ),
        (
            lambda d: d["spec"]["resource_patches"][0]["patches"][0].update(path="/spec/ttl"),
            "spec.resource_patches[0]: CheckConfig web: /spec/ttl cannot be changed: 'ttl' does not exist",
        ),
        (lambda d: d["spec"]["post_install"][0].update(type="question"), "spec.post_install[0].type: must be one of"),
    ],
)
def test_a_broken_rule_is_reported_with_its_field(change: Callable[[Any], object], expected: str) -> None:
    """Every problem has the path of the field and the rule."""
    found = problems(change)
    assert [one for one in found if one.startswith(expected)], found


def test_resources_have_no_namespace() -> None:
    """An integration is installed in the namespace of the person who installs it."""
    resource = {**RESOURCE, "metadata": {"name": "web", "namespace": "default"}}
    assert problems(resource=resource) == ["resource 0 (CheckConfig web).metadata.namespace: must be left out"]


@pytest.mark.parametrize("document", [None, [], {}, {"type": "Integration"}, {**DEFINITION, "spec": 1}])
def test_what_is_no_definition_is_refused(document: Any) -> None:
    """Another document is not mistaken for an integration."""
    with pytest.raises(InvalidResource):
        definition_of(document)


@pytest.mark.parametrize(
    ("search", "is_expected"),
    [
        ("SITE", True),
        ("aws in tags", True),
        ("'aws' in tags", True),
        ("aw in tags", False),
        ("display_name matches web", True),
        ("class matches partner", False),
        ("monitoring in provider", True),
        ("nothing", False),
    ],
)
def test_integrations_are_found_by_text_and_by_the_operators_of_the_catalog(search: str, *, is_expected: bool) -> None:
    """`in` compares whole values, `matches` parts of them, and a text is looked for in the description."""
    assert is_found(definition_of(DEFINITION), search) is is_expected
