"""Updating and removing what was installed from a catalog."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.catalogs import WEB, WEB_NAME, Namespace, write_integration
from tests.cli.conftest import Sensuctl

ANSWERS = ("--set", "host=web1", "--set", "token.secret=web-token")
HOOK = {
    "type": "HookConfig",
    "api_version": "core/v2",
    "metadata": {"name": "web-hook"},
    "spec": {"command": "h", "timeout": 5},
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one integration."""
    write_integration(tmp_path, WEB)
    return tmp_path


@pytest.fixture
def namespace(sensuctl: Sensuctl, repository: Path, request: pytest.FixtureRequest) -> Namespace:
    """A namespace in which the integration is installed."""
    found = Namespace(sensuctl, request.node.name.replace("_", "-")[:60], str(repository))
    assert found.catalog("install", *ANSWERS, "--set", "interval=50").status == 0
    return found


def publish(repository: Path, change: Callable[[Any], object]) -> None:
    """Change the integration of a repository."""
    facts = copy.deepcopy(WEB)
    change(facts)
    shutil.rmtree(repository / "integrations")
    write_integration(repository, facts)


def with_hook_for_asset(facts: Any) -> None:
    """The integration with a hook in place of its asset, a shorter command and another question."""
    facts["resources"][1] = HOOK
    facts["resources"][0]["spec"]["runtime_assets"] = []
    facts["prompts"].append({"type": "question", "name": "more", "input": {"type": "string", "default": "m"}})
    facts["resource_patches"][0]["patches"][1]["value"] = "fetch [[host]] [[more]]"


def installed_id(check: dict[str, Any]) -> str:
    return str(check["metadata"]["labels"]["sensu.io/catalog_id"])


def test_an_update_keeps_the_answers_and_the_installation(namespace: Namespace, repository: Path) -> None:
    """New resources are created, those that are gone deleted, and new questions get their defaults."""
    before = namespace.check("web-web1")
    publish(repository, with_hook_for_asset)
    done = namespace.catalog("update")
    assert done.status == 0, done
    assert f"update: CheckConfig {namespace.name}/web-web1\n" in done.out
    assert "create: HookConfig" in done.out and "delete: Asset web/get:1.0.0\n" in done.out
    after = namespace.check("web-web1")
    assert (after["command"], after["interval"]) == ("fetch web1 m", 50)
    assert after["secrets"] == [{"name": "TOKEN", "secret": "web-token"}]
    assert installed_id(after) == installed_id(before)
    assert (namespace.names("asset"), namespace.names("hook")) == ([], ["web-hook"])
    again = namespace.catalog("update")
    assert (again.status, again.out.splitlines()[-1]) == (0, f"{WEB_NAME}@99991231.0.0 is up to date")


def test_an_update_can_change_answers(namespace: Namespace) -> None:
    """A resource whose name depends on an answer is created under its new name and deleted under the old one."""
    done = namespace.catalog("update", "--set", "host=web2", "--set", "alerts=pager")
    assert done.status == 0, done
    assert namespace.names("check") == ["web-web2"]
    assert namespace.check("web-web2")["pipelines"][0]["name"] == "pager"


def test_a_dry_run_of_an_update_changes_nothing(namespace: Namespace, repository: Path) -> None:
    """It shows what would happen."""
    publish(repository, with_hook_for_asset)
    before = namespace.check("web-web1")
    shown = namespace.catalog("update", "--dry-run")
    assert shown.status == 0 and "delete: Asset" in shown.out
    assert namespace.check("web-web1") == before
    assert namespace.names("hook") == []


def test_an_update_leaves_what_was_changed_by_hand(namespace: Namespace, repository: Path, sensuctl: Sensuctl) -> None:
    """Nobody's own settings are lost without --force."""
    assert sensuctl("check", "set-interval", "web-web1", "99", "--namespace", namespace.name).status == 0
    publish(repository, with_hook_for_asset)
    done = namespace.catalog("update")
    assert done.status == 0, done
    assert f"left, changed since its installation: CheckConfig {namespace.name}/web-web1\n" in done.out
    assert (namespace.check("web-web1")["command"], namespace.check("web-web1")["interval"]) == ("get web1", 99)
    assert namespace.names("asset") == ["web/get:1.0.0"], "the check that was left uses it"
    forced = namespace.catalog("update", "--force")
    assert forced.status == 0, forced
    assert (namespace.check("web-web1")["command"], namespace.check("web-web1")["interval"]) == ("fetch web1 m", 50)
    assert namespace.names("asset") == []


