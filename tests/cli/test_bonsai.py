"""Assets from an index on the web."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import Sensuctl

VERSIONS = ["0.9.0", "0.10.0", "1.0.0-rc1"]
ANNOTATIONS = {"io.sensu.bonsai.namespace": "sensu", "io.sensu.bonsai.name": "plugins"}


def release(version: str) -> dict[str, Any]:
    annotations = {**ANNOTATIONS, "io.sensu.bonsai.version": version}
    build = {"url": f"https://example.com/{version}.tar.gz", "sha512": "a" * 128, "filters": []}
    metadata = {"name": "sensu/plugins", "annotations": annotations}
    return {"type": "Asset", "api_version": "core/v2", "metadata": metadata, "spec": {"builds": [build]}}


class Index(http.server.BaseHTTPRequestHandler):
    """The part of Bonsai's API that is used."""

    def do_GET(self) -> None:
        base = "/api/v1/assets/sensu/plugins"
        answers: dict[str, Any] = {
            base: {"name": "plugins", "versions": [{"version": version} for version in VERSIONS]},
            **{f"{base}/{version}/release_asset_builder": release(version) for version in VERSIONS},
        }
        found = answers.get(self.path)
        self.send_response(404 if found is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    """The URL of an index with one asset."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_asset_is_added_in_its_newest_release(sensuctl: Sensuctl, index: str) -> None:
    """Without a version the newest released one is taken, by number and not by letter, and the next step is told."""
    added = sensuctl("asset", "add", "sensu/plugins", SENSU_BONSAI_URL=index)
    assert added.out.splitlines()[:3] == [
        "no version specified, using latest: 0.10.0",
        "fetching bonsai asset: sensu/plugins:0.10.0",
        "added asset: sensu/plugins:0.10.0",
    ]
    assert added.out.endswith('["sensu/plugins"].\n')
    asset = json.loads(sensuctl("asset", "info", "sensu/plugins", "--format", "json").out)
    assert asset["builds"][0]["url"] == "https://example.com/0.10.0.tar.gz"
    assert json.loads(sensuctl("asset", "outdated", "--format", "json", SENSU_BONSAI_URL=index).out) == []


def test_an_old_asset_is_told(sensuctl: Sensuctl, index: str) -> None:
    """Whoever runs an older version sees the newer one."""
    sensuctl("asset", "add", "sensu/plugins:0.9.0", "--rename", "old", SENSU_BONSAI_URL=index)
    row = sensuctl("asset", "outdated", SENSU_BONSAI_URL=index).out.splitlines()[2].split()
    assert row == ["old", "sensu/plugins", "0.9.0", "0.10.0"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("plugins", 'asset name must be specified in the format "namespace/asset"'),
        ("sensu/plugins:7", 'version "7" of asset sensu/plugins does not exist; there are: 1.0.0, 0.10.0, 0.9.0'),
        ("sensu/nosuch", "answered 404"),
    ],
)
def test_what_is_not_there_is_told(sensuctl: Sensuctl, index: str, name: str, message: str) -> None:
    """A wrong name or version is one line that says which there are."""
    found = sensuctl("asset", "add", name, SENSU_BONSAI_URL=index)
    assert found.status == 1
    assert message in found.err.replace("-rc1", "")


def test_an_asset_that_is_no_command_is_not_installed(sensuctl: Sensuctl, index: str) -> None:
    """Only what was made as a command of sensuctl becomes one."""
    found = sensuctl("command", "install", "x", "sensu/plugins:0.10.0", SENSU_BONSAI_URL=index)
    assert found.err == (
        'Error: sensu/plugins is not a command: its annotation io.sensu.bonsai.type is not "sensuctl"\n'
    )
