"""Installing an integration: answers, questions, and what is kept."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.catalogs import WEB, Namespace, write_integration
from tests.cli.catalogs import WEB_NAME as NAME
from tests.cli.conftest import Sensuctl, logged_in
from tests.cli.test_real_terminal import Screen

SECRET_VALUE = "s3cr3t-value"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A repository with one integration."""
    folder = tmp_path_factory.mktemp("catalog")
    write_integration(folder, WEB)
    return str(folder)


@pytest.fixture
def namespace(sensuctl: Sensuctl, repository: str, request: pytest.FixtureRequest) -> Namespace:
    """A namespace of the test."""
    name = request.node.name.replace("_", "-")[:60]
    return Namespace(sensuctl, name, repository)


def test_answers_are_put_into_the_resources(namespace: Namespace, tmp_path: Path) -> None:
    """Answers come from files and --set; lists, numbers and references to secrets have their types."""
    answers = tmp_path / "answers.yml"
    answers.write_text("host: web1\ninterval: 45\ntoken: {secret: web-token}\n")
    done = namespace.catalog("install", "--answers", str(answers), "--set", "subscriptions=a,b", "--set", "interval=50")
    assert done.status == 0, done
    check = namespace.check("web-web1")
    assert (check["command"], check["interval"], check["subscriptions"]) == ("get web1", 50, ["a", "b"])
    assert check["secrets"] == [{"name": "TOKEN", "secret": "web-token"}]
    assert (check["pipelines"], check["env_vars"]) == ([], None)
    assert check["metadata"]["labels"] | {"sensu.io/catalog_id": "x"} == {
        "team": "web", "sensu.io/catalog": f"{NAME}@99991231.0.0", "sensu.io/catalog_id": "x"}  # fmt: skip
    assert "The check runs for a,b on web1." in done.out
    assert done.err == "left out: CheckConfig web: what depends on alerts (no answer)\n"


def test_a_secret_answer_is_not_kept_with_the_resources(namespace: Namespace, tmp_path: Path) -> None:
    """The annotation has the other answers, and only the name of the secret one."""
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"host": "web1", "token": {"env_var": SECRET_VALUE}}))
    done = namespace.catalog("install", "--answers", str(answers))
    assert done.status == 0, done
    check = namespace.check("web-web1")
    kept = json.loads(check["metadata"]["annotations"]["sensu.io/catalog_answers"])
    assert kept == {
        "answers": {"host": "web1", "interval": 30, "subscriptions": ["web"], "token": {"option": "env_var"}},
        "secrets": ["token.env_var"],
    }
    assert check["env_vars"] == [f"TOKEN={SECRET_VALUE}"]
    assert SECRET_VALUE not in done.out + done.err


def test_questions_are_asked_until_the_answers_are_valid(namespace: Namespace) -> None:
    """An empty answer takes the default, a wrong one is asked again, and options are chosen by number."""
    typed = ["not a host", "web1", "often", "", "a, b", "", "9", "2", "", SECRET_VALUE]
    done = namespace.catalog("install", "--interactive", stdin="\n".join(typed) + "\n")
    assert done.status == 0, done
    assert "host must be a host name" in done.out
    assert "interval must be a whole number" in done.out
    assert "  1. Secret\n  2. Variable\n" in done.out
    assert "type a number from 1 to 2" in done.out
    assert "an answer is required" in done.out
    assert "=== Settings" in done.out
    check = namespace.check("web-web1")
    assert (check["interval"], check["subscriptions"], check["env_vars"]) == (30, ["a", "b"], [f"TOKEN={SECRET_VALUE}"])


def test_existing_resources_are_suggested(namespace: Namespace, sensuctl: Sensuctl) -> None:
    """A question with a reference shows the names that the namespace has."""
    document = {"type": "Pipeline", "api_version": "core/v2", "metadata": {"name": "pager"}, "spec": {"workflows": []}}
    assert sensuctl("create", "--namespace", namespace.name, stdin=json.dumps(document)).status == 0
    done = namespace.catalog("install", "--interactive", stdin="web1\n\n\npager\n1\nweb-token\n")
    assert done.status == 0, done
    assert "  known: pager\n" in done.out
    assert namespace.check("web-web1")["pipelines"] == [
        {"api_version": "core/v2", "type": "Pipeline", "name": "pager"}]  # fmt: skip


