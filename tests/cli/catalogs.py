"""Catalogs of integrations in folders."""

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Ended, Sensuctl

PUBLIC = Path(__file__).with_name("public_catalog.json")
"""The names, questions, patches and resources of the 49 integrations of the public catalog, without their texts."""
PNG = b"\x89PNG\r\n\x1a\n"


def public_integrations() -> list[dict[str, Any]]:
    """The facts about the integrations of the public catalog."""
    found: list[dict[str, Any]] = json.loads(PUBLIC.read_text())
    return found


def write_integration(folder: Path, facts: dict[str, Any]) -> None:
    """Write the files of an integration below `folder/integrations`."""
    place = folder / "integrations" / facts["namespace"] / facts["name"]
    place.mkdir(parents=True)
    prompts = [{**prompt, "input": {"title": prompt["name"], **prompt["input"]}} for prompt in facts["prompts"]]
    spec = {
        "class": facts["class"],
        "provider": facts["provider"],
        "display_name": facts["name"].replace("-", " ").title(),
        "short_description": f"About {facts['name']}",
        "contributors": ["@ada"],
        "tags": [facts["namespace"]],
        "prompts": [{"type": "section", "title": "Settings"}, {"type": "markdown", "body": "Text"}, *prompts],
        "resource_patches": facts["resource_patches"],
        "post_install": facts.get("post_install", []),
    }
    metadata = {"namespace": facts["namespace"], "name": facts["name"]}
    document = {"type": "Integration", "api_version": "catalog/v1", "metadata": metadata, "spec": spec}
    (place / "sensu-integration.yaml").write_text(json.dumps(document))
    (place / "sensu-resources.yaml").write_text("\n---\n".join(json.dumps(one) for one in facts["resources"]))
    (place / "README.md").write_text(f"# {facts['name']}\n")
    (place / "CHANGELOG.md").write_text("# Changelog\n")
    (place / "logo.png").write_bytes(PNG)


WEB_NAME = "web/web-monitoring"
WEB: dict[str, Any] = {
    "namespace": "web",
    "name": "web-monitoring",
    "class": "community",
    "provider": "monitoring",
    "prompts": [
        {"type": "question", "name": "host", "required": True, "input": {"type": "string", "format": "hostname"}},
        {"type": "question", "name": "interval", "input": {"type": "integer", "default": 30}},
        {"type": "question", "name": "subscriptions", "input": {"type": "array", "default": ["web"]}},
        {"type": "question", "name": "alerts", "input": {"type": "string", "ref": "core/v2/pipeline/metadata/name"}},
        {
            "type": "question",
            "name": "token",
            "required": True,
            "input": {
                "type": "object",
                "oneOf": [
                    {
                        "required": ["option", "secret"],
                        "properties": {
                            "option": {"const": "secret", "constLocale": {"title": "Secret"}},
                            "secret": {"type": "string", "title": "Name", "ref": "secrets/v1/secret/metadata/name"},
                        },
                    },
                    {
                        "required": ["option", "env_var"],
                        "properties": {
                            "option": {"const": "env_var", "constLocale": {"title": "Variable"}},
                            "env_var": {"type": "string", "title": "Token"},
                        },
                    },
                ],
            },
        },
    ],
    "resource_patches": [
        {
            "resource": {"type": "CheckConfig", "api_version": "core/v2", "name": "web"},
            "patches": [
                {"op": "replace", "path": "/metadata/name", "value": "web-[[host]]"},
                {"op": "replace", "path": "/spec/command", "value": "get [[host]]"},
                {"op": "replace", "path": "/spec/interval", "value": "interval"},
                {"op": "replace", "path": "/spec/subscriptions", "value": "subscriptions"},
                {"op": "add", "path": "/spec/env_vars/-", "value": "TOKEN=[[token.env_var]]"},
                {"op": "add", "path": "/spec/secrets/-", "value": {"name": "TOKEN", "secret": "[[token.secret]]"}},
                {
                    "op": "add",
                    "path": "/spec/pipelines/-",
                    "value": {"api_version": "core/v2", "type": "Pipeline", "name": "[[alerts]]"},
                },
            ],
        }
    ],
    "resources": [
        {
            "type": "CheckConfig",
            "api_version": "core/v2",
            "metadata": {"name": "web", "labels": {"team": "web"}},
            "spec": {
                "command": "get",
                "interval": 60,
                "publish": True,
                "subscriptions": ["web"],
                "runtime_assets": ["web/get:1.0.0"],
                "env_vars": [],
                "secrets": [],
                "pipelines": [],
            },
        },
        {
            "type": "Asset",
            "api_version": "core/v2",
            "metadata": {"name": "web/get:1.0.0"},
            "spec": {"builds": [{"url": "https://assets.example.com/get.tar.gz", "sha512": "0" * 128}]},
        },
    ],
    "post_install": [{"type": "markdown", "body": "The check runs for [[subscriptions]] on [[host]]."}],
}
"""An integration with questions of each sort."""


class Namespace:
    """A fresh namespace in which integrations are installed."""

    def __init__(self, sensuctl: Sensuctl, name: str, catalog: str) -> None:
        self._sensuctl, self.name, self._catalog = sensuctl, name, catalog
        assert sensuctl("namespace", "create", name).status == 0

    def catalog(self, verb: str, *words: str, stdin: str = "") -> Ended:
        """Run a command of the catalog."""
        return self._sensuctl(
            "catalog", verb, WEB_NAME, *words, "--catalog", self._catalog, "--namespace", self.name, stdin=stdin
        )

    def check(self, name: str) -> dict[str, Any]:
        """A check of the namespace."""
        found = self._sensuctl("check", "info", name, "--namespace", self.name, "--format", "json")
        assert found.status == 0, found
        content: dict[str, Any] = json.loads(found.out)
        return content

    def names(self, noun: str) -> list[str]:
        """The names of the resources of a kind."""
        found = json.loads(self._sensuctl(noun, "list", "--namespace", self.name, "--format", "json").out)
        return [one["metadata"]["name"] for one in found]
