"""sensuctl and changes that would leave nobody with all rights."""

from pathlib import Path

import pytest

from tests.cli.conftest import Sensuctl, logged_in, running_backend

BINDING = """
type: ClusterRoleBinding
api_version: core/v2
metadata:
  name: cluster-admin
spec:
  role_ref:
    name: cluster-admin
    type: ClusterRole
  subjects:
  - name: Cluster_Admins
    type: Group
"""
LOCK_OUTS = [
    ["user", "disable", "admin", "--skip-confirm"],
    ["user", "remove-group", "admin", "cluster-admins"],
    ["user", "remove-groups", "admin"],
    ["user", "set-groups", "admin", "viewers"],
    ["cluster-role", "delete", "cluster-admin", "--skip-confirm"],
    ["cluster-role-binding", "delete", "cluster-admin", "--skip-confirm"],
    ["create", "-f", "binding.yml"],
    ["apply", "-f", "binding.yml"],
    ["delete", "-f", "binding.yml"],
    ["restore", "binding.yml"],
]


def test_a_lock_out_needs_force(sensuctl: Sensuctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command that would lock everybody out fails and names --force; nothing has changed afterwards."""
    monkeypatch.chdir(tmp_path)
    Path("binding.yml").write_text(BINDING)
    for words in LOCK_OUTS:
        ended = sensuctl(*words)
        assert ended.status == 1, words
        assert "--force" in ended.err, words
        assert sensuctl("user", "list").status == 0, words


def test_a_lock_out_that_is_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --force the change is made."""
    monkeypatch.chdir(tmp_path)
    Path("binding.yml").write_text(BINDING)
    (tmp_path / "backend").mkdir()
    with running_backend(tmp_path / "backend") as url:
        own = logged_in(url, tmp_path / "home")
        assert own("create", "-f", "binding.yml", "--force").status == 0
        assert own("user", "list").status == 1
