"""Secrets over the API."""

import json
from typing import Any

from tests.flows.api_harness import RunningApi

ROOT = "/api/enterprise/secrets/v1"
SECRETS = f"{ROOT}/namespaces/default/secrets"


def secret(name: str, **spec: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default"}
    whole = {"provider": "env", "id": "TEAM_TOKEN", **spec}
    return {"type": "Secret", "api_version": "secrets/v1", "metadata": metadata, "spec": whole}


async def test_secrets_are_references(api: RunningApi, admin: str) -> None:
    """A secret is put, shown, listed, selected and deleted with its type around it; one of no variable is refused."""
    assert (await api.call("PUT", f"{SECRETS}/token", secret("token"), Authorization=admin)).status == 201
    shown = json.loads((await api.call("GET", f"{SECRETS}/token", Authorization=admin)).body)
    assert shown["spec"] == {"id": "TEAM_TOKEN", "provider": "env"}
    assert (shown["type"], shown["metadata"]["created_by"]) == ("Secret", "admin")
    for path in (SECRETS, f"{ROOT}/secrets", f"{SECRETS}?fieldSelector=secret.id%20==%20%22TEAM_TOKEN%22"):
        assert json.loads((await api.call("GET", path, Authorization=admin)).body) == [shown]
    for wrong in (secret("x", id=""), secret("x", id="A=B"), secret("x", provider=""), secret("y")):
        assert (await api.call("PUT", f"{SECRETS}/x", wrong, Authorization=admin)).status == 400
    assert (await api.call("DELETE", f"{SECRETS}/token", Authorization=admin)).status == 204
    assert (await api.call("GET", f"{SECRETS}/token", Authorization=admin)).status == 404


async def test_a_secret_may_come_before_its_provider(api: RunningApi, admin: str) -> None:
    """The id of a secret is a name in the words of its provider, which may be created later."""
    for provider, name in (("vault", "secret/database#password"), ("conjur", "Sensu/pagerDutyAPIKey"), ("env", "KEY")):
        body = secret("token", provider=provider, id=name)
        assert (await api.call("PUT", f"{SECRETS}/token", body, Authorization=admin)).status == 201


async def test_a_secret_keeps_its_namespace(api: RunningApi, admin: str) -> None:
    """A namespace with a secret is not empty, so that no secret outlives its namespace."""
    core = "/api/core/v2/namespaces"
    assert (await api.call("POST", core, {"name": "ops"}, Authorization=admin)).status == 201
    path = f"{ROOT}/namespaces/ops/secrets/token"
    body = {**secret("token"), "metadata": {"name": "token", "namespace": "ops"}}
    assert (await api.call("PUT", path, body, Authorization=admin)).status == 201
    refused = await api.call("DELETE", f"{core}/ops", Authorization=admin)
    assert (refused.status, json.loads(refused.body)["message"]) == (
        409,
        "resource is invalid: namespace is not empty",
    )
    assert (await api.call("DELETE", path, Authorization=admin)).status == 204
    assert (await api.call("DELETE", f"{core}/ops", Authorization=admin)).status == 204
