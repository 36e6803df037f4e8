"""Resources of Sensu Go's commercial edition that are stored and answered, and do nothing else."""

import json
from typing import Any

import pytest

from tests.flows.api_harness import RunningApi, reader_of

ENTERPRISE = "/api/enterprise"
LICENSE = f"{ENTERPRISE}/licensing/v2/license"
PROVIDERS = f"{ENTERPRISE}/store/v1/provider"
DSN = "postgresql://sensu:s3cret@db.example.org:5432/events"


def license_file(**granted: Any) -> dict[str, Any]:
    """A license as its file and the API have it."""
    return {
        "type": "LicenseFile",
        "api_version": "licensing/v2",
        "metadata": {"labels": {"sensu.io/entity-count": "7", "sensu.io/entity-limit": "100"}},
        "spec": {
            "license": {
                "version": 1,
                "issuer": "Example, Inc.",
                "accountName": "operations",
                "accountID": 42,
                "issued": "2019-01-01T13:40:25-08:00",
                "validUntil": "2020-01-01T13:40:25-08:00",
                "plan": "managed",
                "features": ["all"],
                "signature": {"algorithm": "PSS", "hashAlgorithm": "SHA256", "saltLength": 20},
                **granted,
            },
            "signature": "c2lnbmVk",
            "metadata": {},
        },
    }


def datastore(name: str, **spec: Any) -> dict[str, Any]:
    """A datastore configuration as files and the API have it."""
    return {
        "type": "PostgresConfig",
        "api_version": "store/v1",
        "metadata": {"name": name},
        "spec": {"dsn": DSN, "max_conn_lifetime": "5m", "pool_size": 20, "strict": True, **spec},
    }


async def test_a_license_is_kept_and_counts_entities(api: RunningApi, admin: str) -> None:
    """An expired license is accepted; it is shown as sent, with the number of all entities and no limit."""
    missing = await api.call("GET", LICENSE, Authorization=admin)
    assert (missing.status, json.loads(missing.body)["message"]) == (404, "not found")
    for name, entity_class in (("db1", "agent"), ("db2", "agent"), ("router", "proxy")):
        entity = {"metadata": {"name": name, "namespace": "default"}, "entity_class": entity_class}
        path = f"/api/core/v2/namespaces/default/entities/{name}"
        assert (await api.call("PUT", path, entity, Authorization=admin)).status == 200
    stored = await api.call("PUT", LICENSE, license_file(), Authorization=admin)
    assert stored.status == 201
    assert "no license is needed" in stored.headers["Sensu-Notice"]
    shown = json.loads((await api.call("GET", LICENSE, Authorization=admin)).body)
    assert shown["spec"] == license_file()["spec"]
    assert shown["metadata"] == {
        "labels": {
            "sensu.io/entity-count": "4",
            "sensu.io/entity-limit": "0",
            "sensu.io/agent-entity-count": "2",
            "sensu.io/proxy-entity-count": "1",
        },
        "created_by": "admin",
    }
    assert (await api.call("DELETE", LICENSE, Authorization=admin)).status == 204
    assert (await api.call("DELETE", LICENSE, Authorization=admin)).status == 404


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        (LICENSE, {**license_file(), "spec": {}}, "license must be set"),
        (LICENSE, license_file(features=["f"] * 1001), "license.features must have at most 1000 entries"),
        (LICENSE, license_file(version="one"), "spec.license.version: expected int, got str"),
        (LICENSE, {**license_file(), "type": "License"}, "type and api_version must be LicenseFile and licensing/v2"),
        (f"{PROVIDERS}/pg", datastore("pg", dsn=""), "dsn must be set"),
        (f"{PROVIDERS}/pg", datastore("pg", pool_size=-1), "pool_size must not be negative"),
        (f"{PROVIDERS}/pg", datastore("pg", max_conn_lifetime="five"), "max_conn_lifetime must be a duration"),
        (f"{PROVIDERS}/pg", datastore("pg", dsn="x" * 4097), "dsn must have at most 4096 characters"),
        (f"{PROVIDERS}/a%20b", datastore("a b"), "datastore provider name cannot contain spaces"),
    ],
)
async def test_what_is_wrong_is_refused_with_its_field(
    api: RunningApi, admin: str, path: str, body: dict[str, Any], reason: str
) -> None:
    """The answer names the field and the rule."""
    refused = await api.call("PUT", path, body, Authorization=admin)
    assert refused.status == 400
    assert reason in json.loads(refused.body)["message"]


async def test_a_datastore_is_kept_and_its_password_is_shown_to_its_editors_alone(api: RunningApi, admin: str) -> None:
    """The DSN is shown to callers who may change it, is sealed in the store, and is redacted for all others."""
    stored = await api.call("PUT", f"{PROVIDERS}/pg", datastore("pg"), Authorization=admin)
    assert stored.status == 201
    assert "--store" in stored.headers["Sensu-Notice"]
    listed = json.loads((await api.call("GET", PROVIDERS, Authorization=admin)).body)
    assert [one["spec"]["dsn"] for one in listed] == [DSN]
    kept = datastore("pg", dsn="REDACTED", pool_size=5)
    assert (await api.call("PUT", f"{PROVIDERS}/pg", kept, Authorization=admin)).status == 201
    shown = json.loads((await api.call("GET", f"{PROVIDERS}/pg", Authorization=admin)).body)["spec"]
    assert (shown["dsn"], shown["pool_size"]) == (DSN, 5)
    reader = await reader_of(api, admin, "provider")
    redacted = await api.call("GET", f"{PROVIDERS}/pg", Authorization=reader)
    assert json.loads(redacted.body)["spec"]["dsn"] == "REDACTED"
    audited = (await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)).body
    assert b"PostgresConfig" in audited
    assert b"s3cret" not in audited
    assert (await api.call("DELETE", f"{PROVIDERS}/pg", Authorization=admin)).status == 204


async def test_users_see_the_namespaces_that_they_can_use(api: RunningApi, admin: str) -> None:
    """`/user-namespaces` lists the namespaces that a caller sees, as objects with names."""
    assert (await api.call("POST", "/api/core/v2/namespaces", {"name": "ops"}, Authorization=admin)).status == 201
    found = json.loads((await api.call("GET", f"{ENTERPRISE}/user-namespaces", Authorization=admin)).body)
    assert [one["name"] for one in found] == ["default", "ops", "sensu-system"]
    assert (await api.call("GET", f"{ENTERPRISE}/user-namespaces")).status == 401


async def test_curl_needs_no_media_type_for_the_enterprise_apis(api: RunningApi, admin: str) -> None:
    """Curl names a form's media type by itself: the enterprise APIs read JSON all the same, the core API does not."""
    form = {"Authorization": admin, "Content_Type": "application/x-www-form-urlencoded"}
    sent = json.dumps(datastore("events")).encode()
    assert (await api.call("PUT", f"{PROVIDERS}/events", sent, **form)).status == 201
    check = "/api/core/v2/namespaces/default/checks/c"
    assert (await api.call("PUT", check, b"{}", **form)).status == 400
