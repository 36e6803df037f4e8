"""Pruning: what sensuctl created and the configuration no longer contains is deleted."""

import json
from typing import Any

import pytest

from tests.flows.api_harness import PASSWORD, RunningApi

PRUNE = "/api/enterprise/prune/v1alpha"
CORE = "/api/core/v2"
DEV = f"{CORE}/namespaces/dev"
BY_SENSUCTL = {"sensu.io/managed_by": "sensuctl"}


def check(name: str, **labels: str) -> dict[str, Any]:
    """A check that sensuctl manages, unless its labels say otherwise."""
    metadata = {"name": name, "namespace": "dev", "labels": labels or BY_SENSUCTL}
    return {"metadata": metadata, "command": "true", "interval": 60, "subscriptions": ["linux"]}


def kept(name: str, **place: str) -> dict[str, Any]:
    """A resource in the body of a request."""
    return {"type": "CheckConfig", "api_version": "core/v2", "name": name, "namespace": "dev", **place}


async def put(api: RunningApi, who: str, path: str, body: dict[str, Any]) -> None:
    answer = await api.call("PUT", path, body, Authorization=who)
    assert answer.status in (200, 201), answer.body


@pytest.fixture
async def editor(api: RunningApi, admin: str) -> str:
    """An editor of checks in the namespace `dev`, where there are checks of theirs and of the admin."""
    await put(api, admin, f"{CORE}/namespaces/dev", {"name": "dev"})
    await put(api, admin, f"{CORE}/users/editor", {"username": "editor", "password": PASSWORD})
    rules = [{"verbs": ["get", "create", "update", "delete"], "resources": ["checks"]}]
    role = {"metadata": {"name": "checks", "namespace": "dev"}, "rules": rules}
    await put(api, admin, f"{DEV}/roles/checks", role)
    subjects = [{"type": "User", "name": "editor"}]
    binding = {**role, "role_ref": {"type": "Role", "name": "checks"}, "subjects": subjects}
    await put(api, admin, f"{DEV}/rolebindings/checks", binding)
    editor = await api.token("editor")
    for name in ("cpu", "disk"):
        await put(api, editor, f"{DEV}/checks/{name}", check(name))
    await put(api, admin, f"{DEV}/checks/load", check("load"))
    await put(api, admin, f"{DEV}/checks/by-hand", check("by-hand", team="web"))
    return editor


async def pruned(api: RunningApi, who: str, query: str, *keep: dict[str, Any]) -> list[str]:
    """The names of what one request prunes."""
    answer = await api.call("POST", f"{PRUNE}?{query}", list(keep), Authorization=who)
    assert answer.status == 201, answer.body
    return [one["name"] for one in json.loads(answer.body)]


async def checks_of_dev(api: RunningApi, admin: str) -> list[str]:
    found = json.loads((await api.call("GET", f"{DEV}/checks", Authorization=admin)).body)
    return [one["metadata"]["name"] for one in found]


async def test_what_a_user_no_longer_configures_is_pruned(api: RunningApi, admin: str, editor: str) -> None:
    """Without `users`, a caller prunes what it created; what the body contains and what others created stay."""
    of_checks = "types=core/v2.CheckConfig&namespaces=dev"
    assert await pruned(api, editor, f"{of_checks}&dryRun=true", kept("cpu")) == ["disk"]
    assert await checks_of_dev(api, admin) == ["by-hand", "cpu", "disk", "load"]
    answer = await api.call("POST", f"{PRUNE}?{of_checks}", kept("cpu"), Authorization=editor)
    assert (answer.status, json.loads(answer.body)) == (
        201,
        [{**kept("disk"), "labels": BY_SENSUCTL, "created_by": "editor"}],
    )
    assert await checks_of_dev(api, admin) == ["by-hand", "cpu", "load"]
    newest = json.loads((await api.call("GET", "/api/sensu/v1/audit?limit=1", Authorization=admin)).body)[0]
    assert (newest["action"], newest["name"], newest["username"]) == ("delete", "disk", "editor")


async def test_resources_of_all_users_and_with_labels_are_pruned(api: RunningApi, admin: str, editor: str) -> None:
    """`allUsers`, `users` and `labelSelector` choose; only what sensuctl manages is pruned, whatever they say."""
    labelled = check("net")
    labelled["metadata"]["labels"] = {**BY_SENSUCTL, "team": "web"}
    await put(api, admin, f"{DEV}/checks/net", labelled)
    everybody = "types=checks&namespaces=dev&allUsers=true"
    assert await pruned(api, admin, f"{everybody}&labelSelector=team%20==%20web") == ["net"]
    assert await pruned(api, admin, "types=checks&namespaces=dev&users=editor", kept("disk")) == ["cpu"]
    assert await pruned(api, admin, everybody, kept("load", namespace="other")) == ["disk", "load"]
    assert await checks_of_dev(api, admin) == ["by-hand"]


async def test_what_the_caller_may_not_delete_stays(api: RunningApi, admin: str, editor: str) -> None:
    """Rights are checked for each resource; the answer counts those that were kept, and others' users need a right."""
    handler = {
        "metadata": {"name": "mail", "namespace": "dev", "labels": BY_SENSUCTL},
        "type": "pipe",
        "command": "true",
    }
    await put(api, admin, f"{DEV}/handlers/mail", handler)
    refused = await api.call("POST", f"{PRUNE}?types=checks&namespaces=dev&allUsers=true", [], Authorization=editor)
    assert refused.status == 403
    rules = [{"verbs": ["list"], "resources": ["users"]}]
    await put(api, admin, f"{CORE}/clusterroles/users", {"metadata": {"name": "users"}, "rules": rules})
    binding = {
        "metadata": {"name": "users"},
        "role_ref": {"type": "ClusterRole", "name": "users"},
        "subjects": [{"type": "User", "name": "editor"}],
    }
    await put(api, admin, f"{CORE}/clusterrolebindings/users", binding)
    query = "types=all&namespaces=dev&allUsers=true&clusterWide=true"
    answer = await api.call("POST", f"{PRUNE}?{query}", [], Authorization=editor)
    assert sorted(one["name"] for one in json.loads(answer.body)) == ["cpu", "disk", "load"]
    assert answer.headers["Sensu-Notice"] == "1 resources were kept, because you may not delete them"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("namespaces=dev", "types must name at least one type, or be all"),
        ("types=chekcs&namespaces=dev", 'types: "chekcs" is not a type of stored resources'),
        ("types=events&namespaces=dev", 'types: resources of the type "events" cannot be pruned'),
        ("types=checks", "namespaces must name at least one namespace"),
        ("types=checks&namespaces=dev&allUsers=true&users=bob", "allUsers and users are mutually exclusive"),
        ("types=checks&namespaces=dev&labelSelector=a%20==", "labelSelector"),
    ],
)
async def test_a_request_that_says_too_little_or_too_much_is_refused(
    api: RunningApi, admin: str, query: str, reason: str
) -> None:
    """The answer names the parameter and the rule, and nothing is deleted."""
    refused = await api.call("POST", f"{PRUNE}?{query}", [], Authorization=admin)
    assert refused.status == 400
    assert reason in json.loads(refused.body)["message"]
