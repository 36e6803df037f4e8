"""Resources from files to the API and back."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Sensuctl

CHECK = "type: CheckConfig\napi_version: core/v2\nmetadata: {{name: {}}}\nspec: {{command: x, interval: 60}}\n"


def names(sensuctl: Sensuctl, noun: str = "check") -> list[str]:
    found = json.loads(sensuctl(noun, "list", "--format", "json").out)
    return [one["metadata"]["name"] for one in found]


def test_folders_files_and_standard_input_are_created(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """A folder is read with its files, deeper ones only with -r, and what comes in a pipe is read too."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.yml").write_text(CHECK.format("code-a") + "---\n" + CHECK.format("code-b"))
    (tmp_path / "deep" / "c.yml").write_text(CHECK.format("code-c"))
    assert sensuctl("create", "-f", str(tmp_path)) == (0, "", "")
    assert names(sensuctl) == ["code-a", "code-b"]
    assert sensuctl("create", "-r", "-f", str(tmp_path)) == (0, "", "")
    assert sensuctl("create", stdin=CHECK.format("code-d")) == (0, "", "")
    assert names(sensuctl) == ["code-a", "code-b", "code-c", "code-d"]
    for file in (tmp_path / "a.yml", tmp_path / "deep" / "c.yml"):
        assert sensuctl("delete", "-f", str(file)) == (0, "", "")
    assert sensuctl("delete", stdin=CHECK.format("code-d")) == (0, "", "")
    assert names(sensuctl) == []


def test_one_wrong_document_keeps_all_from_being_sent(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """What can be found out before the first request stops the run before it, with the file's name."""
    path = tmp_path / "bad.yml"
    path.write_text(CHECK.format("never") + "---\ntype: Nonsense\nspec: {}\n")
    found = sensuctl("create", "-f", str(path))
    expected = 'resource 1: error parsing spec: type could not be found: "Nonsense"\n'
    assert found == (1, "", f"{expected}Error: in {path}: some resources couldn't be parsed\n")
    assert names(sensuctl) == []


def test_a_dump_is_what_create_takes(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """What was written by dump can be deleted and comes back the same."""
    sensuctl("check", "create", "dumped", "-c", "echo 'a: b'", "-s", "y,1.5,-x", "-i", "30", "--handlers", "h1,h2")
    before = sensuctl("dump", "checks").out
    assert '- "y"\n  - "1.5"\n  - -x\n' in before
    assert sensuctl("check", "delete", "dumped", "--skip-confirm").out == "Deleted\n"
    path = tmp_path / "dump.yml"
    path.write_text(before)
    assert sensuctl("create", "-f", str(path)) == (0, "", "")
    after = sensuctl("dump", "checks").out
    assert after.replace("  labels:\n    sensu.io/managed_by: sensuctl\n", "") == before
    sensuctl("check", "delete", "dumped", "--skip-confirm")


@pytest.mark.parametrize("format_", ["tabular", "json", "wrapped-json", "yaml"])
def test_a_resource_is_shown_in_each_format(sensuctl: Sensuctl, format_: str) -> None:
    """People and programs get the same resource in their own form."""
    sensuctl("hook", "create", "shown", "-c", "ps aux")
    out = sensuctl("hook", "info", "shown", "--format", format_).out
    if format_ == "json":
        assert json.loads(out)["command"] == "ps aux"
    elif format_ == "wrapped-json":
        assert json.loads(out)["spec"]["command"] == "ps aux"
    elif format_ == "yaml":
        assert out.startswith("type: HookConfig\napi_version: core/v2\nmetadata:\n")
    else:
        assert out.startswith("=== shown\nName:      shown\nCommand:   ps aux\n")


def test_an_editor_changes_what_it_changes(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """An edited resource is sent; one that was left alone is not."""
    sensuctl("check", "create", "edited", "-c", "x", "-s", "s", "-i", "60")
    change, leave = tmp_path / "change.sh", tmp_path / "leave.sh"
    change.write_text("#!/bin/sh\nsed -i 's/interval: 60/interval: 90/' \"$1\"\n")
    leave.write_text("#!/bin/sh\n:\n")
    for script in (change, leave):
        script.chmod(0o755)
    path = "/api/core/v2/namespaces/default/checks/edited"
    assert sensuctl("edit", "check", "edited", EDITOR=str(leave)) == (0, "", "")
    assert sensuctl("edit", "check", "edited", EDITOR=str(change)) == (0, f"Updated {path}\n", "")
    assert json.loads(sensuctl("check", "info", "edited", "--format", "json").out)["interval"] == 90
    sensuctl("check", "delete", "edited", "--skip-confirm")
