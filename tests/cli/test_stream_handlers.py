"""Stream handlers with sensuctl."""

from pathlib import Path

from tests.cli.conftest import Sensuctl

STREAM = """type: TCPStreamHandler
api_version: pipeline/v1
metadata:
  name: logstash
  namespace: default
spec:
  address: 127.0.0.1:4242
  tls_ca_cert_file: "/path/to/tls/ca.pem"
  tls_cert_file: "/path/to/tls/cert.pem"
  tls_key_file: "/path/to/tls/key.pem"
  max_connections: 10
  min_reconnect_delay: 10ms
  max_reconnect_delay: 10s
"""


def test_a_tcp_stream_handler_is_created_listed_and_deleted(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """A file creates it, a list shows where it leads, `apply` finds no difference, and `dump` writes it."""
    file = tmp_path / "stream.yml"
    file.write_text(STREAM)
    assert sensuctl("create", "-f", str(file)).status == 0
    row = sensuctl("tcp-stream-handler", "list").out.splitlines()[2]
    assert row.split() == ["logstash", "127.0.0.1:4242", "10", "yes"]
    assert "Address:" in sensuctl("tcp-stream-handler", "info", "logstash").out
    assert "unchanged" in sensuctl("apply", "-f", str(file)).out
    assert "tls_ca_cert_file: /path/to/tls/ca.pem" in sensuctl("dump", "pipeline/v1.TCPStreamHandler").out
    assert sensuctl("tcp-stream-handler", "delete", "logstash", "--skip-confirm").status == 0
