"""Service components and rule templates over the API."""

import json
from typing import Any

import pytest

from sensu.rules.services.built_in import BUILT_IN
from tests.flows.api_harness import RunningApi, reader_of

BSM = "/api/enterprise/bsm/v1/namespaces/default"
COMPONENTS, TEMPLATES = f"{BSM}/service-components", f"{BSM}/rule-templates"
AGGREGATE = f"{TEMPLATES}/aggregate"
MERGE_PATCH = "application/merge-patch+json"
WEBSERVERS: dict[str, Any] = {
    "cron": "",
    "handlers": ["slack"],
    "interval": 60,
    "query": [{"type": "fieldSelector", "value": "webserver in event.check.subscriptions"}],
    "rules": [
        {
            "arguments": {"critical_threshold": 70, "warning_threshold": 50},
            "name": "webservers_50-70",
            "template": "aggregate",
        }
    ],
    "services": ["website-services"],
}


def component(name: str = "webservers", **spec: Any) -> dict[str, Any]:
    """The component of the documentation."""
    document = {"type": "ServiceComponent", "api_version": "bsm/v1", "metadata": {"name": name}}
    return {**document, "spec": {**WEBSERVERS, **spec}}


def template(name: str = "any", **spec: Any) -> dict[str, Any]:
    """A template that needs no arguments."""
    document = {"type": "RuleTemplate", "api_version": "bsm/v1", "metadata": {"name": name}}
    return {**document, "spec": {"description": "as it is", "eval": "return event;", "arguments": {}, **spec}}


async def test_components_have_all_requests(api: RunningApi, admin: str) -> None:
    """A component is created, read as it was sent, selected, changed in part, replaced and deleted."""
    assert (await api.call("POST", COMPONENTS, component(), Authorization=admin)).status == 201
    assert (await api.call("POST", COMPONENTS, component(), Authorization=admin)).status == 409
    shown = json.loads((await api.call("GET", f"{COMPONENTS}/webservers", Authorization=admin)).body)
    assert shown["metadata"] == {"name": "webservers", "namespace": "default", "created_by": "admin"}
    assert shown["spec"] == WEBSERVERS
    for selector, number in (
        ("'website-services' in service_component.services", 1),
        ("a in service_component.services", 0),
    ):
        path = f"{COMPONENTS}?fieldSelector={selector.replace(' ', '%20')}"
        assert len(json.loads((await api.call("GET", path, Authorization=admin)).body)) == number
    patch = {"spec": {"interval": 30}}
    changed = await api.call("PATCH", f"{COMPONENTS}/webservers", patch, Authorization=admin, content_type=MERGE_PATCH)
    assert json.loads(changed.body)["spec"] == {**WEBSERVERS, "interval": 30}
    replaced = component(interval=0, cron="@hourly", handlers=None)
    assert (await api.call("PUT", f"{COMPONENTS}/webservers", replaced, Authorization=admin)).status == 201
    everywhere = await api.call("GET", "/api/enterprise/bsm/v1/service-components", Authorization=admin)
    assert [one["spec"]["cron"] for one in json.loads(everywhere.body)] == ["@hourly"]
    assert (await api.call("DELETE", f"{COMPONENTS}/webservers", Authorization=admin)).status == 204
    assert (await api.call("GET", f"{COMPONENTS}/webservers", Authorization=admin)).status == 404


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"interval": 0}, "interval must be greater than 0, or cron must be set"),
        ({"cron": "@hourly"}, "must only specify either an interval or a cron schedule"),
        ({"interval": 0, "cron": "every day"}, "cron string is invalid"),
        ({"services": []}, "services must name at least one service entity"),
        ({"services": ["a b"]}, "the name of a service cannot contain spaces or special characters"),
        ({"services": ["a", "a"]}, "services must not name a service twice"),
        ({"query": []}, "query must have at least one selector"),
        (
            {"query": [{"type": "selector", "value": "a == b"}]},
            'must be fieldSelector or labelSelector, not "selector"',
        ),
        ({"query": [{"type": "labelSelector", "value": " "}]}, "the value of a query must be a selector"),
        ({"query": [{"type": "fieldSelector", "value": "web in"}]}, "query[0] is not a valid selector"),
        ({"rules": []}, "rules must have at least one rule"),
        ({"rules": [{"name": "a", "template": ""}]}, "the template of a rule must not be empty"),
        ({"rules": [{"name": "a", "template": "t"}, {"name": "a", "template": "u"}]}, 'two rules have the name "a"'),
        (
            {"query": [{"type": "fieldSelector", "value": "event.entity.entity_class == service"}]},
            "query selects the events of the component's own rule webservers_50-70",
        ),
        (
            {
                "query": [
                    {"type": "fieldSelector", "value": "event.entity.entity_class != agent && event.check.status > 1"}
                ]
            },
            "query[0] is not a valid selector",
        ),
        (
            {
                "query": [
                    {
                        "type": "fieldSelector",
                        "value": 'event.entity.entity_class != agent && event.check.status == "2"',
                    }
                ]
            },
            "the component's own rule",
        ),
    ],
)
async def test_refused_components_say_why(api: RunningApi, admin: str, spec: dict[str, Any], reason: str) -> None:
    """A component that could not be evaluated, or would evaluate itself, is refused when it is stored."""
    answer = await api.call("PUT", f"{COMPONENTS}/webservers", component(**spec), Authorization=admin)
    assert (answer.status, reason in json.loads(answer.body)["message"]) == (400, True), answer.body


