"""Fallback pipelines in the API, and checks that name them."""

import json
from typing import Any

import pytest

from tests.flows.api_harness import RunningApi

FALLBACKS = "/api/enterprise/fallback_pipeline/v1/namespaces/default/fallback-pipelines"
CHECK = "/api/core/v2/namespaces/default/checks/custom-pipeline-check"


def reference(name: str, **fields: str) -> dict[str, str]:
    return {"name": name, "type": "Pipeline", "api_version": "core/v2", **fields}


def fallback(*pipelines: dict[str, str]) -> dict[str, Any]:
    """A fallback pipeline as files and the API have it."""
    return {
        "type": "FallbackPipeline",
        "api_version": "fallback_pipeline/v1",
        "metadata": {"name": "custom-fallback-pipeline", "namespace": "default"},
        "spec": {"pipelines": list(pipelines)},
    }


def check(**fields: Any) -> dict[str, Any]:
    metadata = {"name": "custom-pipeline-check", "namespace": "default"}
    return {"metadata": metadata, "command": "true", "interval": 10, "subscriptions": ["linux"], **fields}


async def test_a_fallback_pipeline_is_created_shown_and_deleted(api: RunningApi, admin: str) -> None:
    """The documented example works; references that have only a name are to pipelines of core/v2."""
    one = f"{FALLBACKS}/custom-fallback-pipeline"
    body = fallback(reference("custom-pipeline1"), {"name": "custom-pipeline2"})
    assert (await api.call("POST", FALLBACKS, body, Authorization=admin)).status == 201
    shown = json.loads((await api.call("GET", one, Authorization=admin)).body)
    assert shown["spec"] == {"pipelines": [reference("custom-pipeline1"), reference("custom-pipeline2")]}
    assert shown["metadata"]["created_by"] == "admin"
    assert (await api.call("DELETE", one, Authorization=admin)).status == 204


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (fallback(), "pipelines must have at least one pipeline"),
        (fallback(reference("")), "pipelines[0].name must not be empty"),
        (
            fallback(reference("p", type="Handler")),
            "pipelines[0] must refer to a core/v2.Pipeline, not core/v2.Handler",
        ),
        (fallback(*(reference(f"p{number}") for number in range(51))), "pipelines must have at most 50 pipelines"),
    ],
)
async def test_what_is_wrong_with_a_fallback_pipeline_is_refused(
    api: RunningApi, admin: str, body: dict[str, Any], reason: str
) -> None:
    """The answer names the field and the rule."""
    refused = await api.call("POST", FALLBACKS, body, Authorization=admin)
    assert refused.status == 400
    assert reason in json.loads(refused.body)["message"]


async def test_a_check_names_a_fallback_pipeline(api: RunningApi, admin: str) -> None:
    """The name is enough; a check without one shows no such field."""
    assert (await api.call("PUT", CHECK, check(), Authorization=admin)).status == 201
    assert b"fallback_pipeline" not in (await api.call("GET", CHECK, Authorization=admin)).body
    named = check(fallback_pipeline={"name": "custom-fallback-pipeline"})
    assert (await api.call("PUT", CHECK, named, Authorization=admin)).status == 201
    shown = json.loads((await api.call("GET", CHECK, Authorization=admin)).body)
    assert shown["fallback_pipeline"] == {
        "name": "custom-fallback-pipeline",
        "type": "FallbackPipeline",
        "api_version": "fallback_pipeline/v1",
    }
    both = check(fallback_pipeline={"name": "f"}, pipelines=[{"name": "p"}])
    refused = await api.call("PUT", CHECK, both, Authorization=admin)
    why = "cannot have both pipelines and fallback_pipeline defined at the same time"
    assert json.loads(refused.body)["message"] == f"resource is invalid: {why}"
    other = check(fallback_pipeline={"name": "f", "type": "Pipeline", "api_version": "core/v2"})
    refused = await api.call("PUT", CHECK, other, Authorization=admin)
    assert "fallback_pipeline must refer to a fallback_pipeline/v1.FallbackPipeline" in refused.body.decode()
