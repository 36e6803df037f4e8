"""The requests that the documentation of the commercial APIs shows, with the answers that it promises.

Source: docs, "Enterprise APIs" (methods, paths, statuses and keys of the answers; the resources are our own).
"""

import copy
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.flows.api_harness import ADMIN, RunningApi

ROOT = "/api/enterprise"
CORE = "/api/core/v2"
RESOURCES = Path(__file__).parents[1] / "cli" / "documented.yml"
WRAPPED = {"type", "api_version", "metadata", "spec"}


class Documented(NamedTuple):
    """A type, the path of its list, whether the page shows a POST too, and the fields that its resources show."""

    type: str
    path: str
    has_post: bool
    fields: str


IN_DEFAULT = "namespaces/default"
DOCUMENTED = [
    Documented("ldap", "authentication/v2/authproviders", False, "servers groups_prefix username_prefix"),
    Documented("ad", "authentication/v2/authproviders", False, "servers groups_prefix username_prefix"),
    Documented("oidc", "authentication/v2/authproviders", False, "server client_id username_claim groups_claim"),
    Documented("ServiceComponent", f"bsm/v1/{IN_DEFAULT}/service-components", True, "services query rules handlers"),
    Documented("RuleTemplate", f"bsm/v1/{IN_DEFAULT}/rule-templates", True, "description arguments eval"),
    Documented("PostgresConfig", "store/v1/provider", False, "dsn pool_size"),
    Documented("EtcdReplicator", "federation/v1/etcd-replicators", True, "ca_cert cert key insecure url resource"),
    Documented("Cluster", "federation/v1/clusters", False, "api_urls"),
    Documented("SumoLogicMetricsHandler", f"pipeline/v1/{IN_DEFAULT}/sumo-logic-metrics-handlers", True, "url"),
    Documented("TCPStreamHandler", f"pipeline/v1/{IN_DEFAULT}/tcp-stream-handlers", True, "address max_connections"),
    Documented("Search", f"searches/v1/{IN_DEFAULT}/searches", False, "parameters resource"),
    Documented("Env", "secrets/v1/providers", False, ""),
    Documented("VaultProvider", "secrets/v1/providers", False, "client"),
    Documented("Secret", f"secrets/v1/{IN_DEFAULT}/secrets", False, "provider id"),
    Documented("GlobalConfig", "web/v1/config", False, "link_policy default_preferences"),
]


@pytest.fixture
async def key(api: RunningApi, admin: str) -> str:
    """The authorization of the pages' examples: an API key."""
    made = await api.call("POST", f"{CORE}/apikeys", {"username": ADMIN}, Authorization=admin)
    return f"Key {made.headers['Location'].rpartition('/')[2]}"


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    """The first resource of each type."""
    found = dict[str, Any]()
    for resource in yaml.safe_load_all(RESOURCES.read_text()):
        found.setdefault(resource["type"], resource)
    return found


async def test_each_kind_answers_the_documented_requests(api: RunningApi, key: str, resources: dict[str, Any]) -> None:
    """PUT and POST answer 201, lists and single resources have the documented keys, and DELETE answers 204."""

    async def asked(status: int, method: str, path: str, body: object = None) -> Any:
        answer = await api.call(method, f"{ROOT}/{path}", body, Authorization=key)
        assert (method, path, answer.status) == (method, path, status), answer.body
        return json.loads(answer.body) if method == "GET" else None

    for kind in DOCUMENTED:
        resource = copy.deepcopy(resources[kind.type])
        if kind.type == "PostgresConfig":
            resource["metadata"] = {"name": "my-postgres"}
        name = resource["metadata"]["name"]
        await asked(200 if kind.type == "Env" else 404, "GET", f"{kind.path}/{name}")  # Env is there from the start
        if kind.has_post:
            await asked(201, "POST", kind.path, resource)
            await asked(409, "POST", kind.path, resource)
        await asked(201, "PUT", f"{kind.path}/{name}", resource)
        one = await asked(200, "GET", f"{kind.path}/{name}")
        assert set(one) == WRAPPED, kind.type
        assert (one["type"], one["api_version"]) == (kind.type, resource["api_version"])
        named = {"name", "created_by", *(("namespace",) if IN_DEFAULT in kind.path else ())}
        assert named <= set(one["metadata"]), kind.type
        assert (one["metadata"]["created_by"], set(kind.fields.split()) - set(one["spec"])) == (ADMIN, set()), kind.type
        assert one in await asked(200, "GET", kind.path)
        assert one in await asked(200, "GET", f"{kind.path}?limit=100")
        await asked(204, "DELETE", f"{kind.path}/{name}")
        await asked(404, "DELETE", f"{kind.path}/{name}")


async def test_the_other_documented_requests_are_answered(api: RunningApi, key: str, resources: dict[str, Any]) -> None:
    """Selectors choose secrets and their providers, licenses are kept, and a prune lists what it has deleted."""

    async def asked(status: int, method: str, path: str, body: object = None) -> Any:
        answer = await api.call(method, path, body, Authorization=key)
        assert (path, answer.status) == (path, status), answer.body
        return json.loads(answer.body) if answer.body else None

    for type_name, path in (("VaultProvider", "providers"), ("Secret", f"{IN_DEFAULT}/secrets")):
        resource = copy.deepcopy(resources[type_name])
        if type_name == "Secret":
            resource["spec"]["provider"] = resources["VaultProvider"]["metadata"]["name"]
        name = resource["metadata"]["name"]
        await asked(201, "PUT", f"{ROOT}/secrets/v1/{path}/{name}", resource)
    provider = resources["VaultProvider"]["metadata"]["name"]
    selected = f"{ROOT}/secrets/v1/providers?fieldSelector=provider.name%20matches%20%22{provider}%22"
    assert [one["metadata"]["name"] for one in await asked(200, "GET", selected)] == [provider]
    for chosen, number in ((provider, 1), ("other", 0)):
        selected = f"{ROOT}/secrets/v1/secrets?fieldSelector=secret.provider%20%3D%3D%20%22{chosen}%22"
        assert len(await asked(200, "GET", selected)) == number

    license_path = f"{ROOT}/licensing/v2/license"
    body = {"type": "LicenseFile", "api_version": "licensing/v2", "spec": {"license": {"version": 1, "issuer": "a"}}}
    await asked(201, "PUT", license_path, body)
    shown = await asked(200, "GET", license_path)
    assert (set(shown), shown["spec"]["license"]["issuer"]) == (WRAPPED, "a")
    await asked(204, "DELETE", license_path)

    await asked(201, "POST", f"{CORE}/namespaces", {"name": "dev"})
    labels = {"region": "us-west-2", "sensu.io/managed_by": "sensuctl"}
    metadata = {"name": "check-echo", "namespace": "dev", "labels": labels}
    check = {"metadata": metadata, "command": "true", "interval": 60, "subscriptions": []}
    await asked(201, "PUT", f"{CORE}/namespaces/dev/checks/check-echo", check)
    prune = f"{ROOT}/prune/v1alpha?types=core/v2.CheckConfig&allUsers=true&namespaces=dev"
    (pruned,) = await asked(201, "POST", prune, [])
    assert pruned == {
        "type": "CheckConfig",
        "api_version": "core/v2",
        "name": "check-echo",
        "namespace": "dev",
        "labels": labels,
        "created_by": ADMIN,
    }
    assert {one["name"] for one in await asked(200, "GET", f"{ROOT}/user-namespaces")} >= {"default", "dev"}
