"""The web UI's configuration with sensuctl."""

from pathlib import Path

from tests.cli.conftest import Sensuctl

TEXT = """type: GlobalConfig
api_version: web/v1
metadata:
  name: custom-web-ui
spec:
  default_preferences:
    page_size: 50
    theme: classic
  signin_message: with your *LDAP or system credentials*
"""


def test_the_configuration_is_created_shown_dumped_and_deleted(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """A file of the reference creates it; lists, details, dump and apply know it, and a mistake is named."""
    file = tmp_path / "config.yml"
    file.write_text(TEXT)
    assert sensuctl("create", "-f", str(file)).status == 0
    row = sensuctl("global-config", "list").out.splitlines()[2]
    assert row.split() == ["custom-web-ui", "with", "your", "*LDAP", "or", "system", "credentials*", "classic"]
    assert "custom-web-ui" in sensuctl("global-config", "info", "custom-web-ui").out
    dump = sensuctl("dump", "web/v1.GlobalConfig").out
    assert "  signin_message: with your *LDAP or system credentials*" in dump
    assert sensuctl("dump", "global-config").out == dump
    file.write_text(TEXT.replace("classic", "pink"))
    wrong = sensuctl("apply", "-f", str(file), "--dry-run")
    assert wrong.status == 1
    assert "default_preferences.theme must be one of" in wrong.err
    assert sensuctl("global-config", "delete", "custom-web-ui", "--skip-confirm").status == 0
    assert sensuctl("global-config", "info", "custom-web-ui").status == 1
