"""Files that people write: folders, users without passwords, silences that are over."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Sensuctl

CHECK = "type: CheckConfig\nmetadata: {{name: {}}}\nspec: {{command: x, interval: 5}}\n"
USER = "type: User\nmetadata: {name: ec2-service}\nspec: {disabled: false, username: ec2-service}\n"
KEY = "11111111-2222-4333-8444-555555555555"
API_KEY = f"type: APIKey\nmetadata: {{name: {KEY}}}\nspec: {{username: admin, created_at: 5}}\n"


def names(sensuctl: Sensuctl) -> list[str]:
    return [one["metadata"]["name"] for one in json.loads(sensuctl("check", "list", "--format", "json").out)]


def test_a_folder_means_its_yaml_and_json_files(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """What else is in a folder is no resource: scripts, notes, keys; a file that is named may have any name."""
    for name in ("a.yml", "b.yaml", "c.YML", "inner/d.yml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(CHECK.format(f"folder-{path.stem}"))
    check = {"type": "CheckConfig", "metadata": {"name": "folder-j"}, "spec": {"command": "x", "interval": 5}}
    (tmp_path / "j.json").write_text(json.dumps(check))
    (tmp_path / "run.py").write_text("print('no resource')\n")
    (tmp_path / "README").write_text("# notes: [\n")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\xff")
    assert sensuctl("create", "-f", str(tmp_path)) == (0, "", "")
    assert [name for name in names(sensuctl) if name.startswith("folder")] == [f"folder-{one}" for one in "abcj"]
    assert sensuctl("create", "-r", "-f", str(tmp_path)) == (0, "", "")
    assert "folder-d" in names(sensuctl)
    (tmp_path / "plain.txt").write_text(CHECK.format("folder-plain"))
    assert sensuctl("create", "-f", str(tmp_path / "plain.txt")) == (0, "", "")


def test_a_folder_without_resources_says_so(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """Nothing to create is no success."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/d.yml").write_text(CHECK.format("d"))
    ended = sensuctl("create", "-f", str(tmp_path))
    message = f"Error: no .yml, .yaml or .json files in {tmp_path}; use -r to include folders within it\n"
    assert (ended.status, ended.err) == (1, message)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_of_any_editor_are_read(sensuctl: Sensuctl, tmp_path: Path, encoding: str) -> None:
    """A byte order mark and what PowerShell writes are no reason to refuse a file."""
    path = tmp_path / "check.yml"
    path.write_bytes(CHECK.format(f"in-{encoding}").encode(encoding))
    assert sensuctl("create", "-f", str(path)) == (0, "", "")
    assert f"in-{encoding}" in names(sensuctl)


def test_a_user_without_a_password_is_a_mistake(sensuctl: Sensuctl) -> None:
    """Whoever writes a user or a key into a file learns that it was not made; what stands beside it is made."""
    ended = sensuctl("create", stdin="---\n".join([USER, API_KEY, CHECK.format("beside")]))
    assert ended.status == 1
    assert ended.err.splitlines() == [
        'warning: User "ec2-service" has no password or password_hash: not created; add one, or use '
        "'sensuctl user create'",
        "warning: APIKey \"11111111…\" cannot be created from a file: use 'sensuctl api-key grant'",
        "Error: not created: 2 of 3 resources",
    ]
    assert "beside" in names(sensuctl)
    assert "ec2-service" not in sensuctl("user", "list").out
    applied = sensuctl("apply", stdin=USER)
    assert applied.status == 1
    assert "has no password or password_hash: not created" in applied.err
    with_password = USER.replace("disabled: false", "password: P@ssw0rd!")
    assert sensuctl("create", stdin=with_password) == (0, "", "")
    assert sensuctl("create", stdin=USER) == (0, "", "")  # it is there as the file says


@pytest.mark.parametrize("begin", ["2022-03-14T15:00:00Z", "2022-03-14 15:00:00 -07:00", "Mar 14 2022 3:00PM UTC"])
def test_a_silence_whose_time_is_over_is_refused(sensuctl: Sensuctl, begin: str) -> None:
    """A silence without effect is a mistake in its times, whichever way they are written."""
    ended = sensuctl("silenced", "create", "-c", "over", "-r", "why", "--begin", begin, "--expire", "3600")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("Error: this silence ended on 2022-03-14T")
    assert sensuctl("silenced", "info", "*:over").status == 1


def test_a_silence_in_a_file_whose_time_is_over_is_named(sensuctl: Sensuctl) -> None:
    """It is not created, and the status says so."""
    over = "type: Silenced\nspec: {check: over, begin: 1647270000, expire: 3600}\n"
    ended = sensuctl("create", stdin=over)
    assert ended.status == 1
    assert 'silence "*:over" is not created: it ended on 2022-03-14T' in ended.err
    lasting = "type: Silenced\nspec: {check: lasting, begin: 1647270000}\n"
    assert sensuctl("create", stdin=lasting) == (0, "", "")
