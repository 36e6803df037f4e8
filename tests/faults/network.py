"""A host of its own for an agent: a network namespace that two cables join to this host, one of which can be pulled."""

import contextlib
import os
import subprocess
from collections.abc import Iterator

COMMAND_S = 10
CABLE = ("198.18.97.1", "198.18.97.2")
CONSOLE = ("198.18.97.5", "198.18.97.6")
"""Addresses for measurements (RFC 2544), which no network has: this end of a cable, and the far one."""


class NoNamespaces(Exception):
    """No network namespaces can be made on this machine; the text says why."""


class FarHost:
    """The namespace: `within` runs a command there, the console stays when the cable is pulled."""

    address, console = CABLE[0], CONSOLE[1]
    """Where the far host finds this one, by the cable, and where this one finds the far host, by the console."""

    def __init__(self) -> None:
        self._name = f"sensu{os.getpid()}"
        self._cable, self._console = f"cb{os.getpid()}", f"cs{os.getpid()}"

    @property
    def within(self) -> list[str]:
        return ["ip", "netns", "exec", self._name]

    def build(self) -> None:
        _ip("netns", "add", self._name)
        _ip("-n", self._name, "link", "set", "lo", "up")
        for device, far_device, ends in ((self._cable, "eth0", CABLE), (self._console, "eth1", CONSOLE)):
            _ip("link", "add", device, "type", "veth", "peer", "name", far_device, "netns", self._name)
            _ip("address", "add", f"{ends[0]}/30", "dev", device)
            _ip("-n", self._name, "address", "add", f"{ends[1]}/30", "dev", far_device)
            _ip("link", "set", device, "up")
            _ip("-n", self._name, "link", "set", far_device, "up")

    def pull(self) -> None:
        """No packet passes, and nobody is told of it, as with a cable that is pulled behind a switch."""
        _ip("link", "set", self._cable, "down")

    def plug_in(self) -> None:
        _ip("link", "set", self._cable, "up")

    def remove(self) -> None:
        """The cables go with the namespace."""
        with contextlib.suppress(NoNamespaces):
            _ip("netns", "delete", self._name)
        for device in (self._cable, self._console):
            with contextlib.suppress(NoNamespaces):
                _ip("link", "delete", device)


def _ip(*words: str) -> None:
    try:
        subprocess.run(["ip", *words], check=True, capture_output=True, timeout=COMMAND_S)
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "stderr", b"") or str(error).encode()
        raise NoNamespaces(f"ip {' '.join(words)}: {why.decode().strip()}") from error


@contextlib.contextmanager
def far_host() -> Iterator[FarHost]:
    """A far host, removed in the end; raises NoNamespaces."""
    host = FarHost()
    try:
        host.build()
        yield host
    finally:
        host.remove()
