"""Secrets providers over the API: kinds of one list, with keys and tokens that are sealed."""

import json
from typing import Any

import pytest

from tests.flows.api_harness import RunningApi

PROVIDERS = "/api/enterprise/secrets/v1/providers"
ENV = {"type": "Env", "api_version": "secrets/v1", "metadata": {"name": "env"}, "spec": {}}


def provider(name: str, of: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A provider as files and the API have it."""
    return {"type": of, "api_version": "secrets/v1", "metadata": {"name": name}, "spec": spec}


async def put(api: RunningApi, admin: str, body: dict[str, Any], status: int = 201) -> str:
    answer = await api.call("PUT", f"{PROVIDERS}/{body['metadata']['name']}", body, Authorization=admin)
    assert answer.status == status, answer.body
    return str(json.loads(answer.body).get("message", "")) if status >= 400 else ""


async def got(api: RunningApi, who: str, path: str = "") -> Any:
    return json.loads((await api.call("GET", f"{PROVIDERS}{path}", Authorization=who)).body)


async def test_the_environment_is_there_from_the_start(api: RunningApi, admin: str) -> None:
    """The provider `env` is listed, can be put again, deleted and created, and is the only one of its type."""
    assert await got(api, admin) == [ENV]
    await put(api, admin, ENV)
    assert (await got(api, admin, "/env"))["spec"] == {}
    assert (await api.call("DELETE", f"{PROVIDERS}/env", Authorization=admin)).status == 204
    assert (await api.call("DELETE", f"{PROVIDERS}/env", Authorization=admin)).status == 404
    assert await got(api, admin) == []
    await put(api, admin, ENV)
    assert 'called "env"' in await put(api, admin, {**ENV, "metadata": {"name": "other"}}, 400)


async def test_a_directory_is_a_provider(api: RunningApi, admin: str) -> None:
    """A provider of files is listed with the others, found by its type, and names an absolute path."""
    await put(api, admin, provider("mounted", "FileProvider", {"directory": "/run/secrets"}))
    assert (await got(api, admin, "/mounted"))["spec"] == {"directory": "/run/secrets"}
    for query, names in (
        ("", ["env", "mounted"]),
        ("?types=Env", ["env"]),
        ("?types=FileProvider&types=Env", ["env", "mounted"]),
        ("?fieldSelector=provider.name%20matches%20mount", ["mounted"]),
    ):
        assert [one["metadata"]["name"] for one in await got(api, admin, query)] == names
    await put(api, admin, provider("credentials", "FileProvider", {}))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (provider("env", "FileProvider", {}), '"env" is the name of the provider of type Env; choose another one'),
        (provider("a b", "FileProvider", {}), "provider name cannot contain spaces or special characters"),
        (provider("x", "FileProvider", {"directory": "run"}), "directory must be an absolute path"),
        (provider("x", "FileProvider", {"directory": "/a/../etc"}), "directory must be an absolute path"),
        (provider("x", "Chamber", {}), "type must be one of"),
    ],
)
async def test_a_wrong_provider_is_refused(api: RunningApi, admin: str, body: dict[str, Any], message: str) -> None:
    """A refusal names the field and the rule."""
    assert message in await put(api, admin, body, 400)
