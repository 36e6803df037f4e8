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


SUMO = """type: SumoLogicMetricsHandler
api_version: pipeline/v1
metadata:
  name: sumologic_http_log_metrics
  namespace: default
spec:
  url: $SUMO_LOGIC_SOURCE_URL
  secrets:
  - name: SUMO_LOGIC_SOURCE_URL
    secret: sumologic_metrics_us2
  max_connections: 10
  timeout: 30s
"""


def test_a_sumo_logic_metrics_handler_is_created_listed_and_deleted(sensuctl: Sensuctl) -> None:
    """The documented example works, and a list shows its URL."""
    assert sensuctl("create", stdin=SUMO).status == 0
    row = sensuctl("sumo-logic-metrics-handler", "list").out.splitlines()[2]
    assert row.split() == ["sumologic_http_log_metrics", "$SUMO_LOGIC_SOURCE_URL", "10", "30s"]
    assert sensuctl("delete", stdin=SUMO).status == 0


FALLBACK = """type: FallbackPipeline
api_version: fallback_pipeline/v1
metadata:
  name: custom-fallback-pipeline
  namespace: default
spec:
  pipelines:
  - name: custom-pipeline1
    type: Pipeline
    api_version: core/v2
  - name: custom-pipeline2
    type: Pipeline
    api_version: core/v2
"""


def test_a_fallback_pipeline_is_created_listed_and_deleted(sensuctl: Sensuctl) -> None:
    """The documented example works, and a list shows its pipelines in order."""
    assert sensuctl("create", stdin=FALLBACK).status == 0
    row = sensuctl("fallback-pipeline", "list").out.splitlines()[2]
    assert row.split() == ["custom-fallback-pipeline", "custom-pipeline1,", "custom-pipeline2"]
    assert sensuctl("fallback-pipeline", "delete", "custom-fallback-pipeline", "--skip-confirm").status == 0
