"""API keys as the documents for users describe them."""

import json
import re
from pathlib import Path

from tests.cli.conftest import Sensuctl

KEY = re.compile(r"Created: /api/core/v2/apikeys/([0-9a-f-]{36})\n")


def test_a_key_is_granted_used_and_revoked(sensuctl: Sensuctl, api_url: str, tmp_path: Path) -> None:
    """A program can work with a key instead of a session, until the key is revoked, and it is written nowhere."""
    granted = sensuctl("api-key", "grant", "admin")
    match = KEY.fullmatch(granted.out)
    assert match is not None, granted
    key = match.group(1)
    shown = json.loads(sensuctl("api-key", "info", key, "--format", "json").out)
    assert (shown["metadata"]["name"], shown["username"]) == (key, "admin")
    table = sensuctl("api-key", "list").out.splitlines()
    assert table[0].split() == ["Name", "Username", "Created", "At"]
    assert table[2].split()[:2] == [key, "admin"]
    alone = ("--config-dir", str(tmp_path), "--api-url", api_url, "--api-key", key)
    assert sensuctl("check", "list", "--format", "json", *alone).out == "[]\n\n"
    assert sensuctl("config", "set-timeout", "20s", *alone).status == 0
    assert key not in (tmp_path / "cluster").read_text()
    assert sensuctl("api-key", "revoke", key, "--skip-confirm").out == "Deleted\n"
    assert sensuctl("check", "list", *alone).status == 1
    assert sensuctl("api-key", "info", key) == (1, "", "Error: not found\n")
