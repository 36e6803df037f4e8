"""Saved searches over the API: a kind that has only its struct, its rules and its rows in the tables."""

import json
from typing import Any

import pytest

from tests.flows.api_harness import RunningApi

ROOT = "/api/enterprise/searches/v1"
SEARCHES = f"{ROOT}/namespaces/default/searches"


def search(name: str, *parameters: str, **spec: Any) -> dict[str, Any]:
    """A saved search as files and the API have it."""
    return {
        "type": "Search",
        "api_version": "searches/v1",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"parameters": list(parameters or ("status:incident",)), "resource": "core.v2/Event", **spec},
    }


async def test_a_search_is_put_shown_selected_and_deleted(api: RunningApi, admin: str) -> None:
    """Searches have the endpoints of the reference, are sent and shown in envelopes, and can be selected."""
    incidents = search("incidents", "status:incident", 'labelSelector:region == "us-west-1"')
    for body in (incidents, search("checks", "published:true", resource="core.v2/CheckConfig")):
        path = f"{SEARCHES}/{body['metadata']['name']}"
        assert (await api.call("PUT", path, body, Authorization=admin)).status == 201
    shown = json.loads((await api.call("GET", f"{SEARCHES}/incidents", Authorization=admin)).body)
    assert shown == {**incidents, "metadata": {**incidents["metadata"], "created_by": "admin"}}
    for path, names in (
        (SEARCHES, ["checks", "incidents"]),
        (f"{ROOT}/searches", ["checks", "incidents"]),
        (f"{SEARCHES}?fieldSelector=search.resource%20==%20%22core.v2/Event%22", ["incidents"]),
        (f"{SEARCHES}?fieldSelector=%22published:true%22%20in%20search.parameters", ["checks"]),
    ):
        found = json.loads((await api.call("GET", path, Authorization=admin)).body)
        assert [one["metadata"]["name"] for one in found] == names, path
    assert (await api.call("POST", SEARCHES, incidents, Authorization=admin)).status == 405
    assert (await api.call("DELETE", f"{SEARCHES}/incidents", Authorization=admin)).status == 204
    assert (await api.call("GET", f"{SEARCHES}/incidents", Authorization=admin)).status == 404


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (search("a b"), "search name cannot contain spaces or special characters"),
        (search("s", resource="events"), 'resource must be a type such as core.v2/Event, not "events"'),
        (search("s", parameters=[]), "parameters must not be empty"),
        (search("s", "colour:red"), 'parameter "colour:red" must be KEY:VALUE; the keys are action, check, class'),
        (search("s", "incident"), 'parameter "incident" must be KEY:VALUE'),
        (search("s", "labelSelector:a =="), 'parameter "labelSelector:a ==" is not a valid selector: position 5'),
        (search("s", "check:" + "x" * 8192), "parameters must have at most 8192 characters in total"),
        ({**search("s"), "type": "Secret"}, "type and api_version must be Search and searches/v1"),
        (search("s", parameters=[1]), "spec.parameters[0]: expected str, got int"),
    ],
)
async def test_a_search_that_could_not_be_run_is_refused(
    api: RunningApi, admin: str, body: dict[str, Any], reason: str
) -> None:
    """The answer names the field and the rule, or the value and where it stops being valid."""
    name = body["metadata"]["name"].replace(" ", "%20")
    refused = await api.call("PUT", f"{SEARCHES}/{name}", body, Authorization=admin)
    assert refused.status == 400
    assert reason in json.loads(refused.body)["message"]


async def test_a_search_is_audited_described_and_kept_with_its_namespace(api: RunningApi, admin: str) -> None:
    """What follows from the tables holds for a search as for every kind: audit log, OpenAPI, namespace, rights."""
    core = "/api/core/v2/namespaces"
    assert (await api.call("POST", core, {"name": "ops"}, Authorization=admin)).status == 201
    path = f"{ROOT}/namespaces/ops/searches/s"
    body = search("s")
    body["metadata"]["namespace"] = "ops"
    assert (await api.call("PUT", path, body, Authorization=admin)).status == 201
    assert (await api.call("GET", path)).status == 401
    entries = json.loads((await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)).body)
    newest = next(entry for entry in entries if entry.get("type") == "Search")
    assert (newest["action"], newest["namespace"], newest["name"]) == ("create", "ops", "s")
    assert newest["after"]["spec"] == body["spec"]
    assert (await api.call("DELETE", f"{core}/ops", Authorization=admin)).status == 409
    document = json.loads((await api.call("GET", "/openapi.json")).body)
    operation = document["paths"][f"{ROOT}/namespaces/{{namespace}}/searches/{{name}}"]["put"]
    assert operation["tags"] == ["searches"]
    assert set(document["components"]["schemas"]["SearchSpec"]["properties"]) == {"parameters", "resource"}
