"""Resources of Sensu Go's commercial edition that have no effect here, with sensuctl."""

from pathlib import Path

from tests.cli.conftest import Sensuctl

LICENSE = """type: LicenseFile
api_version: licensing/v2
metadata:
  labels:
    sensu.io/entity-count: "10"
spec:
  license:
    version: 1
    issuer: Example, Inc.
    accountName: operations
    accountID: 42
    issued: "2019-01-01T13:40:25Z"
    validUntil: "2020-01-01T13:40:25Z"
    plan: managed
    features:
    - all
  signature: c2lnbmVk
  metadata: {}
"""
DATASTORE = """type: PostgresConfig
api_version: store/v1
metadata:
  name: events
spec:
  dsn: postgresql://sensu@db.example.org/events
  pool_size: 20
"""


def test_a_license_is_stored_and_described(sensuctl: Sensuctl) -> None:
    """`create` says that no license is needed; `license info` shows it in the reference's words; without, not found."""
    assert sensuctl("license", "info").err == "Error: not found\n"
    created = sensuctl("create", stdin=LICENSE)
    assert created.status == 0
    assert "warning" not in created.err
    lines = sensuctl("license", "info").out.splitlines()
    assert lines[0].startswith("=== You are currently using ")
    assert lines[0].count("/unlimited") == 3
    assert lines[1].split() == ["Account", "Name:", "operations"]
    assert [line.split()[-1] for line in lines if line.startswith("Valid:")] == ["false"]
    assert "accountID: 42" in sensuctl("dump", "license").out
    assert sensuctl("delete", stdin=LICENSE).status == 0
    assert sensuctl("license", "info").status == 1


def test_a_datastore_says_that_it_is_not_used(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """A file creates it, lists show it, `apply` finds no difference, and people read that it has no effect."""
    file = tmp_path / "datastore.yml"
    file.write_text(DATASTORE)
    created = sensuctl("create", "-f", str(file))
    assert created.status == 0
    row = sensuctl("datastore", "list").out.splitlines()[2]
    assert row.split() == ["events", "postgresql://sensu@db.example.org/events", "20"]
    assert "unchanged" in sensuctl("apply", "-f", str(file)).out
    assert sensuctl("datastore", "delete", "events", "--skip-confirm").status == 0