def test_the_end_of_the_answers_installs_nothing(namespace: Namespace) -> None:
    """Half a conversation makes no resources."""
    done = namespace.catalog("install", "--interactive", stdin="web1\n\n")
    assert (done.status, done.err) == (1, "Error: EOF\n")
    assert namespace.names("check") == []


def test_a_required_question_without_an_answer_is_named(namespace: Namespace) -> None:
    """Without a terminal nothing is asked, so that the answer has to be given."""
    done = namespace.catalog("install")
    assert done.status == 1
    assert (
        "these questions need an answer: host (host), token (token); use --answers FILE or --set NAME=VALUE" in done.err
    )
    wrong = namespace.catalog("install", "--set", "interval=often")
    assert wrong.err == "Error: interval must be a whole number\n"
    unknown = namespace.catalog("install", "--set", "intervall=1")
    assert "the integration has no question 'intervall'" in unknown.err


def test_a_dry_run_shows_the_resources_and_creates_none(namespace: Namespace, sensuctl: Sensuctl) -> None:
    """The output is what `sensuctl create` reads."""
    shown = namespace.catalog("install", "--set", "host=web1", "--set", "token.secret=t", "--dry-run")
    assert shown.status == 0, shown
    assert namespace.names("check") == []
    made = sensuctl("create", "--namespace", namespace.name, stdin=shown.out)
    assert made.status == 0, made
    assert namespace.check("web-web1")["command"] == "get web1"


def test_resources_that_exist_already_are_replaced_only_if_asked_for(namespace: Namespace, sensuctl: Sensuctl) -> None:
    """An asset with the same content is shared; a resource that differs is an error that names it."""
    asset = {**WEB["resources"][1]}
    other = {"type": "CheckConfig", "api_version": "core/v2", "metadata": {"name": "web-web1"},
             "spec": {"command": "mine", "interval": 10, "subscriptions": ["x"]}}  # fmt: skip
    both = json.dumps(asset) + "\n" + json.dumps(other)
    assert sensuctl("create", "--namespace", namespace.name, stdin=both).status == 0
    words = ("--set", "host=web1", "--set", "token.secret=t")
    refused = namespace.catalog("install", *words)
    assert refused.status == 1
    assert f"exist already and differ: CheckConfig {namespace.name}/web-web1; use --overwrite" in refused.err
    assert namespace.check("web-web1")["command"] == "mine"
    done = namespace.catalog("install", *words, "--overwrite")
    assert done.status == 0, done
    assert f"overwrite: CheckConfig {namespace.name}/web-web1\n" in done.out
    assert f"unchanged: Asset {namespace.name}/web/get:1.0.0\n" in done.out
    assert namespace.check("web-web1")["command"] == "get web1"


def test_an_answer_that_breaks_a_rule_creates_nothing(namespace: Namespace) -> None:
    """All resources are validated before the first one is sent."""
    done = namespace.catalog("install", "--set", "host=web1", "--set", "token.secret=t", "--set", "interval=0")
    assert done.status == 1
    assert f"CheckConfig {namespace.name}/web-web1: " in done.err
    assert (namespace.names("check"), namespace.names("asset")) == ([], [])