async def test_a_component_can_select_other_services(api: RunningApi, admin: str) -> None:
    """A service can depend on services, as long as it does not depend on itself."""
    value = "event.entity.entity_class == service && event.entity.name == website"
    wanted = component("shop", services=["shop"], query=[{"type": "fieldSelector", "value": value}])
    assert (await api.call("PUT", f"{COMPONENTS}/shop", wanted, Authorization=admin)).status == 201


async def test_components_do_not_select_each_other_in_a_circle(api: RunningApi, admin: str) -> None:
    """The component that would close the circle is refused when it is stored, in whole or in part, with the way."""

    def on(service: str) -> dict[str, Any]:
        value = f"event.entity.entity_class == service && event.entity.name == {service}"
        return {"query": [{"type": "fieldSelector", "value": value}]}

    for name, below in (("shop", "website"), ("website", "hosts")):
        stored = component(name, services=[name], **on(below))
        assert (await api.call("PUT", f"{COMPONENTS}/{name}", stored, Authorization=admin)).status == 201
    hosts = component("hosts", services=["hosts"], **on("shop"))
    refused = await api.call("PUT", f"{COMPONENTS}/hosts", hosts, Authorization=admin)
    reason = "each of hosts → shop → website → hosts selects the events of the next"
    assert (refused.status, reason in json.loads(refused.body)["message"]) == (400, True), refused.body
    plain = component("hosts", services=["hosts"])
    assert (await api.call("PUT", f"{COMPONENTS}/hosts", plain, Authorization=admin)).status == 201
    patch, path = {"spec": on("shop")}, f"{COMPONENTS}/hosts"
    patched = await api.call("PATCH", path, patch, Authorization=admin, content_type=MERGE_PATCH)
    assert (patched.status, reason in json.loads(patched.body)["message"]) == (400, True), patched.body
    again = component("shop", services=["shop"], **on("website"))
    assert (await api.call("PUT", f"{COMPONENTS}/shop", again, Authorization=admin)).status == 201


