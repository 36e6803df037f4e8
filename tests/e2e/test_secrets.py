"""Secrets from the backend's environment: who gets the values, and where they never appear."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_agent_certificates import World, world
from tests.faults.agent_process import until
from tests.flows.certificate_authority import Authority

VALUE = "s3cret-of-the-team"
ASKED = [{"name": "TOKEN", "secret": "team-token"}]
META = {"namespace": "default"}


async def configure(backend: World, folder: Path) -> None:
    root = f"{backend.api.url}/api/enterprise/secrets/v1"
    spec = {"provider": "env", "id": "TEAM_TOKEN"}
    secret = {"type": "Secret", "api_version": "secrets/v1", "metadata": {"name": "team-token", **META}, "spec": spec}
    await backend.api.put(f"{root}/namespaces/default/secrets/team-token", secret)
    handler = {"type": "pipe", "command": f'cat >> {folder / "got"}; echo "$TOKEN" | tee -a {folder / "token"}'}
    mutator = {"command": 'cat > /dev/null; echo "mutated $TOKEN"', "secrets": ASKED}
    check = {"command": 'echo "got $TOKEN"', "interval": 1, "publish": True, "subscriptions": ["linux"]}
    for path, body in (
        ("handlers/notes", {**handler, "mutator": "note", "secrets": ASKED}),
        ("mutators/note", mutator),
        ("checks/asks", {**check, "handlers": ["notes"], "secrets": ASKED}),
    ):
        await backend.api.put(path, {**body, "metadata": {"name": path.partition("/")[2], **META}})


async def test_values_go_to_commands_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers, mutators and agents with a certificate get the value; agents with a password, API and log do not."""
    monkeypatch.setenv("TEAM_TOKEN", VALUE)
    authority = Authority(tmp_path)

    async with world(tmp_path, authority, "--log-level", "info") as backend:
        await configure(backend, tmp_path)
        async with backend.agent("web1", authority.issue("web1")), backend.agent("web2", None):
            assert await until(lambda: output(backend, "web1")) == f"got {VALUE}\n"
            assert await until(lambda: output(backend, "web2")) == "got \n"
            await until((tmp_path / "token").exists)
        assert (tmp_path / "token").read_text().startswith(f"{VALUE}\n")
        assert (tmp_path / "got").read_text().startswith(f"mutated {VALUE}")
        checks = await backend.api.checks()
        assert checks[0]["secrets"] == ASKED
        assert VALUE not in json.dumps(checks)
        assert VALUE not in backend.log()
        assert "REDACTED" in backend.log()
        assert "secrets are kept from agents without a certificate" in backend.log()


async def output(backend: World, agent: str) -> str:
    found: list[dict[str, Any]] = await backend.api.events()
    events = [e for e in found if e["entity"]["metadata"]["name"] == agent and e["check"]["metadata"]["name"] == "asks"]
    return str(events[0]["check"]["output"]) if events else ""
