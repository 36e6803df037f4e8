"""The clusters and replicators of a federation over the API."""

import json
from typing import Any

import pytest

from tests.flows.api_harness import RunningApi, reader_of

ROOT = "/api/enterprise/federation/v1"
REPLICATORS, CLUSTERS = f"{ROOT}/etcd-replicators", f"{ROOT}/clusters"


def replicator(name: str, **spec: Any) -> dict[str, Any]:
    """A replicator as the API takes and shows it."""
    return {
        "api_version": "federation/v1",
        "type": "EtcdReplicator",
        "metadata": {"name": name},
        "spec": {
            "ca_cert": "/path/to/ssl/trusted-certificate-authorities.pem",
            "cert": "/path/to/ssl/cert.pem",
            "key": "/path/to/ssl/key.pem",
            "insecure": False,
            "url": "http://remote-etcd.example.com:2379",
            "api_version": "core/v2",
            "resource": "Role",
            "replication_interval_seconds": 30,
            **spec,
        },
    }


def cluster(name: str, *urls: str) -> dict[str, Any]:
    """A cluster as the API takes and shows it."""
    return {
        "type": "Cluster",
        "api_version": "federation/v1",
        "metadata": {"name": name},
        "spec": {"api_urls": list(urls)},
    }


async def test_the_documented_requests_about_replicators_are_answered(api: RunningApi, admin: str) -> None:
    """POST and PUT store the definition of the reference's pages, which GET returns with its author."""
    sent = replicator("my_replicator")
    assert (await api.call("POST", REPLICATORS, sent, Authorization=admin)).status == 201
    put = await api.call("PUT", f"{REPLICATORS}/my_replicator", sent, Authorization=admin)
    assert put.status == 201
    assert "give the URL of the other cluster's API" in put.headers["Sensu-Notice"]
    shown = json.loads((await api.call("GET", f"{REPLICATORS}/my_replicator", Authorization=admin)).body)
    assert shown == {**sent, "metadata": {"name": "my_replicator", "created_by": "admin"}}
    assert json.loads((await api.call("GET", REPLICATORS, Authorization=admin)).body) == [shown]
    assert (await api.call("DELETE", f"{REPLICATORS}/my_replicator", Authorization=admin)).status == 204
    assert (await api.call("GET", f"{REPLICATORS}/my_replicator", Authorization=admin)).status == 404


async def test_a_replicator_that_names_only_url_and_resource_gets_the_defaults(api: RunningApi, admin: str) -> None:
    """It mirrors a type of core/v2 every 30 seconds."""
    sent = {"url": "https://alpha.example.com:8080", "resource": "Role", "api_key_file": "/etc/sensu/alpha.key"}
    least = {**replicator("least"), "spec": sent}
    put = await api.call("PUT", f"{REPLICATORS}/least", least, Authorization=admin)
    assert put.status == 201
    assert "Sensu-Notice" not in put.headers
    spec = json.loads((await api.call("GET", f"{REPLICATORS}/least", Authorization=admin)).body)["spec"]
    assert (spec["api_version"], spec["replication_interval_seconds"], spec["insecure"]) == ("core/v2", 30, False)


async def test_every_user_lists_clusters_and_only_permitted_ones_change_them(api: RunningApi, admin: str) -> None:
    """A cluster is registered by an administrator; a user without any role reads it."""
    urls = ("http://10.0.0.1:8080", "http://10.0.0.2:8080", "http://10.0.0.3:8080")
    sent = cluster("us-west-2a", *urls)
    assert (await api.call("PUT", f"{CLUSTERS}/us-west-2a", sent, Authorization=admin)).status == 201
    user = await reader_of(api, admin, "checks")
    listed = json.loads((await api.call("GET", CLUSTERS, Authorization=user)).body)
    assert listed == [{**sent, "metadata": {"name": "us-west-2a", "created_by": "admin"}}]
    assert (await api.call("PUT", f"{CLUSTERS}/us-west-2a", sent, Authorization=user)).status == 403
    assert (await api.call("DELETE", f"{CLUSTERS}/us-west-2a", Authorization=user)).status == 403
    assert (await api.call("GET", REPLICATORS, Authorization=user)).status == 403
    assert (await api.call("DELETE", f"{CLUSTERS}/us-west-2a", Authorization=admin)).status == 204


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        (f"{REPLICATORS}/r", replicator("r", url=""), "url must be set"),
        (f"{REPLICATORS}/r", replicator("r", resource=""), "resource must be set"),
        (f"{REPLICATORS}/r", replicator("r", replication_interval_seconds=-1), "must be between 1 and 86400"),
        (f"{REPLICATORS}/a%20b", replicator("a b"), "replicator name cannot contain spaces"),
        (f"{CLUSTERS}/c", cluster("c"), "api_urls must have at least one URL"),
        (f"{CLUSTERS}/c", cluster("c", "https://a:8080", "b:8080"), 'not "b:8080"'),
        (f"{CLUSTERS}/c", cluster("c", *["https://a:8080"] * 65), "api_urls must have at most 64 URLs"),
    ],
)
async def test_what_is_wrong_is_refused_with_its_field(
    api: RunningApi, admin: str, path: str, body: dict[str, Any], reason: str
) -> None:
    """The answer names the field and the rule."""
    refused = await api.call("PUT", path, body, Authorization=admin)
    assert refused.status == 400
    assert reason in json.loads(refused.body)["message"]