async def test_the_built_in_template_is_in_every_namespace(api: RunningApi, admin: str) -> None:
    """It is read like a stored one and listed at its place, in pages too; not in lists of all namespaces."""
    assert (await api.call("PUT", "/api/core/v2/namespaces/dev", {"name": "dev"}, Authorization=admin)).status == 201
    shown = json.loads((await api.call("GET", AGGREGATE.replace("default", "dev"), Authorization=admin)).body)
    assert (shown["type"], shown["metadata"]) == ("RuleTemplate", {"name": "aggregate", "namespace": "dev"})
    assert shown["spec"]["eval"] == BUILT_IN.eval
    assert (await api.call("GET", AGGREGATE.replace("default", "none"), Authorization=admin)).status == 404
    for name in ("Zebra", "worst", "above"):
        stored = await api.call("PUT", f"{TEMPLATES}/{name}", template(name), Authorization=admin)
        assert stored.status == 201
    names = ["Zebra", "above", "aggregate", "worst"]
    whole = await api.call("GET", TEMPLATES, Authorization=admin)
    assert [one["metadata"]["name"] for one in json.loads(whole.body)] == names
    paged, token = list[str](), ""
    while True:
        page = await api.call("GET", f"{TEMPLATES}?limit=1&continue={token}", Authorization=admin)
        paged += [one["metadata"]["name"] for one in json.loads(page.body)]
        token = page.headers.get("Sensu-Continue", "")
        if not token:
            break
    assert paged == names
    everywhere = json.loads((await api.call("GET", "/api/enterprise/bsm/v1/rule-templates", Authorization=admin)).body)
    assert [one["metadata"]["name"] for one in everywhere] == ["Zebra", "above", "worst"]
    selected = await api.call("GET", f"{TEMPLATES}?fieldSelector=rule_template.name==aggregate", Authorization=admin)
    assert len(json.loads(selected.body)) == 1


async def test_the_built_in_template_cannot_be_changed(api: RunningApi, admin: str) -> None:
    """It may be sent as it is, in each form in which it is published; every change is refused, and so is deleting."""
    same = template("aggregate", eval=BUILT_IN.eval)
    published = template("aggregate", eval=BUILT_IN.eval.replace("\\n", "\n").replace("&&", "\\u0026\\u0026"))
    for document in (same, published):
        for method, path in (("PUT", AGGREGATE), ("POST", TEMPLATES)):
            answer = await api.call(method, path, document, Authorization=admin)
            assert (answer.status, answer.body) == (201, b"" if method == "POST" else answer.body)
    other = await api.call("PUT", AGGREGATE, template("aggregate"), Authorization=admin)
    assert (other.status, "is built in and cannot be changed" in other.body.decode()) == (400, True)
    patched = await api.call("PATCH", AGGREGATE, {"spec": {"eval": "return event;"}}, Authorization=admin)
    assert (patched.status, "is built in and cannot be changed" in patched.body.decode()) == (400, True)
    deleted = await api.call("DELETE", AGGREGATE, Authorization=admin)
    assert (deleted.status, "is built in and cannot be deleted" in deleted.body.decode()) == (400, True)
    assert json.loads((await api.call("GET", AGGREGATE, Authorization=admin)).body)["spec"]["eval"] == BUILT_IN.eval


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"eval": " "}, "eval must contain the script of the template"),
        ({"eval": "if (events { return event; }"}, "syntax error in eval: (anonymous): Line 1:"),
        ({"eval": "let a = 1; return event;"}, "syntax error in eval"),
        ({"eval": "return event;" + " " * 3000 + "}"}, "syntax error in eval"),
        ({"arguments": {"properties": {"a": {"format": "x"}}}}, 'has the keyword "format"'),
        ({"arguments": {"required": ["a"]}}, 'arguments.required names "a"'),
    ],
)
async def test_refused_templates_say_why(api: RunningApi, admin: str, spec: dict[str, Any], reason: str) -> None:
    """A script that is no ES5, and arguments that are not of the subset of JSON Schema, are refused."""
    answer = await api.call("PUT", f"{TEMPLATES}/any", template(**spec), Authorization=admin)
    assert (answer.status, reason in json.loads(answer.body)["message"]) == (400, True), answer.body


async def test_components_and_templates_need_their_own_rights(api: RunningApi, admin: str) -> None:
    """Who may read the templates of a namespace reads the built-in one too, and no components."""
    reader = await reader_of(api, admin, "rule-templates")
    assert (await api.call("GET", AGGREGATE, Authorization=reader)).status == 200
    assert (await api.call("GET", COMPONENTS, Authorization=reader)).status == 403
    assert (await api.call("PUT", f"{TEMPLATES}/any", template(), Authorization=reader)).status == 403
