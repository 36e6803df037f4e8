"""Finds free ports for programs under test."""

import contextlib
import random
import socket
from collections.abc import Iterator

FIRST, LAST = 10_000, 32_767
"""Below the kernel's range for outgoing connections, so that none of them takes a port before the program does."""
_random = random.SystemRandom()
_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """Different five-digit ports of 127.0.0.1 that are free for TCP and UDP; each is returned once per process."""
    ports: list[int] = []
    while len(ports) < count:
        port = _random.randint(FIRST, LAST)
        if port not in _given and _is_free(port):
            _given.add(port)
            ports.append(port)
    return ports


def free_port() -> int:
    """A free port."""
    return free_ports(1)[0]


def _is_free(port: int) -> bool:
    try:
        with _bound(port, socket.SOCK_STREAM), _bound(port, socket.SOCK_DGRAM):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def _bound(port: int, kind: socket.SocketKind) -> Iterator[None]:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", port))
        yield