def test_a_secret_answer_is_asked_for_again(sensuctl: Sensuctl, repository: Path, tmp_path: Path) -> None:
    """It is not kept, so that an update without it would lose it."""
    namespace = Namespace(sensuctl, "secret-again", str(repository))
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"token": {"env_var": "s3cr3t"}}))
    assert namespace.catalog("install", "--set", "host=web1", "--answers", str(answers)).status == 0
    publish(repository, with_hook_for_asset)
    refused = namespace.catalog("update")
    assert refused.err.endswith("secret answers are not kept; give them again with --answers FILE: token.env_var\n")
    asked = namespace.catalog("update", "--interactive", stdin="2\nnew\n")
    assert asked.status == 0, asked
    assert namespace.check("web-web1")["env_vars"] == ["TOKEN=new"]
    assert namespace.catalog("update", "--answers", str(answers)).status == 0
    assert namespace.check("web-web1")["env_vars"] == ["TOKEN=s3cr3t"]


def test_an_answer_that_no_longer_fits_gets_the_default(namespace: Namespace, repository: Path) -> None:
    """The message says which, and a question that is gone is forgotten."""

    def change(facts: Any) -> None:
        facts["prompts"][1]["input"] = {"type": "integer", "enum": [60, 120], "default": 120}

    publish(repository, change)
    done = namespace.catalog("update")
    assert done.status == 0, done
    assert "the former answer is not used: interval must be one of 60, 120" in done.err
    assert namespace.check("web-web1")["interval"] == 120


def test_the_answers_are_found_if_somebody_removed_an_annotation(namespace: Namespace, sensuctl: Sensuctl) -> None:
    """Every resource keeps them, so that an update never falls back to defaults."""
    shown = sensuctl("dump", "assets", "--namespace", namespace.name, "--format", "wrapped-json").out
    asset = json.loads(shown)
    asset["metadata"] = {key: asset["metadata"][key] for key in ("name", "namespace", "labels")}
    assert sensuctl("create", stdin=json.dumps(asset)).status == 0
    done = namespace.catalog("update", "--set", "alerts=pager")
    assert done.status == 0, done
    assert f"left, changed since its installation: Asset {namespace.name}/web/get:1.0.0\n" in done.out
    assert namespace.check("web-web1")["interval"] == 50


def test_several_installations_are_told_apart_by_their_id(namespace: Namespace, sensuctl: Sensuctl) -> None:
    """An integration can be installed for several hosts; each installation is updated and removed by itself."""
    assert namespace.catalog("install", "--set", "host=web2", "--set", "token.secret=t").status == 0
    assert namespace.names("check") == ["web-web1", "web-web2"]
    listed = sensuctl("catalog", "list", "--installed", "--namespace", namespace.name, "--format", "json")
    rows = json.loads(listed.out)
    assert [(row["name"], row["version"], row["changed"]) for row in rows] == [(WEB_NAME, "99991231.0.0", 0)] * 2
    assert sorted(row["resources"] for row in rows) == [1, 2], "the asset belongs to the first one"
    refused = namespace.catalog("update", "--set", "interval=70")
    assert "is installed several times; use --id" in refused.err
    first, second = (installed_id(namespace.check(name)) for name in ("web-web1", "web-web2"))
    assert namespace.catalog("update", "--id", second, "--set", "interval=70").status == 0
    assert (namespace.check("web-web1")["interval"], namespace.check("web-web2")["interval"]) == (50, 70)
    gone = sensuctl("catalog", "remove", WEB_NAME, "--id", first, "--skip-confirm", "--namespace", namespace.name)
    assert gone.status == 0, gone
    assert "left, used by CheckConfig web-web2: Asset web/get:1.0.0\n" in gone.out
    assert (namespace.names("check"), namespace.names("asset")) == (["web-web2"], ["web/get:1.0.0"])


def test_a_removal_deletes_what_nobody_changed_or_uses(namespace: Namespace, sensuctl: Sensuctl) -> None:
    """It has to be confirmed; a dry run only shows it."""

    def remove(*words: str) -> Any:
        return sensuctl("catalog", "remove", WEB_NAME, *words, "--namespace", namespace.name)

    assert remove("--dry-run").out.endswith("Nothing was deleted\n")
    assert remove().out.endswith("Canceled\n")
    assert namespace.names("check") == ["web-web1"]
    done = remove("--skip-confirm")
    assert done.status == 0, done
    assert (namespace.names("check"), namespace.names("asset")) == ([], [])
    with_version = sensuctl("catalog", "remove", f"{WEB_NAME}@1.0.0", "--namespace", namespace.name)
    assert with_version.err.endswith("without a version; --id names one of several installations\n")
    again = remove("--skip-confirm")
    assert f"{WEB_NAME} is not installed in the namespace {namespace.name}" in again.err


def test_a_removal_leaves_what_was_changed_unless_it_is_forced(namespace: Namespace, sensuctl: Sensuctl) -> None:
    """What the changed resource uses is left too."""
    assert sensuctl("check", "set-command", "web-web1", "mine", "--namespace", namespace.name).status == 0
    words = ("catalog", "remove", WEB_NAME, "--skip-confirm", "--namespace", namespace.name)
    done = sensuctl(*words)
    assert done.status == 0, done
    assert "left, changed since its installation: CheckConfig web-web1\n" in done.out
    assert (namespace.names("check"), namespace.names("asset")) == (["web-web1"], ["web/get:1.0.0"])
    assert sensuctl(*words, "--force").status == 0
    assert (namespace.names("check"), namespace.names("asset")) == ([], [])


