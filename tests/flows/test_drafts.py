"""What the API says of a draft, before anybody saves it."""

import json
from typing import Any

import yaml

from tests.flows.operator_world import CORE, OWN, Operator, rule

CHECK = """type: CheckConfig
api_version: core/v2
metadata:
  name: http
spec:
  command: check-http
  interval: 10
  subscriptions: [web]
  handlers: [pager]
"""
COMPONENT = """type: ServiceComponent
api_version: bsm/v1
metadata:
  name: web
spec:
  services: [shop]
  interval: 10
  query:
  - type: fieldSelector
    value: web in event.check.subscriptions
  rules:
  - name: web
    template: aggregate
    arguments: {critical_threshold: 70}
  - name: web-worst
    template: worst
  handlers: [pager]
---
type: RuleTemplate
api_version: bsm/v1
metadata:
  name: bad
spec:
  description: no script
  arguments:
    properties: {least: {type: number}}
  eval: "return (event;"
"""


async def judged(operator: Operator, text: str, query: str = "", path: str = f"{OWN}/drafts") -> list[dict[str, Any]]:
    """The judgement of each document of a text."""
    answer = await operator.api.call(
        "POST", path + query, text.encode(), Authorization=operator.token, content_type="application/yaml"
    )
    assert answer.status == 200, answer.body
    documents: list[dict[str, Any]] = json.loads(answer.body)["documents"]
    return documents


async def test_a_draft_is_judged_as_saving_would_be_and_stores_nothing(operator: Operator) -> None:
    """A new check: valid, created, allowed; what would change and what is missing; nothing is stored."""
    (found,) = await judged(operator, CHECK)
    assert [found[key] for key in ("kind", "name", "namespace", "valid", "action", "allowed", "etag")] == [
        "CheckConfig", "http", "default", True, "create", True, ""
    ]  # fmt: skip
    assert {"path": "spec.interval", "before": None, "after": 10} in found["changes"]
    assert {"path": "spec.handlers[0]", "message": "handler pager does not exist in default"} in found["warnings"]
    assert found["effect"]["agents"] == 0
    assert found["effect"]["schedule"] == "every 10 s"
    assert len(found["effect"]["next"]) == 5
    assert found["effect"]["handlers"] == ["pager"]
    assert found["document"]["spec"]["command"] == "check-http"
    assert (await operator.ask("GET", f"{CORE}/checks/http"))[0] == 404


async def test_the_first_problem_is_what_saving_would_answer(operator: Operator) -> None:
    """All faults are named with their lines, and the first has the words of the refused PUT."""
    (found,) = await judged(operator, CHECK.replace("interval: 10", "interval: 0\n  env_vars: [A]\n  nonsense: 1"))
    problems = [(one["path"], one["line"], one["severity"]) for one in found["problems"]]
    assert problems == [("spec.interval", 7, "error"), ("spec.env_vars", 8, "error"), ("spec.nonsense", 9, "warning")]
    assert not found["valid"]
    body = {"metadata": {"name": "http", "namespace": "default"}, "command": "check-http", "env_vars": ["A"]}
    status, refused = await operator.ask("PUT", f"{CORE}/checks/http", body)
    assert status == 400
    assert refused["message"] == f"resource is invalid: {found['problems'][0]['message']}"


async def test_a_change_of_a_stored_resource_is_told_field_by_field(operator: Operator) -> None:
    """Against what is stored: the changed fields with both values, the entity tag, and nothing if nothing changes."""
    (first,) = await judged(operator, CHECK)
    stored = {**first["document"]["spec"], "metadata": {"name": "http", "namespace": "default"}}
    assert (await operator.ask("PUT", f"{CORE}/checks/http", stored))[0] == 201
    answer = await operator.api.call("GET", f"{CORE}/checks/http", Authorization=operator.token)
    (same,) = await judged(operator, CHECK, "?replace=http")
    assert (same["action"], same["changes"], same["etag"]) == ("keep", [], answer.headers["Etag"])
    (found,) = await judged(operator, CHECK.replace("10", "60").replace("name: http", "name: http\n  labels: {a: b}"))
    assert found["action"] == "update"
    assert sorted((one["path"], one["before"], one["after"]) for one in found["changes"]) == [
        ("metadata.labels", None, {"a": "b"}),
        ("spec.interval", 10, 60),
    ]
    (renamed,) = await judged(operator, CHECK.replace("name: http", "name: https"), "?replace=http")
    assert [one["path"] for one in renamed["problems"]] == ["metadata.name"]


async def test_form_and_text_are_two_sides_of_one_draft(operator: Operator) -> None:
    """The YAML of an answer, judged again, is the same document; JSON gives the same judgement as YAML."""
    (found,) = await judged(operator, CHECK)
    assert yaml.safe_load(found["yaml"]) == found["document"]
    (again,) = await judged(operator, found["yaml"])
    assert again == found
    (as_json,) = await judged(operator, json.dumps(found["document"]))
    assert {**as_json, "problems": [], "effect": None} == {**found, "problems": [], "effect": None}


