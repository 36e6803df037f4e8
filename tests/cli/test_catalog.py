"""Integrations of catalogs."""

import json
from pathlib import Path
from typing import Any

import pytest

from sensu.files.values import values_of
from tests.cli.catalogs import WEB, public_integrations, write_integration
from tests.cli.conftest import Sensuctl


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A repository with the integrations of the public catalog and one of ours."""
    folder = tmp_path_factory.mktemp("catalog")
    for facts in (WEB, *public_integrations()):
        write_integration(folder, facts)
    return str(folder)


def test_integrations_are_listed_and_searched(sensuctl: Sensuctl, repository: str) -> None:
    """A list has every integration in its newest version, a search those that match."""
    found = json.loads(sensuctl("catalog", "list", "--catalog", repository, "--format", "json").out)
    assert len(found) == 50
    assert all("prompts" not in one for one in found)
    table = sensuctl("catalog", "list", "--search", "web in tags", SENSU_CATALOG_URL=repository).out
    assert table.splitlines()[2:] and "web/web-monitoring" in table
    assert "slack" not in table


def test_an_integration_is_shown_with_its_questions(sensuctl: Sensuctl, repository: str) -> None:
    """Each answer that --set takes has a line, with its type; secrets are marked."""
    shown = sensuctl("catalog", "info", "web/web-monitoring", "--catalog", repository).out
    rows = [line.split() for line in shown.splitlines()]
    assert ["token.env_var", "secret", "false", "or:", "Token"] in rows
    assert ["interval", "integer", "false", "30", "interval"] in rows
    readme = sensuctl("catalog", "info", "web/web-monitoring", "--readme", "--catalog", repository)
    assert readme.out == "# web-monitoring\n"
    missing = sensuctl("catalog", "info", "web/other", "--catalog", repository)
    assert missing.err == "Error: the catalog has no integration web/other: 'sensuctl catalog list' shows all\n"


def test_a_folder_without_a_catalog_is_refused(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """The message names what a catalog has."""
    found = sensuctl("catalog", "list", "--catalog", str(tmp_path))
    assert found.status == 1
    assert "it has neither version.json nor a folder integrations" in found.err


def test_the_catalog_of_the_web_ui_is_used_unless_it_is_disabled(sensuctl: Sensuctl, repository: str) -> None:
    """The configuration of the web UI names the catalog; a flag names another."""
    document = {"type": "GlobalConfig", "api_version": "web/v1", "metadata": {"name": "custom"}}
    for catalog, expected in (
        ({"url": repository}, "web/web-monitoring"),
        ({"disabled": True}, "Error: the catalog is disabled in the configuration of the web UI"),
    ):
        made = sensuctl("create", stdin=json.dumps({**document, "spec": {"catalog": catalog}}))
        assert made.status == 0, made
        found = sensuctl("catalog", "list")
        assert expected in found.out + found.err
    assert sensuctl("catalog", "list", "--catalog", repository).status == 0
    assert sensuctl("global-config", "delete", "custom", "--skip-confirm").status == 0


def test_a_repository_is_validated(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """Every problem is printed with its file and field, and the command fails if there are any."""
    write_integration(tmp_path, WEB)
    good = sensuctl("catalog", "validate", "--repo-dir", str(tmp_path))
    assert (good.status, good.out) == (0, "1 integration is valid\n")
    place = tmp_path / "integrations" / "web" / "web-monitoring"
    definition = (place / "sensu-integration.yaml").read_text()
    (place / "sensu-integration.yaml").write_text(definition.replace("get [[host]]", "get [[hots]]"))
    resources = (place / "sensu-resources.yaml").read_text()
    (place / "sensu-resources.yaml").write_text(resources.replace('"interval": 60', '"intervall": 60'))
    (place / "logo.png").write_text("no image")
    (place / "README.md").unlink()
    bad = sensuctl("catalog", "validate", "--repo-dir", str(tmp_path))
    assert bad.status == 1
    assert bad.err == "Error: 1 of 1 integrations have problems\n"
    for expected in (
        "sensu-integration.yaml: spec.resource_patches[0].patches[1].value [[hots]]: the variable 'hots' is unknown",
        'sensu-resources.yaml, line 1: json: unknown field "intervall"; did you mean "interval"?',
        "README.md: is missing or empty",
        "logo.png: is not a PNG image",
    ):
        assert f"integrations/web/web-monitoring/{expected}" in bad.out, bad.out


def test_texts_of_a_catalog_cannot_control_the_terminal(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """Control characters in a description or a README are shown as escapes."""
    write_integration(tmp_path, {**WEB, "post_install": []})
    place = tmp_path / "integrations" / "web" / "web-monitoring"
    (place / "README.md").write_text("safe\x1b]0;title\x07\u202etxt")
    definition = json.loads((place / "sensu-integration.yaml").read_text())
    definition["spec"]["short_description"] = "a\x1b[2Jb"
    (place / "sensu-integration.yaml").write_text(json.dumps(definition))
    for words in (["list"], ["info", "web/web-monitoring"], ["info", "web/web-monitoring", "--readme"]):
        found = sensuctl("catalog", *words, "--catalog", str(tmp_path))
        assert found.status == 0, found
        assert "\x1b" not in found.out and "\u202e" not in found.out


def published_by_others(folder: Path) -> None:
    """Write a catalog in the forms of the documentation: a list of names, and one resource that is not in a list."""
    description = {"class": "community", "provider": "monitoring", "contributors": ["@ada"]}
    definition = {"metadata": {"namespace": "web", "name": "site"}, "display_name": "Site", **description}
    resource = {**WEB["resources"][0], "metadata": {"name": "site"}}
    files = {
        "version.json": {"release_sha256": "af3c54", "last_updated": 1643664852},
        "af3c54/v1/catalog.json": {"namespaced_integrations": {"web": ["site"], "..": ["x"]}},
        "af3c54/v1/web/site.json": {**definition, "versions": ["1.0.0", "1.10.0", "1.9.0", "../1.0.0"]},
        "af3c54/v1/web/site/1.10.0.json": {**definition, "version": "1.10.0"},
        "af3c54/v1/web/site/1.10.0/sensu-resources.json": resource,
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(json.dumps(content))


def test_a_catalog_in_the_documented_form_is_read(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """A list of names, a resource alone and a catalog without `versions.json` are read; bad names are left out."""
    published_by_others(tmp_path)
    listed = json.loads(sensuctl("catalog", "list", "--catalog", str(tmp_path), "--format", "json").out)
    assert [(one["metadata"]["name"], one["version"]) for one in listed] == [("site", "1.10.0")]
    shown = json.loads(sensuctl("catalog", "info", "web/site", "--catalog", str(tmp_path), "--format", "json").out)
    assert shown["versions"] == ["1.10.0", "1.9.0", "1.0.0"]
    done = sensuctl("catalog", "install", "web/site", "--catalog", str(tmp_path), "--dry-run")
    assert (done.status, "name: site" in done.out) == (0, True), done
    missing = sensuctl("catalog", "install", "web/site@2.0.0", "--catalog", str(tmp_path))
    assert missing.err == "Error: web/site has no version 2.0.0; its versions: 1.10.0, 1.9.0, 1.0.0\n"


@pytest.mark.parametrize(
    ("path", "content", "problem"),
    [
        ("version.json", "[]", "version.json names no release_sha256"),
        ("version.json", '{"release_sha256": "../.."}', "is not the path of a file of a catalog"),
        ("version.json", "[" * 100_000, "version.json is not JSON"),
        ("af3c54/v1/web/site/1.10.0.json", "[]", "must be a JSON object"),
        ("af3c54/v1/web/site/1.10.0.json", '{"prompts": {}}', "prompts: expected array, got object"),
        ("af3c54/v1/web/site/1.10.0/sensu-resources.json", "[1]", "a resource must be an object"),
        ("af3c54/v1/web/site/1.10.0/sensu-resources.json", "\xff", "is not JSON"),
    ],
)
def test_a_damaged_catalog_is_an_error_that_names_the_file(
    sensuctl: Sensuctl, tmp_path: Path, path: str, content: str, problem: str
) -> None:
    """What a web server answers can be anything."""
    published_by_others(tmp_path)
    (tmp_path / path).write_bytes(content.encode("latin-1"))
    done = sensuctl("catalog", "install", "web/site", "--catalog", str(tmp_path), "--dry-run")
    assert done.status == 1
    assert done.err.startswith("Error: ") and problem in done.err, done


def answer(prompt: dict[str, Any]) -> str:
    """An answer to a question that has no default, as a person would type it in a file."""
    shape = prompt["input"]
    kind = shape.get("type", "string")
    return "1" if kind == "integer" else "https://example.com/" if shape.get("format") == "url" else "example"


def answers_to(facts: dict[str, Any]) -> dict[str, Any]:
    """Answers to the required questions of an integration without a default; of several options, the secret."""
    found: dict[str, Any] = {}
    for prompt in facts["prompts"]:
        shape = prompt["input"]
        if "oneOf" in shape and any("secret" in option["properties"] for option in shape["oneOf"]):
            found[prompt["name"]] = {"secret": "a-secret"}
        elif prompt.get("required") and "default" not in shape:
            found[prompt["name"]] = answer(prompt)
    return found


@pytest.mark.parametrize("facts", public_integrations(), ids=lambda facts: str(facts["name"]))
def test_the_integrations_of_the_public_catalog_install(
    sensuctl: Sensuctl, repository: str, facts: dict[str, Any], tmp_path: Path
) -> None:
    """Each one installs with all its resources, is then up to date, and leaves nothing when it is removed."""
    namespace = f"install-{facts['name']}"
    assert sensuctl("namespace", "create", namespace).status == 0
    (tmp_path / "answers.yml").write_text(json.dumps(answers_to(facts)))
    name = f"{facts['namespace']}/{facts['name']}"
    words = ["catalog", "install", name, "--catalog", repository, "--answers", str(tmp_path / "answers.yml")]
    done = sensuctl(*words, "--namespace", namespace)
    assert done.status == 0, done
    installed = labelled_resources(sensuctl, namespace)
    assert sorted(one["type"] for one in installed) == sorted(one["type"] for one in facts["resources"])
    assert "[[" not in json.dumps([one["spec"] for one in installed])
    words[1] = "update"
    again = sensuctl(*words, "--namespace", namespace)
    assert again.out.splitlines()[-1] == f"{name}@99991231.0.0 is up to date", again
    gone = sensuctl("catalog", "remove", name, "--skip-confirm", "--namespace", namespace)
    assert (gone.status, labelled_resources(sensuctl, namespace)) == (0, []), gone


def labelled_resources(sensuctl: Sensuctl, namespace: str) -> list[dict[str, Any]]:
    """The resources of a namespace that have the label of a catalog."""
    found = sensuctl("dump", "all", "--namespace", namespace, "--format", "wrapped-json").out
    documents = [value for _, value in values_of(found)]
    return [one for one in documents if "sensu.io/catalog" in (one["metadata"].get("labels") or {})]
