"""Everything out of one backend and into another."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Sensuctl, logged_in, running_backend

ODD_TEXTS = [
    "日本 🎉",
    "a\nb\n",
    "0123",
    "yes",
    "1:30",
    "  lead",
    "trail  ",
    'it\'s "q"',
    "null",
    "a\tb",
    "1e3",
    "",
    "x: y",
]
"""Texts that would be something else if they were not quoted."""
LEFT_OUT = "warning: User \"groupless\" is left out: a dump has no secrets; create it with 'sensuctl user create'\n"
SCRIPT = "#!/bin/sh\nset -e\n\techo 'x: y' | grep -c \"$1\"\n\n" + "word " * 30


@pytest.fixture(scope="module")
def filled(sensuctl: Sensuctl) -> Sensuctl:
    """A backend with resources of most kinds, made in several ways."""
    for line in (
        "namespace create dev",
        "check create disk -c df -i 60 -s linux,web --handlers mail",
        "handler create mail --command cat",
        "filter create once -a allow -s event.check.occurrences==1",
        "hook create ps -c ps",
        "mutator create cut -c cat",
        "role create reader -v get -r checks",
        "role-binding create readers -r reader -g ops",
        "cluster-role create all-readers -v get -r checks",
        "entity create switch -c proxy",
        "silenced create -s web -r why -e 3600",
        "silenced create -c disk -r why",
    ):
        assert sensuctl(*line.split()).status == 0, line
    odd = json.dumps(
        {**{f"k{n}": text for n, text in enumerate(ODD_TEXTS)}, "k10": "ten", "k9": "nine"}, ensure_ascii=False
    )
    for namespace in ("default", "dev"):
        meta = f"{{name: odd, namespace: {namespace}, labels: {odd}, annotations: {odd}}}"
        check = f"type: CheckConfig\nmetadata: {meta}\nspec: {{command: {json.dumps(SCRIPT)}, interval: 5}}\n"
        assert sensuctl("create", stdin=check).status == 0
    assert sensuctl("user", "create", "groupless", "-p", "P@ssw0rd!").status == 0
    event = "type: Event\nspec:\n  entity: {metadata: {name: switch, namespace: default}, entity_class: proxy}\n"
    assert sensuctl("create", stdin=f"{event}  check: {{metadata: {{name: up}}, interval: 5, status: 1}}\n").status == 0
    return sensuctl


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Sensuctl]:
    """Another backend."""
    with running_backend(tmp_path) as url:
        yield logged_in(url, tmp_path / "home")


@pytest.mark.parametrize("form", ["yaml", "wrapped-json"])
def test_a_dump_of_everything_round_trips_to_the_byte(filled: Sensuctl, fresh: Sensuctl, form: str) -> None:
    """What `dump all` wrote becomes the same `dump all` on a fresh backend, and changes nothing where it came from."""
    before = filled("dump", "all", "--all-namespaces", "--format", form).out
    assert fresh("create", "-f", "-", stdin=before) == (0, "", LEFT_OUT)
    assert fresh("user", "create", "groupless", "-p", "P@ssw0rd!").status == 0
    assert fresh("dump", "all", "--all-namespaces", "--format", form).out == before
    assert filled("create", "-f", "-", stdin=before) == (0, "", "")
    assert filled("dump", "all", "--all-namespaces", "--format", form).out == before


def test_what_a_dump_cannot_carry_is_left_out_and_named(fresh: Sensuctl) -> None:
    """Users without passwords and API keys without secrets are no reason to stop, and no secret is repeated."""
    user = "type: User\nspec: {username: bob, groups: [ops], disabled: false}\n"
    key = "11111111-2222-4333-8444-555555555555"
    api_key = f"type: APIKey\nmetadata: {{name: {key}, created_by: admin}}\nspec: {{username: bob, created_at: 5}}\n"
    check = "type: CheckConfig\nmetadata: {name: c, created_by: admin}\nspec: {command: x, interval: 5}\n"
    ended = fresh("create", "-f", "-", stdin="---\n".join([user, api_key, check]))
    assert (ended.status, ended.out) == (0, "")
    assert ended.err.splitlines() == [
        "warning: User \"bob\" is left out: a dump has no secrets; create it with 'sensuctl user create'",
        "warning: APIKey \"11111111…\" is left out: a dump has no secrets; create it with 'sensuctl api-key grant'",
    ]
    found = json.loads(fresh("check", "list", "--format", "json").out)
    assert [one["metadata"].get("labels") for one in found] == [None]


@pytest.mark.parametrize("target", ["all.yml", "all/"])
def test_a_backup_comes_back_on_a_fresh_backend(filled: Sensuctl, fresh: Sensuctl, tmp_path: Path, target: str) -> None:
    """A backup holds all namespaces but no events and keys, is for its owner's eyes, and restores what it holds."""
    place = f"{tmp_path}/{target}"
    ended = filled("backup", place)
    assert (ended.status, ended.err) == (0, "")
    files = [Path(place)] if Path(place).is_file() else sorted(path for path in Path(place).rglob("*.yml"))
    assert ended.out.endswith(f" in {len(files)} file{'s' if len(files) > 1 else ''}\n")
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert fresh("restore", place) == (0, "", LEFT_OUT)
    assert fresh("user", "create", "groupless", "-p", "P@ssw0rd!").status == 0
    dump = ("dump", "all", "--all-namespaces", "--omit", "events,apikeys")
    assert fresh(*dump).out == filled(*dump).out
