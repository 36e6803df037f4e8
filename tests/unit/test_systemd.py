import configparser
import socket
from pathlib import Path

import pytest

from sensu import systemd
from sensu.agent.settings import AgentSettings
from sensu.backend.settings import BackendSettings

UNITS = Path(__file__).parents[2] / "packaging" / "systemd"


@pytest.mark.parametrize("abstract", [True, False])
def test_the_service_manager_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    """A state arrives as one datagram at the socket that the manager named, which may have no file."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        name = f"sensu-test-{tmp_path.name}-{tmp_path.parent.name}" if abstract else str(tmp_path / "n")
        manager.bind("\0" + name if abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name if abstract else name)
        assert systemd.notify(systemd.READY)
        assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", [None, "", "/nowhere/at/all", "relative", "/" + "x" * 300])
def test_nobody_to_tell(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    """Without a service manager, or with one that is gone, nothing happens."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert not systemd.notify(systemd.READY)


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((UNITS / f"{name}.service").read_text())
    return parser


@pytest.mark.parametrize("name", ["sensu-agent", "sensu-backend"])
def test_the_units_start_the_programs_safely(name: str) -> None:
    """Each unit starts its program as an unprivileged user that waits to be told when it is ready."""
    service = unit(name)["Service"]
    assert service["ExecStart"] == f"/usr/bin/{name} start"
    assert (service["Type"], service["User"], service["NoNewPrivileges"]) == ("notify", "sensu", "yes")
    assert service["Restart"] == "always"


def test_the_units_make_the_folders_of_the_defaults() -> None:
    """The folders that the units make are those that the programs use without any setting."""
    agent, backend = unit("sensu-agent")["Service"], unit("sensu-backend")["Service"]
    assert AgentSettings().cache_dir == "/var/cache/" + agent["CacheDirectory"]
    assert BackendSettings().cache_dir == "/var/cache/" + backend["CacheDirectory"]
    assert BackendSettings().state_dir == "/var/lib/" + backend["StateDirectory"]
