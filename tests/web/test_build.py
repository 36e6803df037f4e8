"""Building the web UI where something is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9"
BUILD_S = 90.0


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The sources of the web UI and what builds them, with a page that was built before and set aside."""
    shutil.copytree(CHECKOUT / "packaging", tmp_path / "packaging")
    web = tmp_path / "src" / "sensu" / "web"
    shutil.copytree(CHECKOUT / "src" / "sensu" / "web", web, ignore=shutil.ignore_patterns("node_modules", "dist*"))
    (web / "dist.old").mkdir()
    (web / "dist.old" / "index.html").write_text("the former page")
    return tmp_path


@pytest.mark.slow
def test_a_registry_that_cannot_be_reached_is_said_in_two_lines(checkout: Path, tmp_path: Path) -> None:
    """A build without the npm registry says what is missing and how to get it, and the former page is served on."""
    environment = {**os.environ, "npm_config_registry": NOWHERE, "npm_config_cache": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, str(checkout / "packaging" / "web_ui.py"), "build"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=BUILD_S,
        check=False,
    )
    why = "the web UI could not be built: the npm registry cannot be reached (ECONNREFUSED)"
    assert done.returncode == 1
    assert done.stderr.splitlines() == [why, "everything else runs; build it later with: make web"]
    web = checkout / "src" / "sensu" / "web"
    assert (web / "build-problem.txt").read_text().strip() == why
    assert (web / "dist" / "index.html").read_text() == "the former page"
