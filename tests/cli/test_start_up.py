"""What a command loads before it answers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import logged_in

PROGRAM = """
import json, sys
before = set(sys.modules)
from sensu.sensuctl.main import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
print(json.dumps(sorted(set(sys.modules) - before)), file=sys.stderr)
"""
HEAVY = {"msgspec", "yaml", "http.client", "ssl", "asyncio", "dataclasses", "pathlib", "subprocess", "aiohttp", "email"}


def loaded(home: Path, *words: str) -> set[str]:
    variables = {"HOME": str(home), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", PROGRAM, *words]
    ended = subprocess.run(command, env=variables, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(ended.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "words",
    [
        ("check", "list"),
        ("event", "list", "--format", "json"),
        ("silenced", "list"),
        ("entity", "list"),
        ("user", "list"),
        ("check", "list", "--format", "wrapped-json"),
        ("config", "view"),
        ("--help",),
    ],
)
def test_a_plain_command_loads_nothing_heavy(api_url: str, tmp_path: Path, words: tuple[str, ...]) -> None:
    """What a list, a setting or help does not need stays on the disk, from the first line to the last."""
    logged_in(api_url, tmp_path)
    found = loaded(tmp_path, *words)
    assert found & HEAVY == set()
    assert len({name for name in found if name.startswith("sensu.sensuctl.nouns.")}) <= 1
    nouns = {name for name in found if name.startswith("sensu.sensuctl.tree.")} - {"sensu.sensuctl.tree.contents"}
    assert nouns <= {f"sensu.sensuctl.tree.{words[0]}"}
    resources = {"sensu.resources", "sensu.resources.envelope", "sensu.resources.kind", "sensu.resources.kinds"}
    others = ("sensu.backend", "sensu.agent", "sensu.resources", "sensu.store")
    assert {name for name in found - resources if name.startswith(others)} == set()


def test_yaml_needs_the_yaml_library_alone(api_url: str, tmp_path: Path) -> None:
    """Other libraries are not loaded with it."""
    logged_in(api_url, tmp_path)
    assert loaded(tmp_path, "check", "list", "--format", "yaml") & HEAVY <= {"yaml"}
