"""What sensuctl remembers, and what flags and variables say over it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from sensu.errors import ConfigurationError
from sensu.sensuctl.configuration import load


def write(folder: Path, name: str, content: Any) -> None:
    place = folder / ".config" / "sensu" / "sensuctl"
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(content if isinstance(content, str) else json.dumps(content))


def test_flags_go_before_variables_before_files(tmp_path: Path) -> None:
    """The nearest word counts."""
    write(tmp_path, "cluster", {"api-url": "http://file"})
    write(tmp_path, "profile", {"format": "json", "namespace": "file"})
    home = {"HOME": str(tmp_path)}
    assert load({}, home).api_url == "http://file"
    assert load({}, home).namespace == "file"
    variables = {**home, "SENSU_API_URL": "http://variable", "SENSU_NAMESPACE": "variable", "SENSU_FORMAT": "yaml"}
    assert load({}, variables).api_url == "http://variable"
    assert load({}, variables).format == "yaml"
    assert load({"namespace": "flag"}, variables).namespace == "flag"


def test_defaults_hold_where_nothing_is_configured(tmp_path: Path) -> None:
    """A fresh machine has a namespace and a format, and no API."""
    configuration = load({}, {"HOME": str(tmp_path)})
    found = configuration.api_url, configuration.namespace, configuration.format, configuration.timeout_s
    assert found == ("", "default", "tabular", 15.0)


def test_only_what_was_said_to_the_files_is_written_to_them(tmp_path: Path) -> None:
    """A key or URL that is given for one command is never remembered behind the user's back."""
    configuration = load({"api-key": "secret", "api-url": "http://once"}, {"HOME": str(tmp_path)})
    configuration.cluster.api_url = "http://kept"
    configuration.save_cluster()
    path = tmp_path / ".config/sensu/sensuctl/cluster"
    assert json.loads(path.read_text()) == {
        "api-url": "http://kept",
        "trusted-ca-file": "",
        "insecure-skip-tls-verify": False,
        "APIKey": "",
        "timeout": 0,
    }
    assert path.stat().st_mode & 0o077 == 0
    assert not path.read_text().endswith("\n")


def test_tokens_stay_in_the_file_as_empty_after_logging_out(tmp_path: Path) -> None:
    """The file keeps its shape for programs that read it."""
    tokens = {"access_token": "a", "expires_at": 5, "refresh_token": "r"}
    write(tmp_path, "cluster", {"api-url": "http://x", **tokens})
    configuration = load({}, {"HOME": str(tmp_path)})
    configuration.cluster.forget_tokens()
    configuration.save_cluster()
    content = json.loads((tmp_path / ".config/sensu/sensuctl/cluster").read_text())
    assert {key: content[key] for key in tokens} == {"access_token": "", "expires_at": 0, "refresh_token": ""}


def test_the_user_is_named_by_the_token(tmp_path: Path) -> None:
    """Whoever is logged in can be told; a token that is none names nobody."""
    claims = base64.urlsafe_b64encode(json.dumps({"sub": "alice"}).encode()).decode().rstrip("=")
    write(tmp_path, "cluster", {"access_token": f"x.{claims}.y"})
    assert load({}, {"HOME": str(tmp_path)}).username == "alice"
    write(tmp_path, "cluster", {"access_token": "none"})
    assert load({}, {"HOME": str(tmp_path)}).username == ""


@pytest.mark.parametrize("content", ["{", "[]", '"text"'])
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    """A file that cannot be read gives one line with its path."""
    write(tmp_path, "cluster", content)
    with pytest.raises(ConfigurationError, match="sensuctl/cluster: (not valid JSON|must hold an object)"):
        load({}, {"HOME": str(tmp_path)})


def test_a_bad_variable_is_named(tmp_path: Path) -> None:
    """A time-out that is none is told with the variable it stands in."""
    with pytest.raises(ConfigurationError, match="SENSU_TIMEOUT"):
        load({}, {"HOME": str(tmp_path), "SENSU_TIMEOUT": "soon"})


def test_another_folder_can_be_named(tmp_path: Path) -> None:
    """Several configurations live beside each other."""
    (tmp_path / "profile").write_text('{"format": "yaml", "namespace": "n"}')
    assert load({"config-dir": str(tmp_path)}, {}).namespace == "n"
    assert load({}, {"SENSU_CONFIG_DIR": str(tmp_path)}).namespace == "n"