def test_what_is_installed_is_not_pruned(namespace: Namespace, sensuctl: Sensuctl) -> None:
    """`prune` deletes what `create` made; an installation is removed by `catalog remove`."""
    pruned = sensuctl("prune", "checks,assets", "--namespace", namespace.name, stdin="")
    assert pruned.status == 0, pruned
    assert namespace.names("check") == ["web-web1"]


def resource(type_name: str, name: str, spec: dict[str, Any], api_version: str = "core/v2") -> dict[str, Any]:
    return {"type": type_name, "api_version": api_version, "metadata": {"name": name}, "spec": spec}


RULE = {"verbs": ["get"], "resources": ["checks"]}
BINDING = {"subjects": [{"type": "Group", "name": "ops"}]}
OF_MANY_KINDS = [
    resource("Secret", "token", {"provider": "env", "id": "TOKEN"}, "secrets/v1"),
    resource("ClusterRole", "reader", {"rules": [RULE]}),
    resource("ClusterRoleBinding", "readers", {"role_ref": {"type": "ClusterRole", "name": "reader"}, **BINDING}),
    resource("Role", "local", {"rules": [RULE]}),
    resource("RoleBinding", "locals", {"role_ref": {"type": "Role", "name": "local"}, **BINDING}),
    resource("Entity", "proxy", {"entity_class": "proxy", "subscriptions": ["a"]}),
    resource("Search", "bad", {"parameters": ["status:incident"], "resource": "core.v2/Event"}, "searches/v1"),
    resource("HookConfig", "hook", {"command": "x", "timeout": 5}),
    resource("EventFilter", "only", {"action": "allow", "expressions": ["event.check.status == 2"]}),
    resource("Mutator", "shape", {"command": "x"}),
    resource("Handler", "all", {"type": "set", "handlers": ["a"]}),
]


def test_resources_of_many_kinds_are_installed_and_removed(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """Those of the whole cluster belong to the namespace in which they were installed."""
    write_integration(tmp_path, {**WEB, "prompts": [], "resource_patches": [], "resources": OF_MANY_KINDS})
    namespace = Namespace(sensuctl, "many-kinds", str(tmp_path))
    done = namespace.catalog("install")
    assert done.status == 0, done
    assert "create: ClusterRole reader (for the whole cluster)\n" in done.out
    again = namespace.catalog("update")
    assert again.out.count("unchanged: ") == len(OF_MANY_KINDS), again
    words = ("catalog", "remove", WEB_NAME, "--skip-confirm", "--namespace")
    elsewhere = sensuctl(*words, "default")
    assert "is not installed in the namespace default" in elsewhere.err
    gone = sensuctl(*words, namespace.name)
    assert gone.out.count("delete: ") == len(OF_MANY_KINDS), gone
    assert sensuctl("cluster-role", "info", "reader").status == 1


SUMO = resource("SumoLogicMetricsHandler", "sumo", {"url": "https://old.example.com/", "timeout": "10s"}, "pipeline/v1")


def test_a_resource_with_a_secret_value_is_updated_and_removed(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """A hidden value cannot be compared, so that it is sent with every update and never counts as a change."""
    target = {"type": SUMO["type"], "api_version": SUMO["api_version"], "name": "sumo"}
    patch = {"op": "replace", "path": "/spec/url", "value": "[[webhook_url]]"}
    question = {
        "type": "question",
        "name": "webhook_url",
        "required": True,
        "input": {"type": "string", "format": "url"},
    }
    patches = [{"resource": target, "patches": [patch]}]
    write_integration(tmp_path, {**WEB, "prompts": [question], "resource_patches": patches, "resources": [SUMO]})
    namespace = Namespace(sensuctl, "hidden-value", str(tmp_path))
    assert namespace.catalog("install", "--set", "webhook_url=https://one.example.com/").status == 0
    done = namespace.catalog("update", "--set", "webhook_url=https://two.example.com/")
    assert "update: SumoLogicMetricsHandler hidden-value/sumo\n" in done.out, done
    shown = sensuctl(
        "dump", "pipeline/v1.SumoLogicMetricsHandler", "--namespace", namespace.name, "--format", "wrapped-json"
    )
    assert json.loads(shown.out)["spec"]["url"] == "https://two.example.com/"
    listed = sensuctl("catalog", "list", "--installed", "--namespace", namespace.name, "--format", "json").out
    assert [row["changed"] for row in json.loads(listed)] == [0]
    gone = sensuctl("catalog", "remove", WEB_NAME, "--skip-confirm", "--namespace", namespace.name)
    assert "delete: SumoLogicMetricsHandler sumo\n" in gone.out, gone
