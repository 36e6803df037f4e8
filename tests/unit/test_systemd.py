import asyncio
import configparser
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from sensu import systemd
from sensu.agent.settings import AgentSettings
from sensu.backend.settings import BackendSettings
from sensu.testing.virtual_clock import VirtualClock

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


async def test_the_watchdog_hears_of_a_loop_that_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program says that it is alive more often than the manager demands, and only if it is asked."""

    async def watched() -> None:
        clock = VirtualClock()
        task = asyncio.create_task(systemd.stay_alive(clock))
        await clock.advance(60)
        task.cancel()

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "n"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "n"))
        monkeypatch.setenv("WATCHDOG_USEC", "60000000")
        await watched()
        assert [manager.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        monkeypatch.setenv("WATCHDOG_PID", "1")
        await watched()
        assert manager.recv(100) == b"WATCHDOG=1"
        with pytest.raises(BlockingIOError):
            manager.recv(100)


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False, comment_prefixes=("#",))
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
    assert service["WatchdogSec"] == "60"


@pytest.mark.parametrize("name", ["sensu-agent", "sensu-backend"])
def test_the_units_are_hardened(name: str) -> None:
    """The services are rated by systemd at 3 of 10 at most, for what they could do to the host."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    file = UNITS / f"{name}.service"
    words = ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=30", str(file)]
    rated = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert rated.returncode == 0, rated.stdout + rated.stderr


def test_the_units_make_the_folders_of_the_defaults() -> None:
    """The folders that the units make are those that the programs use without any setting."""
    agent, backend = unit("sensu-agent")["Service"], unit("sensu-backend")["Service"]
    assert AgentSettings().cache_dir == "/var/cache/" + agent["CacheDirectory"]
    assert BackendSettings().cache_dir == "/var/cache/" + backend["CacheDirectory"]
    assert BackendSettings().state_dir == "/var/lib/" + backend["StateDirectory"]
