"""Files and the backend brought together: apply, diff, prune."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Sensuctl

CHECK = "type: CheckConfig\nmetadata: {{name: {0}}}\nspec: {{command: x, interval: {1}}}\n"
OF_EVERY_KIND = """\
type: Namespace
spec: {name: prod}
---
type: Role
metadata: {name: rr}
spec: {rules: [{verbs: [get], resources: ["checks,events"]}]}
---
type: RoleBinding
metadata: {name: rb}
spec: {role_ref: {type: role, name: rr}, subjects: [{type: user, name: bob}]}
---
type: Entity
metadata: {name: sw}
spec: {entity_class: proxy, subscriptions: [a]}
---
type: CheckConfig
metadata: {name: cc}
spec:
  command: x
  interval: 5
  check_hooks: [{critical: [h]}]
  pipelines: [{name: p}]
  proxy_requests: {entity_attributes: [a], splay: true, splay_coverage: 50}
  subdue: {days: {all: [{begin: "5:00PM", end: "6:00PM"}]}}
---
type: Handler
metadata: {name: hs}
spec: {type: tcp, socket: {host: a, port: 4}}
---
type: Pipeline
metadata: {name: pp}
spec: {workflows: [{name: w, handler: {name: h, type: Handler, api_version: core/v2}}]}
---
type: Silenced
spec: {subscription: web, reason: x, expire: 600}
---
type: Silenced
spec: {check: disk, reason: x, expire: -1}
---
type: TessenConfig
spec: {opt_out: true}
"""


@pytest.fixture(autouse=True)
def empty_again(sensuctl: Sensuctl) -> Iterator[None]:
    """What a test made is gone afterwards."""
    yield
    assert sensuctl("prune", "all", "--cluster-wide", "--all-users").status == 0


def test_apply_creates_what_is_missing_updates_what_differs_and_leaves_the_rest(sensuctl: Sensuctl) -> None:
    """Each resource is told with what became of it, and the fields that changed."""
    files = CHECK.format("a", 60) + "---\n" + CHECK.format("b", 60)
    assert sensuctl("create", stdin=files).status == 0
    changed = "---\n".join([CHECK.format("a", 60), CHECK.format("b", 30), CHECK.format("c", 60)])
    planned = "would update CheckConfig default/b (interval)\nwould create CheckConfig default/c\n"
    dry_run = sensuctl("apply", "--dry-run", stdin=changed)
    assert dry_run == (0, planned + "1 would create, 1 would update, 1 unchanged\n", "")
    done = "updated CheckConfig default/b (interval)\ncreated CheckConfig default/c\n"
    assert sensuctl("apply", stdin=changed) == (0, done + "1 created, 1 updated, 1 unchanged\n", "")
    assert sensuctl("apply", stdin=changed).out == "0 created, 0 updated, 3 unchanged\n"


def test_a_dry_run_sends_nothing(sensuctl: Sensuctl) -> None:
    """What would be done can be seen without doing it, also by a program."""
    ended = sensuctl("apply", "--dry-run", "--format", "json", stdin=CHECK.format("a", 60))
    assert json.loads(ended.out) == [
        {
            "action": "create",
            "type": "CheckConfig",
            "api_version": "core/v2",
            "namespace": "default",
            "name": "a",
            "fields": [],
        }
    ]
    assert sensuctl("check", "info", "a").err == "Error: not found\n"


def test_a_dry_run_tells_what_the_api_would_refuse(sensuctl: Sensuctl) -> None:
    """Every mistake at once, each with its place, so that a pipeline need not find them one by one."""
    wrong = "type: EventFilter\nmetadata: {name: f}\nspec: {action: allow, expressions: ['((']}\n"
    ended = sensuctl(
        "apply", "--dry-run", stdin=CHECK.format("a", 0) + "---\n" + wrong + "---\n" + CHECK.format("b", 9)
    )
    assert ended.status == 1
    assert ended.out.endswith("3 would create, 0 would update, 0 unchanged\n")
    first, second = ended.err.splitlines()
    assert first.startswith("Error: in stdin, line 1: CheckConfig default/a: check interval must be greater than 0")
    assert second.startswith("in stdin, line 5: EventFilter default/f: syntax error in expression 0: ")


def test_what_was_done_before_a_refusal_is_told(sensuctl: Sensuctl) -> None:
    """Nobody has to guess how far it came."""
    ended = sensuctl("apply", stdin=CHECK.format("a", 60) + "---\n" + CHECK.format("b", 0))
    assert (ended.status, ended.out) == (1, "created CheckConfig default/a\n1 created, 0 updated, 0 unchanged\n")
    assert "check interval must be greater than 0" in ended.err


def test_prune_keeps_what_standard_input_holds(sensuctl: Sensuctl) -> None:
    """A pipe is a file, as it is for create."""
    files = CHECK.format("a", 60) + "---\n" + CHECK.format("b", 60)
    assert sensuctl("create", stdin=files).status == 0
    pruned = sensuctl("prune", "checks", "--dry-run", "--format", "json", stdin=CHECK.format("a", 60))
    assert [row["name"] for row in json.loads(pruned.out)] == ["b"]


def test_what_was_applied_differs_no_more(sensuctl: Sensuctl) -> None:
    """The API completes what it is sent; that is no difference, whatever the kind."""
    assert sensuctl("apply", stdin=OF_EVERY_KIND).status == 0
    assert sensuctl("apply", stdin=OF_EVERY_KIND).out.startswith("0 created, 0 updated, ")
    assert sensuctl("diff", stdin=OF_EVERY_KIND) == (0, "", "")


def test_a_user_whose_password_nobody_can_compare_is_put_and_never_shown(sensuctl: Sensuctl) -> None:
    """A password is in no diff."""
    user = "type: User\nspec: {username: carol, password: s3cret-s3cret, groups: [ops]}\n"
    assert "s3cret" not in sensuctl("diff", stdin=user).out
    assert sensuctl("apply", stdin=user).out.startswith("created User carol\n")
    assert sensuctl("apply", stdin=user).out.startswith("updated User carol\n")
    assert sensuctl("user", "test-creds", "carol", "--password", "s3cret-s3cret").status == 0


def test_diff_shows_the_lines_that_differ(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """The server's lines are taken away, the file's added; the exit status tells that there were any."""
    assert sensuctl("create", stdin=CHECK.format("a", 60)).status == 0
    path = tmp_path / "a.yml"
    path.write_text("\n" + CHECK.format("a", 30))
    ended = sensuctl("diff", "-f", str(path))
    assert (ended.status, ended.err) == (1, "")
    lines = ended.out.splitlines()
    assert lines[:2] == ["--- server: CheckConfig default/a", f"+++ {path}, line 2: CheckConfig default/a"]
    assert [line for line in lines[2:] if line[0] in "+-"] == ["-  interval: 60", "+  interval: 30"]
    path.write_text(CHECK.format("a", 60))
    assert sensuctl("diff", "-f", str(path)) == (0, "", "")


def test_prune_deletes_what_sensuctl_created_and_the_files_do_not_hold(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """What a file holds stays, and so does what was made by hand; a dry run deletes nothing."""
    files = CHECK.format("a", 60) + "---\n" + CHECK.format("b", 60)
    assert sensuctl("create", stdin=files).status == 0
    assert sensuctl("check", "create", "by-hand", "-c", "x", "-i", "5", "-s", "s").status == 0
    path = tmp_path / "a.yml"
    path.write_text(CHECK.format("a", 60))
    pruning = ("prune", "checks", "-f", str(path), "--format", "json")
    expected = [
        {
            "type": "CheckConfig",
            "api_version": "core/v2",
            "name": "b",
            "namespace": "default",
            "labels": {"sensu.io/managed_by": "sensuctl"},
            "created_by": "admin",
        }
    ]
    assert json.loads(sensuctl(*pruning, "--dry-run").out) == expected
    assert json.loads(sensuctl(*pruning).out) == expected
    left = [one["metadata"]["name"] for one in json.loads(sensuctl("check", "list", "--format", "json").out)]
    assert left == ["a", "by-hand"]
    assert json.loads(sensuctl(*pruning).out) == []
    sensuctl("check", "delete", "by-hand", "--skip-confirm")


def test_prune_looks_at_the_chosen_authors_labels_and_kinds_only(sensuctl: Sensuctl) -> None:
    """Others' resources, other labels, omitted types and what is cluster-wide are left alone unless asked for."""
    labelled = CHECK.format("a", 60).replace("{name: a}", "{name: a, labels: {region: eu}}")
    role = "type: ClusterRole\nmetadata: {name: cr}\nspec: {rules: [{verbs: [get], resources: [checks]}]}\n"
    assert sensuctl("create", stdin=labelled + "---\n" + CHECK.format("b", 60) + "---\n" + role).status == 0

    def names(*flags: str) -> list[str]:
        return [one["name"] for one in json.loads(sensuctl("prune", *flags, "-d", "--format", "json").out)]

    assert names("all") == ["a", "b"]
    assert names("all", "--cluster-wide") == ["a", "b", "cr"]
    assert names("all", "--omit", "checks") == []
    assert names("all", "--label-selector", "region == eu") == ["a"]
    assert names("all", "--users", "bob") == []
    assert names("all", "--users", "bob,admin") == ["a", "b"]
    assert names("all", "--all-users") == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("all", "-a", "-u", "bob"), "the all-users and users flags are mutually exclusive"),
        (("all", "--omit", "nonsense"), "error parsing --omit: invalid resource type: nonsense"),
        (("nonsense",), "invalid resource type: nonsense"),
        (("all", "--api-key", "k"), "with an API key, specify whose resources to delete: --users NAME or --all-users"),
    ],
)
def test_prune_refuses_what_is_unclear(sensuctl: Sensuctl, words: tuple[str, ...], message: str) -> None:
    """Nothing is deleted on a guess."""
    assert sensuctl("prune", *words) == (1, "", f"Error: {message}\n")


def test_a_secret_is_a_resource_like_others(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """It is created, compared, listed, dumped and deleted, by reference: its value is nowhere."""
    path = tmp_path / "secret.yml"
    text = "type: Secret\napi_version: secrets/v1\nmetadata: {name: pw}\nspec: {provider: env, id: SENSU_PW}\n"
    path.write_text(text)
    assert sensuctl("apply", "-f", str(path)).out.startswith("created Secret default/pw\n")
    assert sensuctl("diff", "-f", str(path)) == (0, "", "")
    assert sensuctl("secret", "list").out.splitlines()[2].split() == ["pw", "env", "SENSU_PW"]
    assert "Provider:  env\n" in sensuctl("secret", "info", "pw").out
    assert "id: SENSU_PW\n" in sensuctl("dump", "secrets").out
    path.write_text(text.replace("SENSU_PW", "OTHER"))
    assert "would update Secret default/pw (id)\n" in sensuctl("apply", "-f", str(path), "--dry-run").out
    assert [row["name"] for row in json.loads(sensuctl("prune", "secrets", "--format", "json").out)] == ["pw"]
    assert sensuctl("secret", "info", "pw").status == 1