async def test_documents_that_belong_together_are_judged_together(operator: Operator) -> None:
    """A handler in the same text is no missing handler; a text that ends badly keeps what was read before."""
    handler = "type: Handler\nmetadata: {name: pager}\nspec: {type: pipe, command: page}\n"
    check, found, broken = await judged(operator, f"{CHECK}---\n{handler}---\na: [\n")
    assert [one["message"] for one in check["warnings"]] == ["no connected agent has any of these subscriptions",
        "the check is not scheduled: it runs only on request"]  # fmt: skip
    assert found["valid"] and found["effect"] is None
    assert (broken["kind"], broken["problems"][0]["line"]) == ("", 16)


async def test_scripts_and_references_of_other_kinds_are_judged_too(operator: Operator) -> None:
    """JavaScript is checked as on saving, and pipelines name what they lack; built-in filters are no lack."""
    text = "type: EventFilter\nmetadata: {name: f}\nspec:\n  action: allow\n  expressions:\n  - 'true'\n  - 'event.'\n"
    pipeline = (
        "---\ntype: Pipeline\nmetadata: {name: p}\nspec:\n  workflows:\n  - name: w\n    filters:\n"
        "    - {name: is_incident, type: EventFilter, api_version: core/v2}\n"
        "    - {name: office, type: EventFilter, api_version: core/v2}\n"
        "    handler: {name: pager, type: Handler, api_version: core/v2}\n"
    )
    found, drawn = await judged(operator, text + pipeline)
    assert [(one["path"], one["line"]) for one in found["problems"]] == [("spec.expressions[1]", 7)]
    assert [one["path"] for one in drawn["warnings"]] == [
        "spec.workflows[0].filters[1].name",
        "spec.workflows[0].handler.name",
    ]


async def test_service_components_and_their_templates_are_judged(operator: Operator) -> None:
    """The built-in template exists, another one does not yet, and the place of a mistake in a script is named."""
    found = await judged(operator, COMPONENT)
    assert [(one["kind"], one["valid"]) for one in found] == [("ServiceComponent", True), ("RuleTemplate", False)]
    component, template = found
    missing = [one["message"] for one in component["warnings"]]
    assert missing == ["rule template worst does not exist in default", "handler pager does not exist in default"]
    assert [(one["path"], one["line"]) for one in template["problems"]] == [("spec.eval", 27)]


async def test_a_draft_shows_nothing_that_its_author_may_not_read(operator: Operator) -> None:
    """The kind needs get; whether saving is allowed is told; other resources stay unknown."""
    assert (await operator.ask("PUT", f"{CORE}/handlers/pager", handler()))[0] == 201
    bob = await operator.with_rules(rule("checks", "get"))
    (found,) = await judged(bob, CHECK.replace("pager", "nobody"))
    assert (found["action"], found["allowed"]) == ("create", False)
    assert all("nobody" not in one["message"] for one in found["warnings"])
    text = "type: Handler\nmetadata: {name: pager}\nspec: {type: pipe, command: x}\n"
    assert (await bob.ask("POST", f"{OWN}/drafts", {"type": "Handler", "spec": {}}))[0] == 403
    both = await judged(bob, f"{CHECK}---\n{text}")
    assert (both[1]["action"], both[1]["etag"], both[1]["changes"]) == ("", "", [])


async def test_drafts_outside_of_a_namespace_name_their_own(operator: Operator) -> None:
    """Cluster-wide resources need none; a namespaced one without it is told so."""
    role = "type: ClusterRole\nmetadata: {name: r}\nspec:\n  rules:\n  - verbs: [fly]\n    resources: ['*']\n"
    check, found = await judged(operator, f"{CHECK}---\n{role}", path="/api/sensu/v1/drafts")
    assert ("metadata.namespace", "namespace must be set") in [(o["path"], o["message"]) for o in check["problems"]]
    assert [one["path"] for one in found["problems"]] == ["spec.rules[0].verbs[0]"]


async def test_a_text_has_at_most_200_documents(operator: Operator) -> None:
    """More are refused in a sentence, as is what is no text."""
    status, refused = await operator.ask("POST", f"{OWN}/drafts", ["x"])
    assert status == 200
    answer = await operator.api.call(
        "POST", f"{OWN}/drafts", b"a: 1\n---\n" * 201, Authorization=operator.token, content_type="application/yaml"
    )
    assert (answer.status, json.loads(answer.body)["message"]) == (400, "a draft has at most 200 documents")
    answer = await operator.api.call("POST", f"{OWN}/drafts", b"\xff", Authorization=operator.token)
    assert answer.status == 400


async def test_forms_describe_kinds_to_everybody_who_is_signed_in(operator: Operator) -> None:
    """A schema with an entity tag; a word without a form is answered with those that have one."""
    found = await operator.get("/api/sensu/v1/forms/checks")
    assert found["x-form"]["type"] == "CheckConfig"
    status, refused = await operator.ask("GET", "/api/sensu/v1/forms/events")
    assert status == 404
    assert "checks" in refused["message"]


def handler() -> dict[str, Any]:
    """A pipe handler named pager."""
    return {"metadata": {"name": "pager", "namespace": "default"}, "type": "pipe", "command": "page"}
