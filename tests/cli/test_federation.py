"""The clusters and replicators of a federation with sensuctl."""

from pathlib import Path

from tests.cli.conftest import Sensuctl

FILES = """type: EtcdReplicator
api_version: federation/v1
metadata:
  name: role_replicator
spec:
  ca_cert: /path/to/ssl/trusted-certificate-authorities.pem
  cert: /path/to/ssl/cert.pem
  key: /path/to/ssl/key.pem
  insecure: false
  url: http://127.0.0.1:2379
  api_version: core/v2
  resource: Role
  replication_interval_seconds: 30
---
type: Cluster
api_version: federation/v1
metadata:
  name: alpha
spec:
  api_urls:
  - https://sensu.alpha.example.com:8080
"""


def test_clusters_and_replicators_are_created_listed_and_deleted(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """A file creates both, lists show where they lead, `apply` finds no difference, and `dump` writes them."""
    file = tmp_path / "federation.yml"
    file.write_text(FILES)
    assert sensuctl("create", "-f", str(file)).status == 0
    row = sensuctl("etcd-replicator", "list").out.splitlines()[2]
    assert row.split() == ["role_replicator", "core/v2.Role", "all", "http://127.0.0.1:2379", "30"]
    row = sensuctl("federated-cluster", "list").out.splitlines()[2]
    assert row.split() == ["alpha", "https://sensu.alpha.example.com:8080"]
    assert "2 unchanged" in sensuctl("apply", "-f", str(file)).out
    assert "sensu.alpha.example.com" in sensuctl("dump", "federation/v1.Cluster,federation/v1.EtcdReplicator").out
    assert sensuctl("federated-cluster", "delete", "alpha", "--skip-confirm").status == 0
    assert sensuctl("etcd-replicator", "delete", "role_replicator", "--skip-confirm").status == 0