def test_questions_cannot_control_the_terminal(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """Titles, texts, options and suggestions of a hostile catalog are shown with escapes."""
    facts = copy.deepcopy(WEB)
    for prompt in facts["prompts"]:
        prompt["input"] |= {"title": "\x1b[2Jtitle", "description": "\x1b]0;x\x07"}
    facts["prompts"][2]["input"]["default"] = ["\x1b[31mred"]
    facts["prompts"].insert(0, {"type": "markdown", "name": "x", "body": "\x9b31m\u202etext", "input": {}})
    facts["prompts"][5]["input"]["oneOf"][0]["properties"]["option"]["constLocale"]["title"] = "\x1b[1mbold"
    facts["post_install"] = [{"type": "section", "title": "\x1b[5mdone"}]
    write_integration(tmp_path, facts)
    words = ("catalog", "install", NAME, "--catalog", str(tmp_path), "--interactive", "--dry-run")
    done = sensuctl(*words, stdin="web1\n\nweb\n\n1\nname\n")
    assert done.status == 0, done
    assert not [code for code in ("\x1b", "\x07", "\x9b", "\u202e") if code in done.out + done.err]
    assert "\\x1b[2Jtitle" in done.out


def test_a_title_cannot_look_like_output_of_the_program(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """Titles have one line, and a default is used as it is even if it is shown in one line."""
    facts = copy.deepcopy(WEB)
    facts["prompts"][0]["input"] |= {"title": "Host\nInstalled web/web-monitoring", "default": "web1"}
    facts["prompts"][2]["input"]["default"] = ["a  b", "c,d"]
    write_integration(tmp_path, facts)
    words = ("catalog", "install", NAME, "--catalog", str(tmp_path), "--interactive", "--dry-run")
    done = sensuctl(*words, stdin="\n\n\n\n1\nname\n")
    assert done.status == 0, done
    assert "? Host Installed web/web-monitoring: (web1) " in done.out
    assert "  - a  b\n  - c,d\n" in done.out


@pytest.mark.parametrize(
    ("type_name", "name", "spec"),
    [
        ("User", "eve", {"username": "eve", "password": "Passw0rd!", "groups": ["cluster-admins"]}),
        ("APIKey", "83abef1e-e7d7-4beb-91fc-79ad90084d5b", {"username": "admin"}),
        ("Namespace", "hidden", {"name": "hidden"}),
        ("Silenced", "linux:*", {"subscription": "linux", "expire": 60}),
    ],
)
def test_a_catalog_cannot_install_accounts_and_the_like(
    sensuctl: Sensuctl, tmp_path: Path, type_name: str, name: str, spec: dict[str, Any]
) -> None:
    """Nobody expects an account from a catalog, and what has no labels could not be found again."""
    facts = copy.deepcopy(WEB)
    facts["resources"].append({"type": type_name, "api_version": "core/v2", "metadata": {"name": name}, "spec": spec})
    write_integration(tmp_path, facts)
    words = ("--catalog", str(tmp_path), "--set", "host=eve1", "--set", "token.secret=t")
    done = sensuctl("catalog", "install", NAME, *words)
    assert done.status == 1
    assert done.err.endswith(": a resource of this type cannot be installed from a catalog\n"), done


def test_an_installation_that_is_refused_halfway_can_be_completed(namespace: Namespace, sensuctl: Sensuctl) -> None:
    """The message names what was stored, and an update with the same id installs the rest."""
    own = ("--namespace", namespace.name)
    assert sensuctl("user", "create", "half", "--password", "Passw0rd!").status == 0
    assert (
        sensuctl("role", "create", "half", "--verb", "get,list,create,update", "--resource", "assets", *own).status == 0
    )
    readable = ("--verb", "get,list", "--resource", "checks")
    assert sensuctl("role", "create", "reader", *readable, *own).status == 0
    for role in ("half", "reader"):
        assert sensuctl("role-binding", "create", role, "--role", role, "--user", "half", *own).status == 0
    key = sensuctl("api-key", "grant", "half").out.split("/")[-1].strip()
    words = ("--set", "host=web1", "--set", "token.secret=t")
    refused = namespace.catalog("install", *words, "--api-key", key)
    assert refused.status == 1
    assert f"CheckConfig {namespace.name}/web-web1: " in refused.err
    match = re.search(
        rf"stored before it: Asset {namespace.name}/web/get:1.0.0; 'sensuctl (catalog update \S+ --id \w+)'",
        refused.err,
    )
    assert match is not None, refused
    done = namespace.catalog("update", *match[1].split()[3:], *words)
    assert done.status == 0, done
    listed = json.loads(sensuctl("catalog", "list", "--installed", *own, "--format", "json").out)
    assert [(one["resources"], one["changed"]) for one in listed] == [(2, 0)]


def test_a_secret_is_not_shown_while_it_is_typed(api_url: str, repository: str, tmp_path: Path) -> None:
    """At a terminal a secret answer has no echo, and the installation has to be confirmed."""
    logged_in(api_url, tmp_path)
    screen = Screen(tmp_path, 100, "catalog", "install", NAME, "--catalog", repository)
    for question, typed in (
        ("host:", b"term1\n"),
        ("interval:", b"\n"),
        ("subscriptions:", b"\n"),
        ("alerts:", b"\n"),
        ("(1-2):", b"2\n"),
        ("Token:", SECRET_VALUE.encode() + b"\n"),
        ("(y/N)", b"n\n"),
    ):
        assert question in screen.read(question), screen.text
        screen.type(typed)
    assert screen.end() == 0
    assert screen.text.endswith("Canceled\n")
    assert "create: CheckConfig default/web-term1" in screen.text
    assert SECRET_VALUE not in screen.text
