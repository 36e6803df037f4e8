from pathlib import Path

import pytest

from sensu.agent.settings import read, without_secrets
from sensu.errors import ConfigurationError
from sensu.resources.entity import DEFAULT_REDACT
from sensu.resources.metadata import ResourceReference


def complaint(*arguments: str, **environment: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(arguments, environment)
    return str(caught.value)


def test_defaults_are_the_documented_ones() -> None:
    """An agent without any configuration has the documented defaults, and its host's name."""
    settings = read([], {})
    assert settings.name
    assert (settings.namespace, settings.user, settings.subscriptions) == ("default", "agent", ())
    assert settings.backend_url == ("ws://127.0.0.1:8081",)
    assert settings.redact == DEFAULT_REDACT
    assert (settings.keepalive_interval, settings.keepalive_warning_timeout) == (20, 120)
    assert (settings.api_port, settings.socket_port, settings.statsd_metrics_port) == (3031, 3030, 8125)


def test_flag_over_variable_over_file_over_default(tmp_path: Path) -> None:
    """A flag wins over a variable, a variable over the file, and the file over the default."""
    file = tmp_path / "agent.yml"
    file.write_text("user: file\nnamespace: file\nname: file\nlabels:\n  Color: red\n")
    settings = read(["-c", str(file), "--user", "flag"], {"SENSU_USER": "variable", "SENSU_NAMESPACE": "variable"})
    assert (settings.user, settings.namespace, settings.name) == ("flag", "variable", "file")
    assert settings.labels == {"color": "red"}


def test_lists_and_maps_in_flags_and_variables() -> None:
    """Lists add up over repeated flags, variables split at blanks, and labels in variables are a JSON object."""
    settings = read(
        ["--subscriptions", "a,b", "--subscriptions", "c"],
        {"SENSU_REDACT": "x y", "SENSU_LABELS": '{"Color": "red"}'},
    )
    assert settings.subscriptions == ("a", "b", "c")
    assert settings.redact == ("x", "y")
    assert settings.labels == {"Color": "red"}


@pytest.mark.parametrize(("alias", "field"), [("--id", "name"), ("--keepalive-timeout", "keepalive_warning_timeout")])
def test_deprecated_names_still_work(alias: str, field: str) -> None:
    """Flags by their old names set the new ones."""
    assert str(getattr(read([alias, "77"], {}), field)) == "77"


def test_backend_urls_get_the_default_port() -> None:
    """A backend URL without a port means the agents' port."""
    settings = read(["--backend-url", "wss://a,ws://[::1]", "--backend-url", "ws://b:99"], {})
    assert settings.backend_url == ("wss://a:8081", "ws://[::1]:8081", "ws://b:99")


def test_keepalive_pipelines_are_references() -> None:
    """A keepalive pipeline names group, version, type and name."""
    settings = read(["--keepalive-pipelines", "core/v2.Pipeline.on.call"], {})
    assert settings.pipelines == (ResourceReference(name="on.call", type="Pipeline", api_version="core/v2"),)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--name", "bad name"], "invalid agent name: cannot contain spaces or special characters"),
        (["--backend-url", "http://a:1"], "backend URL (http://a:1) must have ws:// or wss:// scheme"),
        (
            ["--keepalive-interval", "10", "--keepalive-warning-timeout", "5"],
            "keepalive warning timeout must be greater than keepalive interval",
        ),
        (
            ["--keepalive-critical-timeout", "119"],
            "if set, --keepalive-critical-timeout must be greater than --keepalive-warning-timeout",
        ),
        (
            ["--keepalive-interval", "1", "--keepalive-warning-timeout", "3"],
            "bad keepalive timeout: 3 (minimum value is 5 seconds)",
        ),
        (["--name", ""], "invalid agent name: must not be empty"),
        (["--backend-url", ""], "no backend URLs defined"),
        (["--backend-url", "http://a"], "backend URL (http://a:8081) must have ws:// or wss:// scheme"),
        (["--nosuch"], "unknown flag: --nosuch"),
    ],
)
def test_unusable_settings_as_recorded(arguments: list[str], text: str) -> None:
    """A setting that breaks a rule is told in one line."""
    assert complaint(*arguments) == text


@pytest.mark.parametrize(
    "arguments",
    [
        ["--log-level", "loud"],
        ["--api-port", "70000"],
        ["--cert-file", "x.pem"],
        ["--keepalive-pipelines", "nonsense"],
        ["--retry-multiplier", "0.5"],
        ["--backend-url", "ws://"],
        ["--backend-heartbeat-interval", "0"],
        ["--statsd-flush-interval", "-1"],
    ],
)
def test_unusable_settings_name_the_flag(arguments: list[str]) -> None:
    """A value that cannot be is refused with a line that names what is wrong with it."""
    text = complaint(*arguments)
    assert "\n" not in text
    assert arguments[0].lstrip("-") in text or arguments[1] in text


def test_an_explicit_file_must_be_there(tmp_path: Path) -> None:
    """A configuration file that is named must exist and be YAML."""
    assert complaint("-c", str(tmp_path / "none.yml")) == f"open {tmp_path}/none.yml: no such file or directory"
    (tmp_path / "bad.yml").write_text("a: [")
    assert "not valid YAML" in complaint("-c", str(tmp_path / "bad.yml"))


def test_urls_are_logged_without_secrets() -> None:
    """User name and password in a URL do not reach the log."""
    assert without_secrets("ws://u:p@host:8081/x") == "ws://host:8081/x"
